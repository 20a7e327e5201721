"""What a device sends on to another port is too wide where it arrives, whether or not the plan publishes it."""

import pytest

from planner.engine.existing.decide import compare_with
from planner.engine.existing.readers import READERS
from planner.report.gap.text import render_text
from tests.engine.existing.devices import test_sent_on as sent_on
from tests.engine.existing.devices.test_sent_on import FORWARDED, REAL, SEEN, TO
from tests.engine.existing.rulesets import flow, host, plan

SERVICE = '<service><entry name="web"><protocol><tcp><port>8443</port></tcp></protocol></entry></service>'
"""In place of the service of the same name."""


def widths(form, text, *flows):
    ends = [host("Public", "198.51.100.7", zone="Internet"), host("Store", REAL, zone="DMZ")]
    zones = {"Internet": "wan", "DMZ": "dmz", "Internal": "lan"}
    report = plan(ends, [flow("Public", "Store", ports=one) for one in flows], firewalls=[
        {"name": "FW", "format": form, "zones": zones}
    ])  # fmt: skip
    gap = compare_with(report, READERS[form].read(text), None, report.plan.firewalls[0])
    found = [one for one in gap.wider if one.sources != ("Store",)]  # an ASA lets through what leaves the DMZ
    return [(one.sources, one.destinations, one.services, one.narrower) for one in found], gap


def paloalto():
    rule = sent_on.paloalto(service="web", more=TO.format(REAL, "<translated-port>443</translated-port>"))
    before, _, after = rule.partition("<service><entry")
    return before + SERVICE + after.partition("</service>")[2]


def srx():
    port = [*sent_on.destination(more=" port 443"), "destination rule-set s rule r match destination-port 8443",
            "destination rule-set s rule r match protocol tcp"]  # fmt: skip
    return sent_on.srx(*port, address="real")


TEXTS = {
    "fortigate": lambda: sent_on.fortigate(("shown", sent_on.vip(more=FORWARDED.format(8443, 443)))),
    "asa": lambda: sent_on.asa(f"object network real\n nat (dmz,wan) static {SEEN} service tcp 443 8443"),
    "paloalto": paloalto,
    "srx": srx,
}


@pytest.mark.parametrize("form", TEXTS)
def test_a_forwarded_port_counts_as_the_port_on_which_it_arrives(form):
    found, gap = widths(form, TEXTS[form](), "22")
    assert found == [(("Public",), ("Store",), ("tcp 443",), ())]
    # Arriving there is what the flow is for; its own packets come for the address that nobody translates.
    found, _ = widths(form, TEXTS[form](), "443")
    assert not found
    found, _ = widths(form, TEXTS[form](), "442-443", "22")
    assert not found
    assert not [one for one in gap.unknown if not one.flows]


def test_a_virtual_ip_that_is_not_understood_is_named_where_its_policy_is():
    balanced = sent_on.fortigate(("shown", sent_on.vip(more="set type server-load-balance")), destination="all")
    _, gap = widths("fortigate", balanced, "22")
    assert not [one.construct for one in gap.unknown if not one.flows], "a policy for all is for no virtual IP"
    elsewhere = sent_on.paloalto(service="web", more=TO.format(REAL, "<translated-port>x</translated-port>"))
    found, gap = widths("paloalto", elsewhere, "22")
    assert not found
    [unknown] = [one for one in gap.unknown if not one.flows]
    assert (unknown.construct, unknown.entries) == ('nat rule "in"', ('rule "r"',))
    [line] = [one for one in render_text(gap).decode().splitlines() if 'nat rule "in" (' in one]
    assert line == '  nat rule "in" (rule "r"): decides about no flow, but perhaps what is too wide'
