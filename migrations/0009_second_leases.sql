-- Why: while Redis is away an authorizer may go on by asking here what has changed. Whoever does is on
-- this list before it asks for the first time, so that no change is acknowledged too early because
-- Redis does not know of that authorizer.

create table second_leases (
  -- Named anew each time that an authorizer begins.
  name          text primary key,
  -- Of the last question; no two questions of anybody share one.
  beat          bigint not null
);

create sequence second_lease_beats;

-- The number under which Redis has it: whoever has applied the log so far knows of the change.
alter table changes add column seq bigint;
create index changes_seq on changes (seq);
