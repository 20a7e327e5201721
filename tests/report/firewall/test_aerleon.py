"""What Aerleon itself makes of the sources: the command of their README, and who any is in what it writes."""

import ipaddress
import re
import subprocess
import sys

import pytest
import yaml

from planner.engine.existing.readers import asa, paloalto
from tests.each import each
from tests.engine.existing.packets import Packet, decide
from tests.report.firewall.test_hosts_and_archives import unpack
from tests.report.firewall.test_permits import check, flow, host, plan

NAMES = ("asa", "fortigate", "paloalto", "srx", "nftables", "iptables", "iptables-ipv6")
EVERYBODY = host("Everybody", "any", zone="Internet", group=True)
INSIDE, NEIGHBOUR, OUTSIDE = (
    ("10.0.0.5", "fd00::5"),
    ("192.0.2.20", "2001:db8:d::20"),
    ("198.51.100.9", "2001:db8:9::9"),
)


def report_of(*more, **changes):
    """Somebody to the portal and the portal to somebody, beside servers inside."""
    ends = [host("PS01", *INSIDE), host("Portal", *NEIGHBOUR, zone="DMZ"), EVERYBODY]
    return plan(ends, [flow("Everybody", "Portal"), flow("Portal", "Everybody", ports="25"), *more], **changes)


def run(files, place):
    """What aclgen makes of them, by the command that their README names."""
    for name, text in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (line,) = (one for one in files["README.txt"].splitlines() if one.startswith("aclgen "))
    words = [sys.executable, "-m", "aerleon", *line.split()[1:]]
    (place / "out").mkdir()
    done = subprocess.run(words, cwd=place, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    return {path.stem: path.read_text() for path in (place / "out").rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    return run(unpack("aerleon", report_of()), tmp_path_factory.mktemp("aerleon"))


def test_aclgen_writes_a_file_for_each_target(written):
    assert sorted(written) == sorted(NAMES)


@each(("source", "port", "verdict"), [(OUTSIDE, 443, "accept"), (INSIDE, 443, "drop")])
def test_any_is_none_of_other_zones_on_an_asa(written, source, port, verdict):
    ruleset = asa.read(written["asa"] + "\naccess-group FROM-NET in interface NET\n")
    assert decide(ruleset, Packet(source[0], NEIGHBOUR[0], "tcp", port, "NET")) == verdict


@each(("way", "verdict"), [
    ((OUTSIDE, NEIGHBOUR, 443), "accept"), ((INSIDE, NEIGHBOUR, 443), "drop"),
    ((NEIGHBOUR, OUTSIDE, 25), "accept"), ((NEIGHBOUR, INSIDE, 25), "drop"),
])  # fmt: skip
@each("family", [0, 1])
def test_any_is_none_of_other_zones_on_a_palo_alto(written, way, verdict, family):
    source, destination, port = way
    zones = ("NET", "DMZ") if port == 443 else ("DMZ", "NET")
    packet = Packet(source[family], destination[family], "tcp", port, *zones)
    assert decide(paloalto.read(written["paloalto"]), packet) == verdict


def test_any_is_none_of_other_zones_in_nftables(written, tmp_path):
    check("nft", written["nftables"], tmp_path)
    (four,) = re.findall(r"ip saddr 192.0.2.20/32 ip daddr \{ (.*?) \} tcp dport 25 ", written["nftables"])
    (six,) = re.findall(r"ip6 saddr 2001:db8:d::20/128 ip6 daddr \{ (.*?) \} tcp dport 25 ", written["nftables"])
    for said, inside, outside in ((four, INSIDE[0], OUTSIDE[0]), (six, INSIDE[1], OUTSIDE[1])):
        assert holds(said.split(", "), outside)
        assert not holds(said.split(", "), inside)


def holds(networks, address):
    found = ipaddress.ip_address(address)
    return any(found in network for network in map(ipaddress.ip_network, networks) if network.version == found.version)


@each(("name", "family"), [("iptables", 0), ("iptables-ipv6", 1)])
def test_any_is_none_of_other_zones_in_iptables(written, name, family):
    lines = [line for line in written[name].splitlines() if "A P_DMZ-NET" in line and " -j " in line]
    back = [line.split()[3] for line in lines[:-1] if line.split()[2] == "-d" and line.endswith("-j RETURN")]
    assert len(back) == len(lines) - 1
    assert holds(back, INSIDE[family])
    assert not holds(back, OUTSIDE[family])
    assert f" -s {NEIGHBOUR[family]}/" in lines[-1]
    assert lines[-1].endswith("-j ACCEPT")


@each(
    ("target", "start", "end"), [("fortigate", r"set dstaddr6? ", "\n"), ("srx", r"destination-address \[ ", r" \]")]
)
def test_any_is_the_object_of_what_is_left_on_a_fortigate_and_an_srx(written, target, start, end):
    said = set(re.findall(f"{start}(.*?){end}", written[target]))
    names = {re.sub("_part[23]$", "", name) for one in said for name in one.replace('"', "").split()}
    assert names == {"V4-Portal", "V6-Portal", "V4-any_but_1", "V6-any_but_2"}


def test_what_is_left_is_in_objects_of_no_more_than_an_srx_takes_in_a_term():
    servers = [f"10.{number}.7.9" for number in range(40)]
    ends = [host("Many", *servers), host("Portal", "192.0.2.20", zone="DMZ"), EVERYBODY]
    files = unpack("aerleon", plan(ends, [flow("Everybody", "Portal")]))
    objects = {
        name: [one["address"] for one in kind["values"]]
        for name, kind in yaml.safe_load(files["def/networks.yaml"])["networks"].items()
    }
    rest = [name for name in objects if name.startswith("V4-any_but")]
    assert rest == ["V4-any_but_1", "V4-any_but_1_part2"]
    assert all(0 < len(objects[name]) <= 400 for name in rest)
    every = [network for name in rest for network in objects[name]]
    assert [holds(every, one) for one in ("10.39.7.9", "192.0.2.20", "10.39.7.8", "192.0.2.21")] == [
        False,
        False,
        True,
        True,
    ]
    terms = [
        term for filter_ in yaml.safe_load(files["policies/pol/srx.yaml"])["filters"] for term in filter_["terms"]
    ]
    assert [term["source-address"] for term in terms] == [[name] for name in rest]


def test_an_any_of_which_nothing_is_left_is_nobody():
    ends = [host("All", "0.0.0.0/1", "128.0.0.0/1"), host("Portal", "192.0.2.20", zone="DMZ"), EVERYBODY]
    files = unpack("aerleon", plan(ends, [flow("Everybody", "Portal"), flow("All", "Portal", ports="80")]))
    for name in ("asa", "nftables", "srx"):
        assert "TCP-80" in files[f"policies/pol/{name}.yaml"]
        assert "TCP-443" not in files[f"policies/pol/{name}.yaml"]


@pytest.mark.parametrize("echoes", [(), ("alone",)], ids=["beside others", "alone"])
def test_echo_requests_keep_aclgen_from_no_file(echoes, tmp_path):
    ends = [host("PS01", "10.0.0.5"), host("Portal", "192.0.2.20", zone="DMZ")]
    flows = [flow("PS01", "Portal", "icmp"), *([] if echoes else [flow("PS01", "Portal", ports="25")])]
    files = unpack("aerleon", plan(ends, flows))
    made = run(files, tmp_path)
    assert {"asa", "fortigate", "paloalto", "srx", "nftables", "iptables"} == set(made)
    named = "Echo requests in the policy for FortiGate" in " ".join(files["README.txt"].split())
    assert (named, "icmp" in made["fortigate"].casefold()) == ((False, True) if echoes else (True, False))
    assert "INT-DMZ-9000" in files["README.txt"] or echoes
    assert "icmp" in made["srx"]
