#!/bin/bash
# DIR READER: DuckDB for node, behind a log replay of its own, against the table in DIR. PEERS: where node_modules is.
set -eu
command -v node >/dev/null || exit 77
exec node "$(dirname "$0")/delta_duckdb.mjs" "$@"
