#!/bin/sh
# Writes the passwords and tokens that docker-compose.yml asks for and that .env does not have yet: 48 random
# hexadecimal digits each. What is there is left as it is.
set -eu
cd "$(dirname "$0")/.."
umask 077
touch .env
# A last line without an end would swallow the first secret.
[ -z "$(tail -c 1 .env)" ] || echo >> .env

for name in POSTGRES_PASSWORD TICKSCOPE_DB_OWNER_PASSWORD TICKSCOPE_DB_PASSWORD \
  TICKSCOPE_TOKEN TICKSCOPE_READ_TOKEN GRAFANA_ADMIN_PASSWORD; do
  if grep -Eq "^$name=.+" .env; then
    echo "$name is there."
  else
    echo "$name=$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')" >> .env
    echo "$name written."
  fi
done
chmod 600 .env
echo "Grafana's admin password is GRAFANA_ADMIN_PASSWORD in .env."
