#!/bin/bash
# DIR READER: pyarrow, DuckDB and delta-rs against the tables in DIR, and READER against theirs.
set -eu
python=${DELTA_PYTHON:-python3}
command -v "$python" >/dev/null || exit 77
exec "$python" "$(dirname "$0")/delta_roundtrip.py" "$@"
