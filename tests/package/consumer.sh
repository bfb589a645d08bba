# A project of somebody else's is built from what is installed, after the prefix was moved, by CMake and by pkg-config.
. "$WEIRBOX_SOURCE/tests/support/cli.sh"
build=$(dirname "$WEIRBOX_BIN") tables=$WEIRBOX_SOURCE/fixtures/tables consumer=$WEIRBOX_SOURCE/tests/package/consumer
fail() { echo "FAIL: $*"; failures=$((failures + 1)); }

DESTDIR=$PWD/stage cmake --install "$build" --prefix /opt/weirbox >/dev/null
mv stage/opt/weirbox moved && rm -r stage
for file in bin/weirbox include/weirbox/weirbox.h include/weirbox/cmocka.h lib/libweirbox.a lib/pkgconfig/weirbox.pc lib/weirbox/libweirbox-redirect.so; do
    [ -s "moved/$file" ] || fail "$file is not installed"
done
nm -g --defined-only moved/lib/libweirbox.a | awk 'NF == 3 && $3 !~ /^weirbox_/ {print $3}' >seen.txt
[ -s seen.txt ] && fail "names beside weirbox_* can be seen: $(head -3 seen.txt | paste -sd' ')"
expect 0 "rewritten" moved/bin/weirbox check --tables "$tables" --against golden --update

expect 0 "" cmake -S "$consumer" -B by-cmake -DCMAKE_PREFIX_PATH="$PWD/moved"
expect 0 "" cmake --build by-cmake
expect 0 "4 test(s) run" by-cmake/consumer "$tables" golden

export PKG_CONFIG_PATH=$PWD/moved/lib/pkgconfig
expect 0 "" cc -Wall -Werror -o by-pkg-config "$consumer/consumer.c" $(pkg-config --cflags --libs weirbox cmocka)
expect 0 "4 test(s) run" ./by-pkg-config "$tables" golden
for standard in c99 c17; do expect 0 "" cc -std=$standard -Wall -Wextra -Werror -pedantic -fsyntax-only $(pkg-config --cflags weirbox cmocka) "$consumer/consumer.c"; done
echo '#include <weirbox/weirbox.h>' >header.cc
command -v c++ >/dev/null && expect 0 "" c++ -Wall -Werror -fsyntax-only $(pkg-config --cflags weirbox) header.cc
finish
