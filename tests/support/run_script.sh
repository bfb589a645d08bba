#!/bin/bash
# Runs one test script in a scratch directory of its own; the script's exit status is the test's.
set -u
scratch=$(mktemp -d "${TMPDIR:-/tmp}/weirbox-test.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
bash -eu "$1"
