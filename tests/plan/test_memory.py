"""A document made to be a burden is refused before it takes memory, each in a process of its own."""

import sys

import pytest

from tests import warm
from tests.plan.large import BURDENS

pytestmark = pytest.mark.slow

MOST = 150 * 2**20
"""What a document of 8 MiB may take beside the program and its own text: most of it are keys, 400,000 at most."""
PROGRAM = """
import sys
import planner.plan.syntax as syntax
from tests.plan.large import BURDENS

def read(name):
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) * 1024

data, kind = BURDENS[sys.argv[1]](syntax.MAX_BYTES)
with open("/proc/self/clear_refs", "w") as peak:  # to make the document took more than it takes when it is there
    peak.write("5")
before = read("VmRSS")
try:
    syntax.parse(data, kind)
except syntax.SyntaxFault as fault:
    print(read("VmHWM") - before, fault)
"""


@pytest.mark.parametrize("burden", BURDENS)
def test_a_document_made_to_be_a_burden_takes_little_memory(burden):
    line = [sys.executable, "-c", PROGRAM, burden]
    said = warm.run(line, cwd=warm.ROOT, check=True, capture_output=True, text=True).stdout
    taken, _, fault = said.partition(" ")
    assert fault.strip(), "it is refused"
    assert int(taken) < MOST, f"{int(taken) / 2**20:.0f} MiB: {fault}"
