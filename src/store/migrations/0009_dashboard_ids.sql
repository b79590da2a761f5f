-- The ids by which the Dashboard API looks definitions and webhooks up, next to `object_id`: null for other
-- kinds. Of a time when two could have the same, all but the first are null too; the plan holds such objects
-- until each has its own.
alter table object_version
  add column dashboard_id text,
  add column api_id text,
  add constraint one_object_per_dashboard_id exclude using btree (kind with =, dashboard_id with =)
    where (to_revision is null) deferrable initially deferred,
  add constraint one_object_per_api_id exclude using btree (kind with =, api_id with =)
    where (to_revision is null) deferrable initially deferred;

create trigger never_change_ids before update of dashboard_id, api_id on object_version
  for each row when (num_nonnulls(old.dashboard_id, old.api_id) > 0)
  execute function refuse_to_rewrite_history();
