#!/bin/sh
# Makes the logins and a database for Tickscope, as a superuser. PostgreSQL's image runs it at the first start of a
# volume; it can be run again at any time, for another database (one a data origin) or a new password:
#
#   PGHOST=127.0.0.1 PGUSER=postgres PGPASSWORD=... TICKSCOPE_DB_NAME=tickscope_live \
#   TICKSCOPE_DB_OWNER_PASSWORD=... TICKSCOPE_DB_PASSWORD=... provisioning/postgres/init.sh
#
#   tickscope_owner     owns the databases and nothing else; ingest logs in as it, because serve migrates, refreshes
#                       aggregates and drops what is past its age. No superuser, makes no roles and no databases.
#   tickscope_writer    no login: for loaders of your own, granted by sql/0009_roles.sql
#   tickscope_reader    no login: reads everything, granted by sql/0009_roles.sql
#   tickscope_grafana   logs in, member of tickscope_reader: read only, and never longer than 30 s
set -eu

: "${TICKSCOPE_DB_NAME:?names the database, such as tickscope_simulator}"
: "${TICKSCOPE_DB_OWNER_PASSWORD:?is the password that ingest logs in with}"
: "${TICKSCOPE_DB_PASSWORD:?is the password that Grafana logs in with}"
# In the image the superuser is POSTGRES_USER; elsewhere what psql takes by itself.
export PGUSER="${PGUSER:-${POSTGRES_USER:-postgres}}"

# Passwords travel in the environment: on a command line everybody on the machine can read them.
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --dbname "${PGDATABASE:-postgres}" << 'SQL'
\getenv database TICKSCOPE_DB_NAME
\getenv owner_password TICKSCOPE_DB_OWNER_PASSWORD
\getenv reader_password TICKSCOPE_DB_PASSWORD

select format('create role %I', name)
from unnest(array['tickscope_owner', 'tickscope_writer', 'tickscope_reader', 'tickscope_grafana']) name
where not exists (select from pg_roles where rolname = name) \gexec

alter role tickscope_owner login nosuperuser nocreatedb nocreaterole password :'owner_password';
alter role tickscope_writer nologin;
alter role tickscope_reader nologin;
alter role tickscope_grafana login nosuperuser nocreatedb nocreaterole password :'reader_password' connection limit 30;
grant tickscope_reader to tickscope_grafana;

-- As sql/0009_roles.sql has them; tickscope_owner may not set them itself.
alter role tickscope_writer set max_parallel_workers_per_gather = 0;
alter role tickscope_reader set max_parallel_workers_per_gather = 0;
alter role tickscope_reader set jit = off;
alter role tickscope_reader set default_transaction_read_only = on;
-- Settings are not inherited from a group: the login needs its own.
alter role tickscope_grafana set max_parallel_workers_per_gather = 0;
alter role tickscope_grafana set jit = off;
alter role tickscope_grafana set default_transaction_read_only = on;
alter role tickscope_grafana set statement_timeout = '30s';
alter role tickscope_grafana set idle_in_transaction_session_timeout = '60s';

select format('create database %I owner tickscope_owner', :'database')
where not exists (select from pg_database where datname = :'database') \gexec
alter database :"database" owner to tickscope_owner;
revoke all on database :"database" from public;
grant connect on database :"database" to tickscope_reader, tickscope_writer;

-- Whether there is TimescaleDB decides which schema serves (see ingest/src/db/kind.ts); making the extension may need a superuser.
\connect :"database"
select 'create extension if not exists timescaledb'
where exists (select from pg_available_extensions where name = 'timescaledb')
  and current_setting('shared_preload_libraries') like '%timescaledb%' \gexec
SQL
echo "Database $TICKSCOPE_DB_NAME is ready: tickscope_owner writes, tickscope_grafana reads."
