#!/bin/sh
# Writes docker/.env with passwords nobody has seen, once. compose.yml refuses to start without it.
set -eu
umask 077
file="$(dirname "$0")/.env"
if [ -e "$file" ]; then
  echo "$file is there already; nothing was changed." >&2
  exit 0
fi
random() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
cat > "$file" <<VALUES
POSTGRES_PASSWORD=$(random)
REDIS_PASSWORD=$(random)
# What the secrets of API keys are sealed under; lost with it, they have to be made anew.
SECRETS_KEY=$(od -An -N32 -tx1 /dev/urandom | tr -d ' \n')
# What browsers see; with https the session cookie is Secure and named __Host-…
PUBLIC_ORIGIN=http://127.0.0.1:8080
VALUES
echo "wrote $file"
