#!/bin/bash
# rclone against an S3 endpoint: copy, check, list, move, server-side copy, delete.
set -eu
command -v rclone >/dev/null || exit 77
export RCLONE_CONFIG=/dev/null RCLONE_CONFIG_W_TYPE=s3 RCLONE_CONFIG_W_PROVIDER=Other RCLONE_CONFIG_W_ENV_AUTH=true \
    RCLONE_CONFIG_W_ENDPOINT="$AWS_ENDPOINT_URL" RCLONE_CONFIG_W_REGION=us-east-1 RCLONE_CONFIG_W_FORCE_PATH_STYLE=true \
    RCLONE_CONFIG_W_UPLOAD_CUTOFF=6M RCLONE_CONFIG_W_CHUNK_SIZE=5M RCLONE_RETRIES=1
unset AWS_CA_BUNDLE # rclone cannot load one
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
b=rclone-$$
mkdir -p in/sub
printf one >in/one.txt
printf two >"in/sub/zwei+=% ü.txt"
head -c 12000000 /dev/urandom >in/large.bin
rclone mkdir "w:$b"
rclone copy in "w:$b/in"
rclone check in "w:$b/in" 2>/dev/null
test "$(rclone lsf -R --files-only "w:$b" | wc -l)" = 3
rclone copyto "w:$b/in/large.bin" "w:$b/copied.bin"
rclone moveto "w:$b/in/one.txt" "w:$b/moved.txt"
test "$(rclone cat "w:$b/moved.txt")" = one
printf piped | rclone rcat "w:$b/piped"
test "$(rclone cat "w:$b/piped")" = piped
rclone copy "w:$b/in" out
cmp in/large.bin out/large.bin
rclone purge "w:$b"
echo "rclone ok"
