"""A host's own firewall sees packets before anything has translated them: it opens to what the checks try."""

import re

import pytest

from planner.engine.checks import plan_checks
from tests.report.firewall.reading_powershell import read_script
from tests.report.firewall.test_hosts_and_archives import unpack
from tests.report.firewall.test_permits import flow, host, plan

ENDS = {
    "Web": ("DMZ", "192.0.2.10"), "Other": ("DMZ", "192.0.2.12"), "DB": ("Internal", "10.0.0.1", "2001:db8::1"),
    "Plain": ("Internal", "10.0.0.2"), "Two": ("Internal", "10.0.0.4", "10.0.0.5"),
    "App": ("Internal", "10.0.0.6", "2001:db8::6"),
}  # fmt: skip
FLOWS = [
    *(flow(source, to) for source in ("Web", "Other", "App") for to in ("DB", "Plain", "Two")),
    flow("DB", "Web"), flow("Web", "DB", "icmp"), flow("Web", "DB", ports="1433"),
]  # fmt: skip
SIDES = {"DMZ": "out", "Internal": "in", "Internet": "up"}
WALLS = [
    {"name": name, "format": "asa", "zones": SIDES, "published": published}
    for name, published in (
        ("FW1", {"DB": "192.0.2.100", "Web": "203.0.113.10", "Two": "192.0.2.102"}),
        ("FW2", {"DB": "192.0.2.200", "Plain": "192.0.2.201"}),
    )
]


def report(kind):
    more = {"windows": {"platforms": ["windows"]}, "nftables": {"platforms": ["linux-mac"]}}[kind]
    ends = [host(name, *addresses, zone=zone, **more) for name, (zone, *addresses) in ENDS.items()]
    return plan(ends, FLOWS, firewalls=WALLS)


def files_of(kind, made, **options):
    return unpack(kind, made, **({"host_files": True} if kind == "nftables" else {}), **options)


def outgoing(kind, text):
    """Protocol, ports and address of all that a host opens."""
    if kind == "windows":
        return {
            (rule["Protocol"].removesuffix("V4").removesuffix("v4").lower(), rule.get("RemotePort"), address)
            for rule in read_script(text.encode())
            if rule["Direction"] == "Outbound"
            for address in rule["RemoteAddress"]
        }
    found = set()
    for line in re.findall(r"(?m)^add rule inet \S+ (?:port_planner_out|output) .* daddr .*$", text):
        to = re.search(r"daddr (\{ [^}]+ \}|\S+)", line)[1].strip("{} ").split(", ")
        service = re.search(r"(tcp|udp) dport (\S+)", line)
        found |= {(*(service.groups() if service else ("icmp", None)), one) for one in to}
    return found


@pytest.mark.parametrize("kind", ["windows", "nftables"])
@pytest.mark.parametrize("options", [{}, {"default_deny": True}], ids=["beside", "deny"])
def test_a_host_opens_to_the_addresses_that_the_checks_try(kind, options):
    made = report(kind)
    files = files_of(kind, made, **options)
    tried = {name: set() for name in ENDS}
    for check in plan_checks(made):
        source = {(":" in one) for one in ENDS[check.source][1:]}
        for address in check.addresses if not check.closed else ():
            if (":" in address) in source:
                tried[check.source].add((check.protocol, check.ports, address))
    ending = {"windows": "ps1", "nftables": "nft"}[kind]
    opened = {name: outgoing(kind, files.get(f"host-{name}.{ending}", "")) for name in ENDS}
    assert opened == tried
    assert {address for _, _, address in opened["Web"]} == {"192.0.2.100", "192.0.2.201", "10.0.0.4", "10.0.0.5"}
    assert ("tcp", "443", "10.0.0.1") in opened["App"], "a neighbour sees its own address"


@pytest.mark.parametrize("kind", ["windows", "nftables"])
def test_what_a_host_accepts_is_as_before_and_its_head_says_what_it_opens_to(kind):
    ending = {"windows": "ps1", "nftables": "nft"}[kind]
    files = files_of(kind, report(kind))
    said = "# {} is seen from here as {}, and opened to under that address."
    assert said.format("DB", "192.0.2.100") in files[f"host-Web.{ending}"].replace("\r", "").split("\n")
    assert "is seen from here" not in files[f"host-App.{ending}"]
    database = files[f"host-DB.{ending}"]
    assert "10.0.0.1" in database
    assert "192.0.2.100" not in database
