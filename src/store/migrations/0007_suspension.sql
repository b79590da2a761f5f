-- That reconciling is, or was, suspended: since when, by whom and why, and who resumed it. One at a time.
create table suspension (
  id bigint generated always as identity primary key,
  since timestamptz not null default clock_timestamp(),
  by_name text not null,
  by_email text not null,
  reason text,
  resumed_at timestamptz,
  resumed_by_name text,
  resumed_by_email text,
  check ((resumed_at is null) = (resumed_by_name is null))
);
create unique index one_suspension on suspension ((resumed_at is null)) where resumed_at is null;
