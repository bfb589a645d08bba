# completion: what bash completes is what the table of commands says; the other shells read what is printed for them.
. "$WEIRBOX_SOURCE/tests/support/cli.sh"
weirbox=$WEIRBOX_BIN
fail() { echo "FAIL: $*"; failures=$((failures + 1)); }

expect 2 "none of bash, zsh, fish" $weirbox completion tcsh
expect 2 "needs bash|zsh|fish" $weirbox completion
$weirbox completion bash >weirbox.bash
source ./weirbox.bash || fail "bash does not read it"

# completes WORDS… '' WANTED: the last word is completed to exactly these
completes() {
    local want=${*: -1}
    COMP_WORDS=(weirbox "${@:1:$#-1}")
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
    COMPREPLY=()
    _weirbox || true
    [ "${COMPREPLY[*]}" = "$want" ] || fail "'${COMP_WORDS[*]}' is completed to '${COMPREPLY[*]}', not '$want'"
}
completes jou "journal"
completes em "emulate"
completes emulate "" "basic batch stream"
completes emulate ba "basic batch"
completes emulate batch --ga "--gateway"
completes peek "" "topic stream bucket"
completes peek topic --fr "--from"
completes up --auth s "strict structure"
completes journal --st "--status"
completes exec --au "--auth --auto-create"
completes exec -- --au ""
completes completion z "zsh"
completes run --tables "" ""
for command in $($weirbox --help | sed -n 's/^  \([a-z]*\) .*/\1/p' | grep -v weirbox | sort -u); do completes "$command" "$command"; done

for shell in zsh fish; do
    $weirbox completion $shell >weirbox.$shell
    grep -q journal weirbox.$shell || fail "$shell is not told of journal"
    ! command -v $shell >/dev/null || $shell -n weirbox.$shell || fail "$shell does not read it"
done
finish
