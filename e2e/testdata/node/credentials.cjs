// Reads an object with what aws-sdk-js finds by itself, and prints the access key and
// the text. The arguments are bucket and key.
"use strict";

const { S3Client, GetObjectCommand } = require("@aws-sdk/client-s3");

const [Bucket, Key] = process.argv.slice(2);
const s3 = new S3Client({ forcePathStyle: true });

async function main() {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  const { accessKeyId } = await s3.config.credentials();
  console.log(accessKeyId, await Body.transformToString());
}

main();
