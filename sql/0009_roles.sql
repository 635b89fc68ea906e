-- Who may do what. Roles belong to the server, so another database may have made them already; without the right to
-- make roles the database works all the same, with the owner as its only user. Both are nologin: grant them to logins.

do $$
declare
  v_role text;
  v_name text;
  v_value text;
begin
  foreach v_role in array array['tickscope_writer', 'tickscope_reader'] loop
    begin
      if not exists (select from pg_roles where rolname = v_role) then
        execute format('create role %I nologin', v_role);
      end if;
    exception
      when duplicate_object or unique_violation then null;  -- made by another migration this instant
    end;
  end loop;
  -- Small answers: parallel workers cost more to start than they bring (1.4 ms became 45 ms), and so does JIT.
  for v_role, v_name, v_value in values
    ('tickscope_reader', 'max_parallel_workers_per_gather', '0'), ('tickscope_reader', 'jit', 'off'),
    ('tickscope_reader', 'default_transaction_read_only', 'on'), ('tickscope_writer', 'max_parallel_workers_per_gather', '0')
  loop
    for v_attempt in 1 .. 10 loop
      exit when exists (select from pg_db_role_setting s join pg_roles r on r.oid = s.setrole
                        where r.rolname = v_role and s.setdatabase = 0 and v_name || '=' || v_value = any (s.setconfig));
      begin
        execute format('alter role %I set %I = %L', v_role, v_name, v_value);
      exception
        when internal_error or unique_violation then  -- "tuple concurrently updated": another database migrates too
          perform pg_sleep(0.05);
      end;
    end loop;
  end loop;

  grant usage on schema public to tickscope_reader, tickscope_writer;
  grant select on all tables in schema public to tickscope_reader, tickscope_writer;
  alter default privileges in schema public grant select on tables to tickscope_reader, tickscope_writer;
  -- nothing that a reader could change, and the writer drops and truncates nothing
  revoke create on schema public from tickscope_reader, tickscope_writer;
  grant insert, update, delete on all tables in schema public to tickscope_writer;
  revoke insert, update, delete on schema_migrations, schema_kind, data_origin from tickscope_writer;
  grant insert on data_origin to tickscope_writer;
  grant usage on all sequences in schema public to tickscope_writer;
exception
  when insufficient_privilege then
    raise warning 'no right to make the roles tickscope_writer and tickscope_reader: only the owner can use this database';
end $$;
