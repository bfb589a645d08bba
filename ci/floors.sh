#!/bin/bash
# floors.sh ROOT - fails when an include crosses a floor or a library's door (ARCHITECTURE.md).
set -eu
cd "$1"
{ git ls-files -co --exclude-standard -- '*.c' '*.h' 2>/dev/null || find . -path './build*' -prune -o -name '*.[ch]' -print | sed 's/^..//'; } | grep -v '^tests/' | awk '
function room(path) {
    if (path ~ /^mocks\/[^\/]+\//) { split(path, p, "/"); return "mocks/" p[2] }
    if (path ~ /^pipeline\//) return "pipeline"
    split(path, p, "/"); return p[1]
}
# May `from` include `to`?
function allowed(from, to) {
    if (from == to || to == "base") return 1
    if (from == "cmake") return to == "base"
    if (from == "base") return 0
    if (to == "net") return 1
    if (from == "net") return 0
    if (to == "mocks/cloud") return from ~ /^mocks\// || from == "cli"
    if (to ~ /^mocks\//) return from == "cli"
    if (to == "pipeline") return from == "cli"
    return 0
}
function door(lib, file) {
    if (lib == "microhttpd.h") return file == "net/http.c"
    if (lib ~ /^nghttp2\//) return file == "net/http2.c"
    if (lib ~ /^curl\//) return file == "net/client.c"
    if (lib ~ /^openssl\//) return file == "base/codec.c" || file == "net/tls.c"
    if (lib == "yaml.h") return file == "mocks/apigw/yaml.c"
    if (lib == "mysql.h") return file == "pipeline/source/source_mysql.c"
    if (lib == "sqlite3.h") return file ~ /^mocks\/rds\// || file ~ /^pipeline\/(source|analytics)\//
    return 1
}
{
    file = $0
    while ((getline line < file) > 0) {
        if (line ~ /^#include "/) {
            split(line, q, "\""); to = q[2]
            if (to !~ /\//) { print file ": include " to " is not written from the root"; bad = 1; continue }
            if (!allowed(room(file), room(to))) { print file ": " room(file) " may not include " to; bad = 1 }
        } else if (line ~ /^#include </) {
            split(line, q, /[<>]/)
            if (!door(q[2], file)) { print file ": <" q[2] "> has its door elsewhere"; bad = 1 }
        }
    }
    close(file)
}
END { exit bad }'
