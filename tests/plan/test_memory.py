"""A document made to be a burden is refused before it takes memory, each in a process of its own."""

import sys

import pytest

from tests import warm

pytestmark = pytest.mark.slow

MOST = 60 * 2**20
"""What a document may take beside the program itself; its text is an eighth of that."""
PROGRAM = """
import sys
import planner.plan.syntax as syntax
from tests.plan.test_memory import BURDENS

def peak():
    # Of this program alone: what getrusage tells begins with what the one took that started it.
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024

data, kind = BURDENS[sys.argv[1]](syntax.MAX_BYTES)
before = peak()
try:
    syntax.parse(data, kind)
except syntax.SyntaxFault as fault:
    print(peak() - before, fault)
"""
BURDENS = {
    "empty lists": lambda size: (b"[" + b"[]," * (size // 3 - 2) + b"[]]", "json"),
    "empty mappings": lambda size: (b"[" + b"{}," * (size // 3 - 2) + b"{}]", "json"),
    "numbers": lambda size: (b"[" + b"1," * (size // 2 - 2) + b"1]", "json"),
    "one key again and again": lambda size: (b"{" + b'"":0,' * (size // 5 - 2) + b'"":0}', "json"),
    "keys": lambda size: (b"{" + b",".join(b'"%x":0' % key for key in range(size // 10)) + b"}", "json"),
    "brackets that stay open": lambda size: (b"[" * size, "json"),
    "a string of escapes that stays open": lambda size: (b'"' + b"\\n" * (size // 2 - 1), "json"),
    "lists in YAML": lambda size: (b"[" + b"[]," * (size // 3 - 2) + b"[]]", "yaml"),
    "brackets that stay open in YAML": lambda size: (b"[" * size, "yaml"),
    "keys in YAML": lambda size: (b"".join(b"%x: \n" % key for key in range(size // 9)), "yaml"),
}
"""Documents as large as any that is read."""


@pytest.mark.parametrize("burden", BURDENS)
def test_a_document_made_to_be_a_burden_takes_little_memory(burden):
    line = [sys.executable, "-c", PROGRAM, burden]
    said = warm.run(line, cwd=warm.ROOT, check=True, capture_output=True, text=True).stdout
    taken, _, fault = said.partition(" ")
    assert fault.strip(), "it is refused"
    assert int(taken) < MOST, f"{int(taken) / 2**20:.0f} MiB: {fault}"
