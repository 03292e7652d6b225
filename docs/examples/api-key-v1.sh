#!/bin/sh
# Signs one request by version 1 (Barong's) of docs/api-keys.md and sends it.
#
#     KEY_ID=… SECRET=… ./api-key-v1.sh GET https://app.example/api/v2/orders
set -eu
method=$1 url=$2

nonce=$(date +%s%3N)
signature=$(printf '%s%s' "$nonce" "$KEY_ID" | openssl dgst -sha256 -hmac "$SECRET" -r |
  cut -d' ' -f1)

curl --silent --show-error --request "$method" \
  --header "X-Auth-Apikey: $KEY_ID" --header "X-Auth-Nonce: $nonce" \
  --header "X-Auth-Signature: $signature" "$url"
