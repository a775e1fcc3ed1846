"""Does with boto3, at its defaults, what the lines of standard input say: JSON,
{"op": …, "key": …, "text": …}. Each is answered by a line of JSON, {"answer": …}
or {"error": …}. argv is endpoint, bucket."""

import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint, bucket = sys.argv[1:3]
s3 = boto3.client("s3", endpoint_url=endpoint)
# It presigns with Signature Version 2 otherwise.
presigner = boto3.client("s3", endpoint_url=endpoint, config=Config(signature_version="s3v4"))


def do(op, key, text):
    which = {"Bucket": bucket, "Key": key}
    if op == "put":
        return s3.put_object(Body=text.encode(), **which) and ""
    if op == "get":
        return s3.get_object(**which)["Body"].read().decode()
    if op == "head":
        return str(s3.head_object(**which)["ContentLength"])
    if op == "list":
        return json.dumps([o["Key"] for o in s3.list_objects_v2(Bucket=bucket, Prefix=key).get("Contents", [])])
    if op == "delete":
        return s3.delete_object(**which) and ""
    if op == "presign":
        return presigner.generate_presigned_url("get_object", Params=which)
    raise ValueError(op)


for line in sys.stdin:
    call = json.loads(line)
    try:
        answer = {"answer": do(call["op"], call["key"], call["text"])}
    except ClientError as error:
        answer = {"error": str(error)}
    print(json.dumps(answer), flush=True)
