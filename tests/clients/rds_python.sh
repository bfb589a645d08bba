#!/bin/bash
# rds_python.sh SCRIPT MODULE… - runs the script with each Python that has the modules: the one named by RDS_PYTHON (a
# virtual environment, say), the first in PATH, the system's. 77 when none has.
set -u
script=$1
shift
imports=$(printf 'import %s\n' "$@")
ran=0
seen=" "
for python in "${RDS_PYTHON:-}" python3 /usr/bin/python3; do
    [ -n "$python" ] && "$python" -c "$imports" 2>/dev/null || continue
    real=$("$python" -c 'import sys; print(sys.prefix)')
    case $seen in *" $real "*) continue ;; esac
    seen="$seen$real "
    "$python" "$script" || exit 1
    ran=1
done
[ $ran = 1 ] || exit 77
