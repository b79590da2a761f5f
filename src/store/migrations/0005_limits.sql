-- Requests that count against limits, by what is limited and by slice of time, summed over all endpoints.
-- Times are milliseconds since 1970, lengths milliseconds. The transaction that wrote a row last tells
-- readers what is new to them, whatever their clocks say.
create table limit_hits (
  key text not null,
  length bigint not null check (length > 0),
  start bigint not null,
  hits bigint not null check (hits > 0),
  last bigint not null,
  needed_until timestamptz not null,
  written_by xid8 not null default pg_current_xact_id(),
  primary key (key, length, start)
);
create index hits_by_writer on limit_hits (written_by);

-- That a rate limit was hit, for operators: at most one open notice for each object. One that was cleared
-- stays, so that it does not open again at once.
create table limit_notice (
  kind text not null check (kind in ('ApiToken', 'ApiDefinition')),
  object_id uuid not null,
  hits bigint not null,
  period bigint not null,
  since timestamptz not null,
  cleared_at timestamptz,
  primary key (kind, object_id)
);
