-- Why: the people who sign in, what is said of them, and the sessions they hold. Postgres is the
-- durable truth of all of it; what authorizers read is a copy that can be made again from here.

create table users (
  id            bigint generated always as identity primary key,
  uid           text not null,
  username      text,
  email         text not null,
  password_digest text not null,
  role          text not null default 'member',
  level         integer not null default 0,
  state         text not null default 'pending',
  otp           boolean not null default false,
  data          text,
  referral_id   bigint references users (id),
  -- Raised to end every session at once: a session of an older generation is dead.
  generation    bigint not null default 0,
  -- Raised by every change, so that an older copy never replaces a newer one.
  version       bigint not null default 1,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  constraint users_uid unique (uid),
  constraint users_level check (level >= 0),
  constraint users_email_folded check (email = lower(email)),
  constraint users_username_folded check (username = lower(username))
);

-- Folded by the checks above, so that plain equality finds them whatever the collation.
create unique index users_email on users (email);
create unique index users_username on users (username);

create table labels (
  user_id       bigint not null references users (id) on delete cascade,
  key           text not null,
  value         text not null,
  scope         text not null default 'public',
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  primary key (user_id, key, scope),
  constraint labels_scope check (scope in ('public', 'private'))
);

create table sessions (
  -- SHA-256 of the cookie's value: nothing here can be used as a cookie.
  hash          text primary key,
  uid           text not null references users (uid) on delete cascade,
  csrf_token    text not null,
  user_agent    text not null,
  address       text not null,
  -- Family and the four 32-bit words of the address, as numbers with spaces between.
  address_words text not null,
  generation    bigint not null,
  created_at    timestamptz not null,
  ends_at       timestamptz not null,
  -- Copied back from time to time: may be behind the copy that authorizers extend.
  idle_at       timestamptz not null,
  ended_at      timestamptz
);

create index sessions_live on sessions (uid, created_at) where ended_at is null;
create index sessions_ends_at on sessions (ends_at);

create table one_time_tokens (
  hash          text primary key,
  purpose       text not null,
  uid           text not null references users (uid) on delete cascade,
  issued_at     timestamptz not null default now(),
  not_after     timestamptz not null,
  -- Redeemed, or voided by a later token: either way it was good once.
  used_at       timestamptz,
  constraint one_time_tokens_purpose check (purpose in ('confirmation', 'reset'))
);

create index one_time_tokens_unused on one_time_tokens (uid, purpose) where used_at is null;
