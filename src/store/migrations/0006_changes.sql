-- Endpoints ask what began or ended since the revision that they have.
create index version_from_revision on object_version (from_revision);
create index version_to_revision on object_version (to_revision) where to_revision is not null;
