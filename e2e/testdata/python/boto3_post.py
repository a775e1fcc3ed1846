"""Uploads by forms that boto3 signs, as a web page would send them: argv is
endpoint, bucket, and what to do: "allowed", "denied" or "version2"."""

import os
import sys

import boto3
import urllib3
from botocore.config import Config

endpoint, bucket, what = sys.argv[1:4]
version = None if what == "version2" else "s3v4"
s3 = boto3.client("s3", endpoint_url=endpoint, config=Config(signature_version=version))
http = urllib3.PoolManager(ca_certs=os.environ.get("AWS_CA_BUNDLE"))


def upload(key, content, filename="photo.jpg", fields={}, conditions=[], extra={}):
    post = s3.generate_presigned_post(bucket, key, fields, conditions + [{name: value} for name, value in fields.items()])
    # The encoder is that of the package requests.
    return http.request("POST", post["url"], redirect=False, fields={**post["fields"], **extra, "file": (filename, content)})


def refused(answer, status, code):
    text = answer.data.decode()
    assert answer.status == status and f"<Code>{code}</Code>" in text, (answer.status, text)


if what == "version2":
    answer = upload("a", b"x")
    # boto3 may come to sign with version 4.
    assert answer.status == 204 or answer.status == 400 and b"s3v4" in answer.data, (answer.status, answer.data)
elif what == "denied":
    refused(upload("a", b"x"), 403, "AccessDenied")
    refused(upload("a", b"x" * 3_000_000), 403, "AccessDenied")
else:
    answer = upload("home/${filename}", b"hello", filename="été 1+1.jpg")
    assert answer.status == 204 and answer.data == b"" and answer.headers["ETag"], (answer.status, answer.data)

    body = bytes(range(256)) * 20_000
    answer = upload("large", body, fields={"success_action_status": "201"}, conditions=[["content-length-range", 1, 10_000_000]])
    assert answer.status == 201 and f"<Bucket>{bucket}</Bucket><Key>large</Key>".encode() in answer.data, (answer.status, answer.data)
    assert s3.get_object(Bucket=bucket, Key="large")["Body"].read() == body

    tags = "<Tagging><TagSet><Tag><Key>team</Key><Value>north + south=1/2 @é</Value></Tag></TagSet></Tagging>"
    answer = upload("tagged", b"tagged", fields={
        "tagging": tags, "Content-Type": "image/png", "x-amz-meta-uuid": "14365123651274",
        "success_action_redirect": "https://app.example.com/done?a=b",
    })
    assert answer.status == 303, (answer.status, answer.data)
    assert answer.headers["Location"].startswith(f"https://app.example.com/done?a=b&bucket={bucket}&key=tagged&etag=%22"), answer.headers
    head = s3.head_object(Bucket=bucket, Key="tagged")
    assert head["ContentType"] == "image/png" and head["Metadata"] == {"uuid": "14365123651274"}, head
    assert s3.get_object_tagging(Bucket=bucket, Key="tagged")["TagSet"] == [{"Key": "team", "Value": "north + south=1/2 @é"}]

    refused(upload("refused", b"xxxx", conditions=[["content-length-range", 1, 3]]), 400, "EntityTooLarge")
    refused(upload("refused", b"", conditions=[["content-length-range", 1, 3]]), 400, "EntityTooSmall")
    refused(upload("refused", b"x", extra={"acl": "public-read"}), 403, "AccessDenied")
    refused(upload("refused", b"x", fields={"acl": "public-read"}), 400, "AccessControlListNotSupported")
    refused(upload("refused", b"x", extra={"x-amz-signature": "0" * 64}), 403, "SignatureDoesNotMatch")
    refused(upload("refused", b"x", extra={"key": "another"}), 403, "AccessDenied")
print("ok")
