-- Each event carries the hash of the one before and its own; the pointer keeps the newest, so that a
-- removed end is noticed. `object_hash` ties the content of the object in.
alter table event
  add column released_by json,
  add column object_hash text,
  add column previous_hash text check (previous_hash ~ '^[0-9a-f]{64}$'),
  add column hash text check (hash ~ '^[0-9a-f]{64}$'),
  add constraint whole_committer check ((committer_name is null) = (committer_email is null));

update event set object_hash = (select hash from object_version where version = version_after);

alter table pointer add column newest_event text not null default repeat('0', 64);

create index event_of_object on event (object_id, id);
create index version_of_name on object_version (kind, name);

create function refuse_to_change_events() returns trigger language plpgsql as $$
begin
  raise exception 'events are append-only: none is ever changed or deleted';
end $$;
