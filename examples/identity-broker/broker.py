"""An identity broker: it knows the people, and hands out credentials for the store.

    broker.py add NAME        reads a password from standard input
    broker.py serve PORT      answers GET /credentials, with HTTP Basic authentication

Each answer holds credentials of the person's own, for 12 hours and for nothing but
home/NAME/, in the form that credential_process wants. The broker keeps no list of them:
they end by themselves, or all at once with the broker's key or user in Sallyport.

It stands for an app behind your single sign-on. Serve it with TLS.
"""

import base64
import hashlib
import hmac
import http.server
import json
import os
import re
import secrets
import sys

import boto3

PEOPLE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "people.json")
HOURS = 12

# What GetFederationToken takes for a name; nothing in it means more in a policy.
NAME = re.compile(r"[a-z][a-z0-9.@_-]{1,31}")


def people():
    try:
        with open(PEOPLE) as file:
            return json.load(file)
    except FileNotFoundError:
        return {}


def digest(password, salt):
    return hashlib.scrypt(password.encode(), salt=bytes.fromhex(salt), n=2**14, r=8, p=1).hex()


def add(name, password):
    if not NAME.fullmatch(name):
        sys.exit(f"{name!r} is no name: two to 32 lower-case letters, digits, '.', '@', '_' and '-'")
    salt = secrets.token_hex(16)
    known = people()
    known[name] = {"salt": salt, "digest": digest(password, salt)}
    with open(os.open(PEOPLE, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(known, file)


def authenticated(header):
    """The name of who shows their password, or None."""
    try:
        name, password = base64.b64decode(header.removeprefix("Basic "), validate=True).decode().split(":", 1)
    except ValueError:
        return None
    # A name that nobody has costs as much as one that somebody has.
    person = people().get(name, {"salt": "00" * 16, "digest": ""})
    return name if hmac.compare_digest(digest(password, person["salt"]), person["digest"]) else None


def policy(name):
    """What the person may at most; the broker's own permissions bound it, too."""
    return json.dumps({
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], "Resource": f"arn:aws:s3:::home/{name}/*"},
            {
                "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::home",
                "Condition": {"StringLike": {"s3:prefix": f"{name}/*"}},
            },
        ],
    })


def credentials(sts, name):
    answer = sts.get_federation_token(Name=name, DurationSeconds=HOURS * 3600, Policy=policy(name))["Credentials"]
    return {
        "Version": 1, "AccessKeyId": answer["AccessKeyId"], "SecretAccessKey": answer["SecretAccessKey"],
        "SessionToken": answer["SessionToken"], "Expiration": answer["Expiration"].isoformat(),
    }


class Broker(http.server.BaseHTTPRequestHandler):
    sts = None

    def do_GET(self):
        if self.path != "/credentials":
            return self.answer(404, {"error": "there is nothing here"})
        name = authenticated(self.headers.get("Authorization", ""))
        if name is None:
            return self.answer(401, {"error": "who are you?"}, ("WWW-Authenticate", 'Basic realm="broker"'))
        return self.answer(200, credentials(self.sts, name))

    def answer(self, status, body, *fields):
        self.send_response(status)
        for name, value in (("Content-Type", "application/json"), ("Cache-Control", "no-store"), *fields):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())


def serve(port):
    Broker.sts = boto3.client("sts")
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), Broker) as server:
        server.serve_forever()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["add", name]:
            add(name, sys.stdin.readline().rstrip("\n"))
        case ["serve", port]:
            serve(int(port))
        case _:
            sys.exit(__doc__)
