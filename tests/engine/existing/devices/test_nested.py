"""Virtual domains of a FortiGate, one after another, and device groups of a Panorama, one below another: random and
broken ones, held against what their order says."""

from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.engine.existing.model import Ruleset
from planner.engine.existing.readers.fortigate import MOST_DOMAINS
from planner.engine.existing.readers.fortigate import read as read_fortigate
from planner.engine.existing.readers.paloalto import read as read_paloalto
from tests.engine.existing.devices.deciding import Packet, decide
from tests.engine.existing.devices.test_paloalto import group, panorama, rule, rules
from tests.engine.existing.test_hostile import CHANGES, attempt, mutate
from tests.strategies import often

PORTS = (22, 80, 443)
RULES = st.lists(st.tuples(st.booleans(), st.sampled_from(PORTS), st.booleans()), max_size=4)
"""Whether each admits, on which port, and whether it is in force."""


def first(rows, port):
    """What the first of the rules in force does with a port: open or closed."""
    return next(("open" if admits else "closed" for admits, of, is_on in rows if is_on and of == port), "closed")


def domains(several):
    """A FortiGate with a virtual domain for each list of rules, named d0, d1, …, with the ports a0, b0, …"""
    lines = ["config vdom", *(f"edit d{n}\nnext" for n in range(len(several))), "end", "config global",
             "config system interface"]  # fmt: skip
    lines += [f'edit "{side}{n}"\nset vdom "d{n}"\nnext' for n in range(len(several)) for side in "ab"]
    lines += ["end", "end"]
    for number, rows in enumerate(several):
        lines += ["config vdom", f"edit d{number}", "config firewall service custom"]
        lines += [f'edit "s{port}"\nset tcp-portrange {port}\nnext' for port in PORTS]
        lines += ["end", "config firewall policy"]
        for place, (admits, port, is_on) in enumerate(rows, 1):
            lines += [
                f"edit {place}", 'set srcintf "any"', 'set dstintf "any"', 'set srcaddr "all"', 'set dstaddr "all"',
                f'set service "s{port}"', 'set schedule "always"', f"set action {'accept' if admits else 'deny'}",
                *([] if is_on else ["set status disable"]), "next",
            ]  # fmt: skip
        lines += ["end", "end"]
    return "\n".join([*lines, ""])


@settings(max_examples=often(60))
@given(several=st.lists(RULES, min_size=2, max_size=4))
def test_each_virtual_domain_decides_about_its_own_interfaces_and_none_about_the_way_to_another(several):
    ruleset = read_fortigate(domains(several))
    for number, rows in enumerate(several):
        for port in PORTS:
            ends = {"source": "10.0.0.1", "destination": "192.0.2.1", "port": port, "enters": f"a{number}"}
            assert decide(ruleset, Packet(**ends, leaves=f"b{number}"))[0] == first(rows, port)
            for other in range(len(several)):
                if other != number:
                    found = decide(ruleset, Packet(**ends, leaves=f"b{other}"))[0]
                    assert found != "open", (number, other)


def nested(levels):
    """A Panorama with a group for each pair of lists of rules, each below the one before."""
    place = count()

    def base(rows, name):
        made = [
            rule(next(place), source=["any"], destination=["any"], service=[f"s{port}"], from_=["any"], to=["any"],
                 action="allow" if admits else "deny", disabled="no" if is_on else "yes")
            for admits, port, is_on in rows
        ]  # fmt: skip
        return rules(*made, base=name)

    groups = [group(f"g{n}", base(before, "pre-rulebase"), base(after, "post-rulebase"))
              for n, (before, after) in enumerate(levels)]  # fmt: skip
    parents = "".join(group(f"g{n}", f"<parent-dg>g{n - 1}</parent-dg>") for n in range(1, len(levels)))
    services = "".join(f'<entry name="s{p}"><protocol><tcp><port>{p}</port></tcp></protocol></entry>' for p in PORTS)
    return panorama(*groups, parents=parents, shared=f"<service>{services}</service>")


LEVELS = st.lists(st.tuples(RULES, RULES), min_size=1, max_size=4)
WAY = {"source": "10.0.0.1", "destination": "192.0.2.1", "enters": "out", "leaves": "in"}


@settings(max_examples=often(60))
@given(levels=LEVELS)
def test_rules_before_go_down_the_groups_and_rules_after_go_up(levels):
    ruleset = read_paloalto(nested(levels))
    order = [row for before, _ in levels for row in before] + [row for _, after in reversed(levels) for row in after]
    for port in PORTS:
        assert decide(ruleset, Packet(**WAY, port=port))[0] == first(order, port)


@settings(max_examples=often(30))
@given(levels=st.lists(st.tuples(RULES, RULES), min_size=2, max_size=4), lost=st.integers(0, 2))
def test_where_a_group_has_lost_its_parent_nothing_is_open(levels, lost):
    number = 1 + lost % (len(levels) - 1)
    text = nested(levels).replace(f"<parent-dg>g{number - 1}</parent-dg>", "")
    for port in PORTS:
        assert decide(read_paloalto(text), Packet(**WAY, port=port))[0] == "unknown"


@settings(max_examples=often(150))
@given(several=st.lists(RULES, min_size=2, max_size=3), levels=LEVELS, changes=CHANGES)
def test_broken_ones_are_read_or_refused_with_a_sentence(several, levels, changes):
    for name, text in (("fortigate", domains(several)), ("paloalto", nested(levels))):
        found = attempt(mutate(text, changes).encode("utf-8", "replace"), name)
        if isinstance(found, Ruleset):
            for port in PORTS:
                assert decide(found, Packet(**WAY, port=port))[0] in {"open", "closed", "unknown"}


CHAIN = [([(True, 443, True)], [(False, 443, True)])]
AGAIN = "config vdom\nedit d0\nconfig firewall policy\nedit 1\nend\nend\n"
SHAPES = {
    "a thousand domains": ("fortigate", lambda: domains([[(True, 443, True)]] * MOST_DOMAINS)),
    "domains within one another": ("fortigate", lambda: "config vdom\nedit a\n" * 20_000),
    "one domain again and again": (
        "fortigate", lambda: domains([[]]) + AGAIN * 5_000,
    ),
    "a thousand groups one below another": ("paloalto", lambda: nested(CHAIN * 1_000)),
    "a thousand groups beside one another": (
        "paloalto", lambda: nested(CHAIN * 1_000).replace("parent-dg", "description"),
    ),
    "groups in a circle": (
        "paloalto", lambda: nested(CHAIN * 500).replace("<readonly>", "<readonly>" + "x").replace("g0<", "g499<"),
    ),
    "one group again and again": (
        "paloalto", lambda: panorama(*[group("a", rules(rule(), base="pre-rulebase"))] * 2_000),
    ),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_no_number_or_nesting_of_them_keeps_a_reader_from_its_end(shape):
    name, make = SHAPES[shape]
    attempt(make().encode(), name)


def test_more_virtual_domains_than_a_device_has_are_refused_with_a_sentence():
    said = attempt(domains([[]] * (MOST_DOMAINS + 1)).encode(), "fortigate")
    assert said.startswith("The configuration has 1,001 virtual domains; at most 1,000 are read.")
