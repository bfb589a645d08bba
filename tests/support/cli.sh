# cli.sh - sourced by test scripts: running the program and saying what was expected.
# $WEIRBOX_BIN is the program; the working folder is the test's own scratch directory.
failures=0

# expect STATUS 'text that must appear' COMMAND… : exit status, and the text on stdout or stderr.
expect() {
    local status=$1 text=$2 got=0
    shift 2
    "$@" >stdout.txt 2>stderr.txt || got=$?
    if [ "$got" != "$status" ]; then
        echo "FAIL: $*: exit status $got, expected $status"
        sed 's/^/    /' stderr.txt | head -5
        failures=$((failures + 1))
    elif [ -n "$text" ] && ! grep -qF -- "$text" stdout.txt stderr.txt; then
        echo "FAIL: $*: does not say '$text' but"
        sed 's/^/    /' stderr.txt stdout.txt | head -5
        failures=$((failures + 1))
    fi
}

finish() {
    [ "$failures" = 0 ] || { echo "$failures expectations failed"; exit 1; }
}
