"""weirbox exec on a terminal: the command is in the foreground, Ctrl-C is the command's first and kills at the second, Ctrl-Z is
undone, and the terminal is given back.

argv: the program."""
import os
import pty
import select
import sys
import time

WEIRBOX = sys.argv[1]


def run(command, *steps):
    """Each step: what to wait for on the screen, then what to type."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
    screen, deadline = b"", time.time() + 20

    def read():
        nonlocal screen
        try:
            got = os.read(fd, 4096)
        except OSError:
            return False
        screen += got
        return bool(got)

    for awaited, keys in steps:
        while awaited not in screen and time.time() < deadline:
            if select.select([fd], [], [], 0.05)[0] and not read():
                break
        assert awaited in screen, (command, screen)
        time.sleep(0.2)
        os.write(fd, keys)
    while read():
        pass
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), screen.decode()


def sh(script):
    return [WEIRBOX, "exec", "--", "sh", "-c", script]


status, screen = run(sh("echo up; read x; echo got-$x"), (b"up", b"line\n"))
assert (status, "got-line" in screen) == (0, True), screen
status, screen = run(sh("trap 'echo cleaned; exit 4' INT; echo up; while :; do sleep 0.1; done"), (b"up", b"\x03"))
assert (status, "cleaned" in screen) == (4, True), screen
status, screen = run(sh("trap '' INT; echo up; while :; do sleep 0.1; done"), (b"up", b"\x03"), (b"^C", b"\x03"))
assert status == 137, (status, screen)
status, screen = run(sh("echo up; sleep 1; echo went-on"), (b"up", b"\x1a"))
assert (status, "went-on" in screen) == (0, True), screen
status, screen = run(["bash", "-c", WEIRBOX + " exec -- true; echo up; read y; echo after-$y"], (b"up", b"back\n"))
assert (status, "after-back" in screen) == (0, True), screen
print("terminal ok")
