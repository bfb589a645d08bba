#!/bin/bash
# The AWS command line against an S3 endpoint: mb, cp, ls, sync, mv, rm, rb, presign.
set -eu
command -v aws >/dev/null && aws --version >/dev/null 2>&1 || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
b=awscli-$$
aws s3 mb "s3://$b" >/dev/null
mkdir -p in/sub
printf one >in/one.txt
printf two >"in/sub/two words+=%.txt"
head -c 20000000 /dev/urandom >in/large.bin
aws s3 sync in "s3://$b/in" --only-show-errors
aws s3 ls --recursive "s3://$b/" | grep -q 'in/sub/two words+=%.txt'
test "$(aws s3 ls "s3://$b/in/" | wc -l)" = 3
aws s3 sync "s3://$b/in" out --only-show-errors
diff -r in out
test -z "$(aws s3 sync in "s3://$b/in")"
aws s3 mv "s3://$b/in/one.txt" "s3://$b/moved/one.txt" --only-show-errors
test "$(aws s3 cp "s3://$b/moved/one.txt" -)" = one
printf piped | aws s3 cp - "s3://$b/piped" --only-show-errors
test "$(aws s3 cp "s3://$b/piped" -)" = piped
test "$(curl -s "$(aws s3 presign "s3://$b/piped")")" = piped
aws s3api head-object --bucket "$b" --key piped --query ContentLength --output text | grep -qx 5
if aws s3 cp "s3://$b/absent" . 2>err.txt; then exit 1; fi
grep -q 404 err.txt
if aws s3 rb "s3://$b" 2>err.txt; then exit 1; fi
grep -q BucketNotEmpty err.txt
aws s3 rm --recursive "s3://$b" --only-show-errors
aws s3 rb "s3://$b" >/dev/null
echo "aws-cli ok"
