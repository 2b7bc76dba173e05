#!/usr/bin/env python3
"""Runs a command on a terminal of its own and types one answer.

    terminal.py [-1 FILE] [-2 FILE] WAIT-FOR ANSWER COMMAND...

When the command has written WAIT-FOR, ANSWER is typed: a text (enter is pressed after it), or ^C, ^D, TERM (the signal), or
HANGUP (the terminal goes away). What was on the terminal is printed; ends with the command's status, 128+N when a signal
ended it, or 99 after 60 seconds. -1 and -2 give standard output and error to a file instead of the terminal.
"""
import os
import pty
import select
import signal
import sys
import time

args = sys.argv[1:]
files = {}
while args[0] in ("-1", "-2"):
    files[int(args[0][1])] = args[1]
    args = args[2:]
wait_for, answer, command = args[0].encode(), args[1], args[2:]

pid, terminal = pty.fork()
if pid == 0:
    for fd, name in files.items():
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), fd)
    os.execvp(command[0], command)

KEYS = {"^C": b"\x03", "^D": b"\x04"}
deadline = time.monotonic() + 60
seen = b""
typed = False
status = None
while time.monotonic() < deadline:
    if select.select([terminal], [], [], 0.02)[0]:
        try:
            data = os.read(terminal, 65536)
        except OSError:  # the last who had it open is gone
            data = b""
        if not data:
            break
        seen += data
    if not typed and wait_for in seen:
        typed = True
        if answer == "TERM":
            os.kill(pid, signal.SIGTERM)
        elif answer == "HANGUP":
            os.close(terminal)
            break
        else:
            os.write(terminal, KEYS.get(answer, answer.encode() + b"\n"))
while status is None and time.monotonic() < deadline:
    done, status_word = os.waitpid(pid, os.WNOHANG)
    if done:
        status = os.waitstatus_to_exitcode(status_word)
    else:
        time.sleep(0.01)
sys.stdout.buffer.write(seen.replace(b"\r\n", b"\n"))
sys.stdout.flush()
if status is None:
    os.kill(pid, signal.SIGKILL)
    sys.exit(99)
sys.exit(status if status >= 0 else 128 - status)
