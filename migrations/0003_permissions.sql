-- Why: who may do what. A request passes if some row of its role accepts it and none drops it;
-- no row at all refuses. The rows below are a small start that holds for any application under
-- /api/v2; administrators add their own. Paths are prefixes on segment boundaries.
--
--   superadmin  everything
--   admin       everything but changing permissions and roles
--   member      the application and their own account, not administration
--
-- /api/v2/barong/… is the public spelling of the identity API behind a gateway that rewrites
-- it, so administration is dropped under both spellings. AUDIT rows record what
-- administrators change; they neither allow nor refuse.

create table permissions (
  id            integer generated always as identity primary key,
  role          text not null,
  verb          text not null,
  path          text not null,
  action        text not null,
  topic         text,
  created_at    timestamptz not null default now(),
  updated_at    timestamptz not null default now(),
  constraint permissions_action check (action in ('ACCEPT', 'DROP', 'AUDIT')),
  constraint permissions_verb
    check (verb in ('ALL', 'GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD')),
  constraint permissions_role check (role <> ''),
  constraint permissions_path check (path <> '')
);

create index permissions_of_role on permissions (role);

create table policy_version (
  -- One row only.
  is_only       boolean primary key default true check (is_only),
  version       bigint not null
);

insert into policy_version (version) values (1);

insert into permissions (role, verb, path, action) values
  ('superadmin', 'ALL', '/', 'ACCEPT'),
  ('admin', 'ALL', '/', 'ACCEPT'),
  ('admin', 'ALL', '/api/v2/admin/permissions', 'DROP'),
  ('admin', 'ALL', '/api/v2/admin/users/role', 'DROP'),
  ('admin', 'ALL', '/api/v2/barong/admin/permissions', 'DROP'),
  ('admin', 'ALL', '/api/v2/barong/admin/users/role', 'DROP'),
  ('member', 'ALL', '/api/v2', 'ACCEPT'),
  ('member', 'ALL', '/api/v2/admin', 'DROP'),
  ('member', 'ALL', '/api/v2/barong/admin', 'DROP');

insert into permissions (role, verb, path, action, topic)
select role, verb, path, 'AUDIT', 'admin'
from unnest(array['superadmin', 'admin']) as role,
     unnest(array['POST', 'PUT', 'PATCH', 'DELETE']) as verb,
     unnest(array['/api/v2/admin', '/api/v2/barong/admin']) as path
order by role, path, verb;
