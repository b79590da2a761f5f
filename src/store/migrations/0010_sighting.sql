-- Where the manifest of a version was last seen, once that is not where it stood in the commit of the version:
-- it moved, or it was read from another source, branch or path. That changes no object: it makes no version and
-- no event. The numbers are those of the notes, each higher than the one before.
create table sighting (
  version bigint primary key references object_version,
  path text not null,
  line integer not null,
  origin text not null,
  noted bigint generated always as identity
);
create index sighting_by_note on sighting (noted);
