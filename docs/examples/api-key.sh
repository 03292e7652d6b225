#!/bin/sh
# Signs one request by version 2 of docs/api-keys.md and sends it, with openssl and curl.
#
#     KEY_ID=… SECRET=… ./api-key.sh GET 'https://app.example/api/v2/orders?page=2'
#     KEY_ID=… PRIVATE_KEY=ed25519.pem ./api-key.sh POST https://app.example/api/v2/orders '{"a":1}'
#
# SECRET is that of a key of HS256, PRIVATE_KEY the file of one of EdDSA.
set -eu
method=$1 url=$2 body=${3-}

# https://App.example:8443/orders?page=2 → app.example and /orders?page=2
rest=${url#*://}
host=$(printf '%s' "${rest%%[/?]*}" | tr '[:upper:]' '[:lower:]' | sed 's/:[0-9]*$//; s/\.$//')
target=${rest#"${rest%%[/?]*}"}
case $target in '' | '?'*) target=/$target ;; esac
target=${target%'?'}

# GNU date; every nonce of a key must be greater than the one before.
nonce=$(date +%s%3N)

netstring() { printf '%s:%s,' "${#1}" "$1"; }
form=$(
  netstring dvara-apikey-2
  netstring "$KEY_ID"
  netstring "$nonce"
  netstring "$method"
  netstring "$host"
  netstring "$target"
)
if [ -n "$body" ]; then
  digest="sha-256=:$(printf '%s' "$body" | openssl dgst -sha256 -binary | openssl base64 -A):"
  form="$form$(netstring "$digest")"
  set -- --header "Content-Digest: $digest" --data-binary "$body"
else
  form="$form-"
  set --
fi

if [ -n "${PRIVATE_KEY-}" ]; then
  # Ed25519 hashes by itself and wants to see its message twice: a file, not a pipe.
  message=$(mktemp)
  trap 'rm -f "$message"' EXIT
  printf '%s' "$form" > "$message"
  signature=$(openssl pkeyutl -sign -inkey "$PRIVATE_KEY" -rawin -in "$message" |
    od -An -v -tx1 | tr -d ' \n')
else
  signature=$(printf '%s' "$form" | openssl dgst -sha256 -hmac "$SECRET" -r | cut -d' ' -f1)
fi

curl --silent --show-error --request "$method" "$@" \
  --header "X-Auth-Apikey: $KEY_ID" --header "X-Auth-Nonce: $nonce" \
  --header "X-Auth-Signature: $signature" --header 'X-Auth-Version: 2' \
  --header 'Content-Type: application/json' "$url"
