"""Prints a URL that boto3 presigns: argv is endpoint, bucket, key, and the
signature version or "default"."""

import sys

import boto3
from botocore.config import Config

endpoint, bucket, key, version = sys.argv[1:5]
config = None if version == "default" else Config(signature_version=version)
s3 = boto3.client("s3", endpoint_url=endpoint, config=config)
print(s3.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": key}))
