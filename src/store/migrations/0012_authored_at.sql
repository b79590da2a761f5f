-- When the author made a change, and who first wrote what is added, as the commits say. Events from before don't.
alter table event add column authored_at timestamptz, add column first_written json;
