#!/bin/bash
# boto3 against an S3 endpoint (AWS_ENDPOINT_URL and credentials in the environment): what SDKs of 2025 do by default.
set -u
python3 -c 'import boto3' 2>/dev/null || exit 77
exec python3 - <<'PYTHON'
import base64, hashlib, io, os, threading, urllib.request, urllib.error
import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import ClientError

config = Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"})
s3 = boto3.client("s3", config=config)
bucket = "boto3-" + os.urandom(4).hex()


def code(call):
    try:
        call()
    except ClientError as e:
        return e.response["ResponseMetadata"]["HTTPStatusCode"], e.response["Error"]["Code"]
    return "no error"


def expect(got, want):
    assert got == want, f"got {got!r}, want {want!r}"


def fetch(url, method="GET", data=None, headers={}):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data=data, method=method, headers=headers)) as r:
            return r.status, r.read()
    except urllib.error.HTTPError as e:
        return e.code, e.read()


# buckets
s3.create_bucket(Bucket=bucket)
s3.head_bucket(Bucket=bucket)
assert bucket in [b["Name"] for b in s3.list_buckets()["Buckets"]]
expect(s3.get_bucket_location(Bucket=bucket)["LocationConstraint"], None)
expect(s3.get_bucket_acl(Bucket=bucket)["Grants"][0]["Permission"], "FULL_CONTROL")
expect("Status" in s3.get_bucket_versioning(Bucket=bucket), False)
expect(code(lambda: s3.head_bucket(Bucket="no-such-bucket")), (404, "404"))

# objects: all five checksums, metadata, tags, ranges, conditions
body = b"x" * 1000
for algorithm in ("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"):
    try:
        put = s3.put_object(Bucket=bucket, Key="sum/" + algorithm, Body=body, ChecksumAlgorithm=algorithm)
    except Exception as e:  # CRC32C and CRC64NVME need the awscrt package
        assert "CRT" in str(e) or "crt" in str(e), e
        continue
    got = s3.get_object(Bucket=bucket, Key="sum/" + algorithm, ChecksumMode="ENABLED")
    expect(got["Checksum" + algorithm], put["Checksum" + algorithm])
    expect(got["ChecksumType"], "FULL_OBJECT")
    expect(got["Body"].read(), body)
s3.put_object(Bucket=bucket, Key="meta", Body=b"1", ContentType="text/plain", CacheControl="no-cache",
              Metadata={"Colour": "blue"}, Tagging="a=b&c=d%20e")
head = s3.head_object(Bucket=bucket, Key="meta")
expect((head["ContentType"], head["CacheControl"], head["Metadata"], head["ContentLength"]),
       ("text/plain", "no-cache", {"colour": "blue"}, 1))
expect(s3.get_object_tagging(Bucket=bucket, Key="meta")["TagSet"],
       [{"Key": "a", "Value": "b"}, {"Key": "c", "Value": "d e"}])
s3.delete_object_tagging(Bucket=bucket, Key="meta")
expect(s3.get_object_tagging(Bucket=bucket, Key="meta")["TagSet"], [])
expect(s3.get_object(Bucket=bucket, Key="sum/CRC32", Range="bytes=-3")["ContentRange"], "bytes 997-999/1000")
expect(code(lambda: s3.put_object(Bucket=bucket, Key="meta", Body=b"2", IfNoneMatch="*")), (412, "PreconditionFailed"))
s3.put_object(Bucket=bucket, Key="meta", Body=b"2", IfMatch=head["ETag"])

# streams without a known length: aws-chunked with a trailing checksum
class Stream(io.RawIOBase):
    def __init__(self, n): self.rest = io.BytesIO(b"s" * n)
    def read(self, n=-1): return self.rest.read(n)
    def readable(self): return True
s3.upload_fileobj(Stream(70000), bucket, "stream")
expect(s3.get_object(Bucket=bucket, Key="stream")["Body"].read(), b"s" * 70000)

# multipart: parallel parts up, ranged parallel reads down
data = os.urandom(12 << 20)
parts = TransferConfig(multipart_threshold=5 << 20, multipart_chunksize=5 << 20)
s3.upload_fileobj(io.BytesIO(data), bucket, "large", Config=parts)
md5s = b"".join(hashlib.md5(data[i:i + (5 << 20)]).digest() for i in range(0, len(data), 5 << 20))
expect(s3.head_object(Bucket=bucket, Key="large")["ETag"], '"%s-3"' % hashlib.md5(md5s).hexdigest())
back = io.BytesIO()
s3.download_fileobj(bucket, "large", back, Config=parts)
assert back.getvalue() == data
expect(s3.head_object(Bucket=bucket, Key="large", PartNumber=3)["ContentLength"], len(data) - (10 << 20))

# copies: in one piece and by parts
s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": "sum/SHA256"})
expect(s3.get_object(Bucket=bucket, Key="copy")["Body"].read(), body)
s3.copy({"Bucket": bucket, "Key": "large"}, bucket, "large copy", Config=parts)
expect(s3.head_object(Bucket=bucket, Key="large copy")["ContentLength"], len(data))
upload = s3.create_multipart_upload(Bucket=bucket, Key="aborted")["UploadId"]
s3.upload_part(Bucket=bucket, Key="aborted", UploadId=upload, PartNumber=1, Body=b"p")
expect([u["Key"] for u in s3.list_multipart_uploads(Bucket=bucket)["Uploads"]], ["aborted"])
expect(s3.list_parts(Bucket=bucket, Key="aborted", UploadId=upload)["Parts"][0]["Size"], 1)
s3.abort_multipart_upload(Bucket=bucket, Key="aborted", UploadId=upload)
expect("Uploads" in s3.list_multipart_uploads(Bucket=bucket), False)

# odd keys, there and back
keys = ["topics/a.pin/partition=0/a.pin+0+0000000000.json", "a b/ü+%&=?#", "..", "dir//x", "~'()*!", "\U0001F600"]
for key in keys:
    s3.put_object(Bucket=bucket, Key="odd/" + key, Body=key.encode())
    expect(s3.get_object(Bucket=bucket, Key="odd/" + key)["Body"].read(), key.encode())
listed = [o["Key"] for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="odd/", PaginationConfig={"PageSize": 2})
          for o in page["Contents"]]
expect(listed, sorted(("odd/" + k for k in keys), key=lambda k: k.encode()))

# presigned URLs of both versions
for version in ("s3", "s3v4"):
    signer = boto3.client("s3", config=Config(signature_version=version, s3={"addressing_style": "path"}))
    at = {"Bucket": bucket, "Key": "odd/" + keys[0]}
    expect(fetch(signer.generate_presigned_url("put_object", Params=at), "PUT", b"presigned", {"Content-Type": ""})[0], 200)
    expect(fetch(signer.generate_presigned_url("get_object", Params=at)), (200, b"presigned"))
    status, text = fetch(signer.generate_presigned_url("get_object", Params=at) + "0")
    expect((status, b"<Code>" in text), (403, True) if version == "s3v4" else (status, True))
expect(fetch(os.environ["AWS_ENDPOINT_URL"] + "/" + bucket)[0], 403)

# keys that are refused
for pair, want in ((("nobody", "x"), (403, "InvalidAccessKeyId")), (("test", "wrong"), (403, "SignatureDoesNotMatch"))):
    other = boto3.client("s3", config=config, aws_access_key_id=pair[0], aws_secret_access_key=pair[1])
    expect(code(lambda: other.list_buckets()), want)

# one winner
results = []
racers = [threading.Thread(target=lambda: results.append(code(lambda: s3.put_object(Bucket=bucket, Key="race", Body=b"r", IfNoneMatch="*"))))
          for _ in range(16)]
[t.start() for t in racers]
[t.join() for t in racers]
expect(results.count("no error"), 1)

# versions, then emptying and deleting the bucket
s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
first = s3.put_object(Bucket=bucket, Key="v", Body=b"1")["VersionId"]
s3.delete_object(Bucket=bucket, Key="v")
expect(code(lambda: s3.get_object(Bucket=bucket, Key="v")), (404, "NoSuchKey"))
expect(s3.get_object(Bucket=bucket, Key="v", VersionId=first)["Body"].read(), b"1")
expect(code(lambda: s3.delete_bucket(Bucket=bucket)), (409, "BucketNotEmpty"))
versions = boto3.resource("s3", config=config).Bucket(bucket).object_versions
versions.delete()
s3.delete_bucket(Bucket=bucket)
print("boto3", boto3.__version__, "ok")
PYTHON
