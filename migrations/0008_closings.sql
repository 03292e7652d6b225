-- Why: whoever holds connections of a session is told that it ended, and for which reason. A change
-- may be put into force long after it was committed, so the reason is kept with it.

alter table changes add column reason text not null default 'revoked';
-- Every session of the subject ended, and none was kept.
alter table changes add column is_all boolean not null default false;
