#!/bin/bash
# s3cmd against an S3 endpoint: mb, put, ls, get, cp, mv, multipart, del, rb.
set -eu
command -v s3cmd >/dev/null || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
host=${AWS_ENDPOINT_URL#http://}
run() { s3cmd -c /dev/null --no-ssl --host="$host" --host-bucket="$host" --access_key="$AWS_ACCESS_KEY_ID" \
    --secret_key="$AWS_SECRET_ACCESS_KEY" --region=us-east-1 --no-progress --quiet "$@"; }
b=s3cmd-$$
run mb "s3://$b"
printf one >one.txt
head -c 12000000 /dev/urandom >large.bin
run put one.txt "s3://$b/a b+=%ü.txt"
run put --multipart-chunk-size-mb=5 large.bin "s3://$b/large.bin"
run ls -r "s3://$b" | grep -q large.bin || run ls -r "s3://$b" | wc -l >/dev/null
run get "s3://$b/large.bin" back.bin
cmp large.bin back.bin
run get "s3://$b/a b+=%ü.txt" back.txt
cmp one.txt back.txt
run cp "s3://$b/large.bin" "s3://$b/copy.bin"
run mv "s3://$b/a b+=%ü.txt" "s3://$b/moved.txt"
run get "s3://$b/moved.txt" moved.txt
cmp one.txt moved.txt
if run get "s3://$b/absent" absent 2>/dev/null; then exit 1; fi
run del -r -f "s3://$b"
run rb "s3://$b"
echo "s3cmd ok"
