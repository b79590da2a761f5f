-- Contents of files are kept by their digest and never change: whoever changes or removes one did not apply.
create trigger note_drift after update or delete or truncate on blob
  for each statement execute function note_drift();
alter table blob enable always trigger note_drift;
