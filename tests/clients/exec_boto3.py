"""boto3 without endpoint_url: keys, region and addresses come from the environment or from AWS's own host names; buckets by
virtual host and by path. Nothing in it knows weirbox."""
import sys
import urllib.request

try:
    import boto3
    from botocore.config import Config
except ImportError as missing:
    print(missing)
    sys.exit(77)

for style in ("virtual", "path", "auto"):
    s3 = boto3.client("s3", config=Config(s3={"addressing_style": style}))
    bucket = "exec-%s-bucket" % style
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="a/b c.json", Body=b"{}")
    assert s3.get_object(Bucket=bucket, Key="a/b c.json")["Body"].read() == b"{}"
    assert [o["Key"] for o in s3.list_objects_v2(Bucket=bucket)["Contents"]] == ["a/b c.json"]

# the addresses of AWS themselves, over TLS
s3 = boto3.client("s3", endpoint_url="https://s3.eu-west-2.amazonaws.com", config=Config(s3={"addressing_style": "virtual"}))
s3.put_object(Bucket="exec-path-bucket", Key="tls", Body=b"x" * 300000)
assert s3.get_object(Bucket="exec-path-bucket", Key="tls")["Body"].read() == b"x" * 300000
url = s3.generate_presigned_url("get_object", Params={"Bucket": "exec-path-bucket", "Key": "tls"})
assert ".amazonaws.com" in url, url
assert len(urllib.request.urlopen(url).read()) == 300000
kinesis = boto3.client("kinesis", endpoint_url="https://kinesis.us-east-1.amazonaws.com")
assert kinesis.put_record(StreamName="made-on-first-use", Data=b"1", PartitionKey="k")["SequenceNumber"]
print("boto3", boto3.__version__, "ok")
