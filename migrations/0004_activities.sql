-- Why: what was done and by whom, for those who look later. Rows are written once: the trigger
-- refuses to change one, whoever asks. `key` is unique so that handing a record over twice, as a
-- crash may make an authorizer do, stores it once.

create table activities (
  id            bigint generated always as identity primary key,
  key           text not null,
  at            timestamptz not null,
  category      text not null,
  -- No reference to users: an activity outlives its account, and an unknown uid is no reason to
  -- lose it.
  uid           text not null,
  kind          text not null,
  target_uid    text not null default '',
  address       text not null default '',
  country       text not null default '',
  user_agent    text not null default '',
  topic         text not null,
  action        text not null,
  result        text not null,
  reason        text not null default '',
  decision_id   text not null default '',
  method        text not null default '',
  path          text not null default '',
  constraint activities_key unique (key),
  constraint activities_category check (category in ('admin', 'user')),
  constraint activities_result check (result in ('succeed', 'failed', 'denied'))
);

create index activities_newest on activities (category, at desc, id desc);
create index activities_of on activities (uid, at desc, id desc);
create index activities_about on activities (target_uid, at desc) where target_uid <> '';

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception 'activities are written once' using errcode = 'integrity_constraint_violation';
end
$$;

create trigger activities_are_written_once before update on activities
  for each row execute function refuse_change();
