#!/bin/bash
# names.sh ROOT BUILD - fails when a library exports a symbol that does not begin with a name of its room: the stem
# of one of the room's headers or source files (or of its first word: vtl_parse.c exports vtl_…).
set -eu
root=$1 build=$2
cd "$root"
status=0
while read -r room dir; do
    archive=$build/libroom_$room.a
    [ -f "$archive" ] || continue
    stems=$(ls "$dir" | sed -n 's/\.[ch]$//p' | sed 's/_.*//' | sort -u)
    extra=""
    case $room in
        base) extra="mem log arena" ;;
        net) extra="http" ;;
        cloud) extra="call dispatch" ;;
        cli) extra="args" ;;
    esac
    pattern=$(printf '%s\n' $stems $extra "$room" | sort -u | paste -sd'|')
    bad=$(nm -g --defined-only "$archive" 2>/dev/null | awk 'NF==3 && $2 ~ /[TDBRC]/ {print $3}' |
          grep -vE "^($pattern)(_|s_|\$)" | grep -vE '^(__|_|room_)' || true)
    if [ -n "$bad" ]; then
        echo "$dir exports names that do not begin with a file's stem:"
        printf '  %s\n' $bad
        status=1
    fi
done < <(sed -n 's/^room(\([a-z0-9_]*\) *PATH \([a-z0-9_\/]*\).*/\1 \2/p' CMakeLists.txt)
exit $status
