-- Why: programs sign their requests with API keys instead of signing in. A key belongs to a user
-- or to a service account, and its holder's role decides what it may do. Secrets are here only
-- sealed under a key that the database never sees; of asymmetric keys only the public half is
-- here. Removing a row ends the key: authorizers hear of it through `changes`.

create table service_accounts (
  id            bigint generated always as identity primary key,
  uid           text not null,
  email         text not null,
  role          text not null,
  level         integer not null default 0,
  state         text not null default 'pending',
  -- Keys are made by the owner, and end to work with the owner's second factor.
  owner_uid     text references users (uid) on delete cascade,
  version       bigint not null default 1,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  constraint service_accounts_uid unique (uid),
  constraint service_accounts_email unique (email),
  constraint service_accounts_level check (level >= 0),
  constraint service_accounts_email_folded check (email = lower(email))
);

create index service_accounts_of_owner on service_accounts (owner_uid);

create table second_factors (
  uid           text primary key references users (uid) on delete cascade,
  secret        bytea not null,
  -- Null while its owner has not yet shown a code of it.
  enabled_at    timestamptz,
  -- The newest 30-second step that was used: no code counts twice, in whatever process.
  last_step     bigint not null default 0,
  created_at    timestamptz not null default now()
);

create table api_keys (
  id            bigint generated always as identity primary key,
  kid           text not null,
  user_uid      text references users (uid) on delete cascade,
  service_uid   text references service_accounts (uid) on delete cascade,
  uid           text not null generated always as (coalesce(user_uid, service_uid)) stored,
  algorithm     text not null,
  -- HS256: the sealed secret. Else the public key, SPKI DER.
  material      bytea not null,
  is_v1_accepted boolean not null default true,
  scopes        jsonb not null default '[]',
  networks      jsonb not null default '[]',
  state         text not null default 'active',
  expires_at    timestamptz,
  rate_per_second integer,
  rate_burst    integer,
  version       bigint not null default 1,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  constraint api_keys_kid unique (kid),
  constraint api_keys_holder check ((user_uid is null) <> (service_uid is null)),
  constraint api_keys_algorithm check (algorithm in ('HS256', 'EdDSA', 'ES256', 'RS256')),
  constraint api_keys_rate check ((rate_per_second is null) = (rate_burst is null)),
  constraint api_keys_rate_positive check (rate_per_second > 0 and rate_burst > 0)
);

create index api_keys_of_holder on api_keys (uid, id);

-- Everybody whom an authorizer may have to judge, whatever the credential.
create view holders as
  select uid, 'user' as kind, username, email, role, level, state, otp, referral_id, version,
    generation
  from users
  union all
  select uid, 'service', null, email, role, level, state, false, null, version, 0
  from service_accounts;
