"""Reads an object with what boto3 finds by itself: argv is bucket, key, its text.

The environment says where everything is. It is read once more after the credentials
are made to look as if they were about to expire: they must have been got anew then.
"""

import datetime
import sys

import boto3

bucket, key, text = sys.argv[1:4]
session = boto3.session.Session()
s3 = session.client("s3")


def read():
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode() == text
    return session.get_credentials().get_frozen_credentials().access_key


first = read()
assert first.startswith("ASIA"), first
credentials = session.get_credentials()
getattr(getattr(credentials._refresh_using, "__self__", None), "_cache", {}).clear()
credentials._expiry_time = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=30)
second = read()
assert credentials._expiry_time > datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=5)
# The endpoint of a container keeps what holds long enough.
assert second.startswith("ASIA") and (second != first or credentials.method == "container-role"), (first, second)
arn = session.client("sts").get_caller_identity()["Arn"]
print(credentials.method, arn)
