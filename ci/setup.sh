#!/bin/bash
# Installs the Debian packages that building and testing need, if any is missing.
set -eu
packages=(build-essential cmake ninja-build pkg-config zlib1g-dev libmicrohttpd-dev libcurl4-openssl-dev libcjson-dev
          libsqlite3-dev libcmocka-dev libssl-dev libmariadb-dev libsnappy-dev libzstd-dev libyaml-dev
          liblz4-dev libnghttp2-dev)

command -v dpkg-query >/dev/null || {
    echo "ci/setup.sh: this is no Debian; install by hand: ${packages[*]}" >&2
    exit 3
}
missing=()
for package in "${packages[@]}"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

echo "installing: ${missing[*]}"
if [ "$(id -u)" = 0 ]; then
    as_root=()
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    as_root=(sudo -n)
elif command -v sudo >/dev/null && [ -t 0 ]; then
    as_root=(sudo)
else
    echo "ci/setup.sh: neither root nor sudo here; ask somebody who may to run:" >&2
    echo "    apt-get install ${missing[*]}" >&2
    exit 3
fi
export DEBIAN_FRONTEND=noninteractive
install() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "${missing[@]}"; }
install >/dev/null 2>&1 || { "${as_root[@]}" apt-get update -q && install; }
