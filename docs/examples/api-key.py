"""Signs requests by version 2 of docs/api-keys.md, with Python 3's standard library.

    KEY_ID=… SECRET=… python3 api-key.py GET 'https://app.example/api/v2/orders?page=2'
    KEY_ID=… SECRET=… python3 api-key.py POST https://app.example/api/v2/orders '{"a":1}'

The standard library has HMAC and no public-key signatures: for a key of EdDSA sign the same form
with Ed25519PrivateKey.sign of the package `cryptography`.
"""

import base64
import hashlib
import hmac
import os
import sys
import time
import urllib.error
import urllib.request
from urllib.parse import urlsplit

last_nonce = 0


def create_nonce():
    """Each greater than the one before, so that no two requests of a process share one."""
    global last_nonce
    last_nonce = max(time.time_ns() // 1_000_000, last_nonce + 1)
    return str(last_nonce)


def netstring(text):
    return f"{len(text.encode())}:{text},"


def signed_headers(key_id, secret, method, url, body=None):
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    nonce = create_nonce()
    fields = ["dvara-apikey-2", key_id, nonce, method, parts.hostname.rstrip("."), target]
    form = "".join(map(netstring, fields))
    headers = {"X-Auth-Apikey": key_id, "X-Auth-Nonce": nonce, "X-Auth-Version": "2"}
    if body:
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        headers["Content-Digest"] = f"sha-256=:{digest}:"
        headers["Content-Type"] = "application/json"
        form += netstring(headers["Content-Digest"])
    else:
        form += "-"
    mac = hmac.new(secret.encode(), form.encode(), hashlib.sha256)
    return {**headers, "X-Auth-Signature": mac.hexdigest()}


if __name__ == "__main__":
    method, url, *rest = sys.argv[1:]
    body = rest[0].encode() if rest else None
    headers = signed_headers(os.environ["KEY_ID"], os.environ["SECRET"], method, url, body)
    request = urllib.request.Request(url, body, headers, method=method)
    try:
        response = urllib.request.urlopen(request)
    except urllib.error.HTTPError as refused:
        response = refused
    print(response.read().decode())
