"""An app that knows a bucket, and nothing of tokens, roles or Sallyport.

boto3 finds role, token and endpoint in the environment of the pod, and exchanges the
token for credentials by itself, again before they expire.
"""

import boto3
from botocore.exceptions import ClientError

s3 = boto3.client("s3")

s3.create_bucket(Bucket="orders")
s3.put_object(Bucket="orders", Key="2026/1", Body=b"one teapot")
print("read:", s3.get_object(Bucket="orders", Key="2026/1")["Body"].read().decode())
try:
    s3.create_bucket(Bucket="invoices")
except ClientError as error:
    print("denied:", error.response["Error"]["Code"])
print("as:", boto3.client("sts").get_caller_identity()["Arn"])
