// Does with aws-sdk-js version 3, at its defaults, what the lines of standard
// input say: JSON, {"op": …, "key": …, "text": …}. Each is answered by a line of
// JSON, {"answer": …} or {"error": …}. The arguments are endpoint, bucket, and
// "stream" if objects are to be put from streams, as files are.
"use strict";

const { Readable } = require("node:stream");
const readline = require("node:readline");
const {
  S3Client, PutObjectCommand, GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, DeleteObjectCommand,
} = require("@aws-sdk/client-s3");
const { getSignedUrl } = require("@aws-sdk/s3-request-presigner");

const [endpoint, Bucket, from] = process.argv.slice(2);
const s3 = new S3Client({ endpoint });

async function act(op, Key, text) {
  switch (op) {
    case "put": {
      const bytes = Buffer.from(text);
      const Body = from === "stream" ? Readable.from([bytes]) : bytes;
      await s3.send(new PutObjectCommand({ Bucket, Key, Body, ContentLength: bytes.length }));
      return "";
    }
    case "get":
      return (await s3.send(new GetObjectCommand({ Bucket, Key }))).Body.transformToString();
    case "head":
      return String((await s3.send(new HeadObjectCommand({ Bucket, Key }))).ContentLength);
    case "list":
      return JSON.stringify(((await s3.send(new ListObjectsV2Command({ Bucket, Prefix: Key }))).Contents ?? []).map((o) => o.Key));
    case "delete":
      await s3.send(new DeleteObjectCommand({ Bucket, Key }));
      return "";
    case "presign":
      return getSignedUrl(s3, new GetObjectCommand({ Bucket, Key }));
    default:
      throw new Error(op);
  }
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const { op, key, text } = JSON.parse(line);
    let result;
    try {
      result = { answer: await act(op, key, text) };
    } catch (e) {
      result = { error: `${e.name}: ${e.message} (${e.$metadata?.httpStatusCode})` };
    }
    console.log(JSON.stringify(result));
  }
})();
