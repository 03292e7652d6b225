-- Why: a change is committed here first and put into force afterwards. If the second step
-- fails, the row without applied_at says what is still owed; it can be done again at any time.
-- The epoch numbers each re-filling of Redis, so that what belonged to an earlier one is known.

create table changes (
  id            bigint generated always as identity primary key,
  scope         text not null,
  -- Session hash, uid, or empty where the scope has one member only.
  subject       text not null,
  -- Hashes of the sessions that this change ended, as a JSON array.
  ended         jsonb not null default '[]',
  created_at    timestamptz not null default now(),
  applied_at    timestamptz,
  constraint changes_scope
    check (scope in ('session', 'user', 'key', 'policy', 'restrictions', 'keyring'))
);

create index changes_owed on changes (id) where applied_at is null;

create table epoch (
  -- One row only.
  is_only       boolean primary key default true check (is_only),
  n             bigint not null
);

insert into epoch (n) values (0);
