-- The current revision, and a count of changes to credentials. One row; locked by every writer.
create table pointer (
  only_row boolean primary key default true check (only_row),
  revision bigint not null default 0,
  credential_changes bigint not null default 0
);
insert into pointer default values;

-- One row for every apply. The apply id tells a writer that lost its connection whether it committed.
create table revision (
  number bigint primary key,
  parent bigint not null unique,
  commit text not null,
  origin text not null,
  apply_id uuid not null unique,
  applied_at timestamptz not null default clock_timestamp()
);

-- Every version that an object ever had. Current is what has no end. `json` rather than `jsonb` keeps
-- values as they were written, escaped NUL characters too.
create table object_version (
  version bigint generated always as identity primary key,
  kind text not null,
  object_id uuid not null,
  name text not null,
  route text,
  claim text,
  labels json not null,
  annotations json not null,
  spec json not null,
  files json not null,
  hash text not null,
  path text not null,
  line integer not null,
  commit text not null,
  from_revision bigint not null,
  to_revision bigint check (to_revision > from_revision),

  -- Checked at the end of a transaction, so that two objects can swap names or routes. Routes can be
  -- longer than a btree takes; a hash index takes any length.
  constraint one_object_per_name exclude using btree (kind with =, name with =)
    where (to_revision is null) deferrable initially deferred,
  constraint one_version_per_object exclude using btree (kind with =, object_id with =)
    where (to_revision is null) deferrable initially deferred,
  constraint one_object_per_claim exclude using hash (claim with =)
    where (to_revision is null) deferrable initially deferred
);

create function refuse_to_rewrite_history() returns trigger language plpgsql as $$
begin
  raise exception 'object versions are append-only: a version can only be ended, once';
end $$;

create trigger never_delete before delete or truncate on object_version
  for each statement execute function refuse_to_rewrite_history();
create trigger never_change before update of version, kind, object_id, name, route, claim, labels, annotations,
  spec, files, hash, path, line, commit, from_revision on object_version
  for each statement execute function refuse_to_rewrite_history();
create trigger end_once before update of to_revision on object_version
  for each row when (old.to_revision is not null or new.to_revision is null)
  execute function refuse_to_rewrite_history();

-- Information events. Written under the lock of the pointer, so that ids are in the order of commits.
create table event (
  id bigint generated always as identity primary key,
  time timestamptz not null,
  message text not null,
  action text not null,
  kind text not null,
  object_id uuid not null,
  name text not null,
  route text,
  actor_name text not null,
  actor_email text not null,
  actor_user text,
  committer_name text,
  committer_email text,
  contributors json not null,
  commit text,
  path text,
  line integer,
  revision bigint not null,
  version_before bigint references object_version,
  version_after bigint references object_version
);

-- Contents of referenced files by SHA-256, hex.
create table blob (
  digest text primary key check (digest ~ '^[0-9a-f]{64}$'),
  content bytea not null
);

-- Hashes of secrets; never a secret. A hash serves one token, and one that was revoked stays here.
create table credential (
  id bigint generated always as identity primary key,
  token_id uuid not null,
  hash bytea not null check (length(hash) = 32),
  origin text not null check (origin in ('issued', 'reference')),
  issued_by_name text not null,
  issued_by_email text not null,
  issued_at timestamptz not null default clock_timestamp(),
  not_after timestamptz,
  revoked_at timestamptz,
  last_used timestamptz
);
create unique index one_token_per_secret on credential (hash) where revoked_at is null;
create index credential_of_token on credential (token_id);

create table sync_status (
  only_row boolean primary key default true check (only_row),
  status json not null
);
