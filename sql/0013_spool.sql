-- The writer's turn and its spool. A database has one writer at a time; whoever becomes it begins a new epoch, and a
-- commit of an earlier one is refused. The spool on the writer's disk belongs to this database alone.
alter table writer_state
  add column epoch bigint not null default 0,
  add column spool_id uuid not null default gen_random_uuid();
