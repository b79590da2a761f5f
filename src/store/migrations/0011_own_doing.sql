-- Whether Gitway did it of itself, rather than somebody who goes by that name. Events from before don't say so.
alter table event add column by_gitway boolean;
