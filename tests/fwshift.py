"""Another program, fwshift, asked over and over: it is started once, since to start it takes five times its work.

It stays a program of its own and is never imported here: `PROGRAM` runs by itself, and both talk in lines.
"""

import atexit
import json
import subprocess
import sys
from functools import cache

PROGRAM = """
import contextlib, io, json, sys
from fwshift.cli import main

for line in sys.stdin:
    said, told = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(told):
        try:
            status = main(json.loads(line))
        except SystemExit as end:
            status = end.code
    print(json.dumps([status, said.getvalue(), told.getvalue()]), flush=True)
"""


@cache
def start():
    """The program, which ends with this process."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    )
    atexit.register(end, process)
    return process


def end(process):
    process.stdin.close()
    process.wait()
    process.stdout.close()


def find_differences(first, first_kind, second, second_kind, *options):
    """What it says of two configurations, files of these kinds: connections that pass one and not the other."""
    process = start()
    line = ["compare", "--from", first_kind, "--from-second", second_kind, str(first), str(second), "--json", *options]
    print(json.dumps(line), file=process.stdin, flush=True)
    answer = process.stdout.readline()
    assert answer, "fwshift has ended; scripts/setup.sh --test installs it"
    status, said, told = json.loads(answer)
    assert status in (0, 3), told
    return json.loads(said)["differences"]
