"""What a boto3 program does, with default settings: argv is endpoint, bucket."""

import hashlib
import io
import os
import sys
import tempfile

import boto3
from botocore.exceptions import ClientError

endpoint, bucket = sys.argv[1:3]
s3 = boto3.client("s3", endpoint_url=endpoint)

s3.put_object(Bucket=bucket, Key="from boto3/é+1", Body=b"hello", Tagging="team=north")
got = s3.get_object(Bucket=bucket, Key="from boto3/é+1")
assert got["Body"].read() == b"hello", got
assert s3.head_object(Bucket=bucket, Key="from boto3/é+1")["ContentLength"] == 5

keys = [o["Key"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket) for o in page["Contents"]]
assert keys == ["from boto3/é+1"], keys

# A managed transfer in parts, both ways.
body = hashlib.sha256(b"seed").digest() * (20 << 15)  # 20 MiB
s3.upload_fileobj(io.BytesIO(body), bucket, "parts")
with tempfile.NamedTemporaryFile() as file:
    s3.download_fileobj(bucket, "parts", file)
    file.seek(0)
    assert file.read() == body, "the parts came back changed"

s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "from boto3/é+1"})
assert s3.get_object(Bucket=bucket, Key="copy", Range="bytes=1-3")["Body"].read() == b"ell"

# A body whose length nobody knows.
reader, writer = os.pipe()
os.write(writer, b"from a pipe")
os.close(writer)
with os.fdopen(reader, "rb") as pipe:
    s3.upload_fileobj(pipe, bucket, "piped")
assert s3.get_object(Bucket=bucket, Key="piped")["Body"].read() == b"from a pipe"

answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": k} for k in ("copy", "parts", "piped", "from boto3/é+1")]})
assert len(answer["Deleted"]) == 4 and "Errors" not in answer, answer

try:
    s3.get_object(Bucket=bucket, Key="copy")
    sys.exit("a deleted object was found")
except ClientError as error:
    assert error.response["Error"]["Code"] == "NoSuchKey", error.response
print("ok")
