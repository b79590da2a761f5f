-- Writes to objects that did not come from an apply. An apply says so in a setting of its transaction.
create table drift_note (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  what text not null
);

-- When all objects were last compared with the events that made them, and what tells whether a current
-- row was written since. One row.
create table drift_check (
  only_row boolean primary key default true check (only_row),
  checked_at timestamptz,
  fingerprint text
);
insert into drift_check default values;

-- Objects that are not as the newest event left them, or were not: how often each was healed.
create table drift_episode (
  kind text not null,
  object_id uuid not null,
  name text not null,
  what text not null check (what in ('changed', 'missing', 'unexpected')),
  version bigint,
  expected_hash text,
  open boolean not null,
  opened_at timestamptz not null,
  heals integer not null default 0,
  healed_at timestamptz,
  primary key (kind, object_id)
);

-- With the rights of its owner, or a stranger's write would fail where it has to be noticed.
create function note_drift() returns trigger language plpgsql security definer set search_path = gitway, pg_temp as $$
begin
  if current_setting('gitway.writer', true) is distinct from 'apply' then
    insert into drift_note (what) values (lower(tg_op) || ' ' || tg_table_name);
    perform pg_notify('gitway_drift', '');
  end if;
  return null;
end $$;

create trigger note_drift after insert or update or delete or truncate on object_version
  for each statement execute function note_drift();
-- Also where a session switches ordinary triggers off for itself.
alter table object_version enable always trigger note_drift;
