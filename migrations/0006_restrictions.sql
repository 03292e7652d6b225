-- Why: who is kept out before anybody asks who they are. Rows name an address, a network or a
-- place; links let a person put the address they call from on the whitelist. Permissions gain
-- wildcard segments and any verb: `ALL` stays the usual six, every other verb needs its own row.

create table restrictions (
  id            integer generated always as identity primary key,
  category      text not null,
  scope         text not null,
  value         text not null,
  -- The status of a denial.
  code          integer not null,
  state         text not null default 'enabled',
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  constraint restrictions_category
    check (category in ('whitelist', 'maintenance', 'blacklist', 'blocklogin')),
  constraint restrictions_scope
    check (scope in ('all', 'ip', 'ip_subnet', 'continent', 'country')),
  constraint restrictions_state check (state in ('enabled', 'disabled')),
  constraint restrictions_code check (code between 400 and 599),
  constraint restrictions_value_length check (length(value) between 1 and 64),
  constraint restrictions_value unique (category, scope, value)
);

create table whitelinks (
  -- SHA-256 of the token: nothing here can be redeemed.
  hash          text primary key,
  issued_by     text not null,
  issued_at     timestamptz not null default now(),
  not_after     timestamptz not null
);

create index whitelinks_not_after on whitelinks (not_after);

alter table permissions drop constraint permissions_verb;
alter table permissions add constraint permissions_verb check (verb ~ '^[A-Z][A-Z-]{0,19}$');
-- A star beside other characters means nothing. Rows from before stay, and match nothing.
alter table permissions add constraint permissions_wildcard
  check (path !~ '[^/]\*|\*[^/]') not valid;
