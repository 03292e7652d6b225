-- Why: a Redis that was replaced may go on for a moment without knowing it. A change notes under
-- which filling of Redis it was committed, so that it is never put on an earlier one alone.

alter table changes add column epoch bigint not null default 0;
