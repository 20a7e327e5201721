"""What each file of tests costs in processor time: `python -m pytest -p tests.costs`, with any options and workers.

Counted is the process that runs the tests, its live server among it, and every process that comes of it: the browser
and what drives it, and programs that tests start. Wall time says little on a machine with other things to do; this
stays nearly the same. Linux only. A test pays for what it is the first to need: the browser, the database.
"""

import os
from collections import Counter, defaultdict
from pathlib import Path

import pytest

TICKS = os.sysconf("SC_CLK_TCK")
OWN, BROWSER, DRIVER, OTHERS = PARTS = ("own", "browser", "driver", "others")
LINES = 40
"""Tests that are listed one by one, the dearest first."""
BEFORE = pytest.StashKey[Counter]()
_seen = {}
"""By its number, each process that this one has started: what it and those below it had spent when last looked at."""


def read_processes():
    """Of every process: number, parent, name, its processor seconds, and those of its children that have ended."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text("utf-8", "replace")
        except OSError:  # it has ended
            continue
        fields = text[text.rindex(")") + 2 :].split()
        own, ended = sum(map(int, fields[11:13])) / TICKS, sum(map(int, fields[13:15])) / TICKS
        yield int(path.parent.name), int(fields[1]), text[text.index("(") + 1 : text.rindex(")")], own, ended


def read_spent():
    """Processor seconds up to now, by PARTS."""
    found, children = {}, defaultdict(list)
    for number, parent, *rest in read_processes():
        found[number] = rest
        children[parent].append(number)

    def sum_up(number):
        name, own, ended = found[number]
        is_driver = name.startswith("node")
        part = DRIVER if is_driver else BROWSER if name.startswith("chrom") else OTHERS
        spent = Counter({part: own})
        spent[BROWSER if is_driver else part] += ended
        for child in children[number]:
            spent += sum_up(child)
        return spent

    for child in children[os.getpid()]:
        _seen[child] = sum_up(child)
    _name, own, ended = found[os.getpid()]
    lost = sum(spent.total() for child, spent in _seen.items() if child not in found)
    spent = Counter({OWN: own, OTHERS: max(ended - lost, 0)})
    for others in _seen.values():
        spent += others
    return spent


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    item.config.stash[BEFORE] = read_spent()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == "teardown":
        before, after = item.config.stash[BEFORE], read_spent()
        report.user_properties.append(("processor", {part: after[part] - before[part] for part in PARTS}))
    return report


def pytest_terminal_summary(terminalreporter):
    tests, files, all_ = {}, defaultdict(Counter), Counter(tests=0)
    for reports in terminalreporter.stats.values():  # a teardown that passes is under the empty name
        for report in reports:
            for name, spent in getattr(report, "user_properties", ()):
                if name == "processor" and report.when == "teardown":
                    tests[report.nodeid] = Counter(spent, tests=1)
    for address, spent in tests.items():
        files[address.partition("::")[0]].update(spent)
        all_.update(spent)

    def cost(pair):
        return sum(pair[1][part] for part in PARTS)

    terminalreporter.section("processor seconds")
    terminalreporter.write_line(f"{'all':>8} {' '.join(f'{part:>8}' for part in PARTS)} tests")
    dearest = sorted(tests.items(), key=cost, reverse=True)[:LINES]
    for name, spent in (("", all_), *sorted(files.items(), key=cost, reverse=True), *dearest):
        parts = " ".join(f"{spent[part]:8.1f}" for part in PARTS)
        terminalreporter.write_line(f"{cost((name, spent)):8.1f} {parts} {spent['tests']:5} {name}")
