"""Files for single hosts, archives, and Aerleon's own sources."""

import io
import ipaddress
import re
import subprocess
import sys
import zipfile
from itertools import product
from pathlib import Path

import pytest
import yaml

from planner.report import FORMATS, NotExpressible
from planner.report.firewall import iptables
from planner.report.firewall.words import clean, cut, name_endpoints, shorten
from planner.report.said.powershell import quote, quote_all
from tests.examples import UNANSWERED, report_on
from tests.report.firewall.reading import (
    EVERYTHING,
    READERS,
    expected,
    largest,
    networks,
    read_nftables_rules,
    statements,
    strange_lines,
)
from tests.report.firewall.reading_powershell import read_literal, read_script
from tests.report.firewall.test_permits import check, flow, host, plan, render
from tests.report.samples import HOSTILE_NAMES, contoso, evaluate, hostile, hostile_lot, in_lots, sites
from tests.strategies import HOSTILE_NAMES as MORE_HOSTILE_NAMES

HOST_FILES = {"host_files": True, "open_undecided": True}
PS01 = "host-PS01.ps1"


def example(slug):
    return report_on(UNANSWERED[slug])


def unpack(name, report, **options):
    with zipfile.ZipFile(io.BytesIO(FORMATS[name].render(report, None, **options))) as archive:
        assert archive.testzip() is None
        return {entry: archive.read(entry).decode() for entry in archive.namelist()}


def read(name, report, **options):
    """The files of an archive by name, as bytes."""
    with zipfile.ZipFile(io.BytesIO(FORMATS[name].render(report, None, **options))) as archive:
        return {entry: archive.read(entry) for entry in archive.namelist()}


def rules(data):
    """(direction, local, remote, port, protocol) of every rule of a script for Windows."""
    found = set()
    for rule in read_script(data):
        assert (rule["Action"], rule["Enabled"]) == ("Allow", "True")
        way = {"Inbound": "in", "Outbound": "out"}[rule["Direction"]]
        port = rule.get("LocalPort" if way == "in" else "RemotePort")
        assert (rule["Protocol"] in ("TCP", "UDP")) == bool(port)
        assert port or (rule["Protocol"], rule["IcmpType"]) == ("ICMPv4", "8")
        found |= {
            (way, local, remote, port, rule["Protocol"].lower())
            for local in rule["LocalAddress"]
            for remote in rule["RemoteAddress"]
        }
    return found


WINDOWS = [
    host("W1", "10.0.0.1", platforms=["windows"], operations=["host-heartbeat"]),
    host("W2", "10.0.0.2", "fd00::2", platforms=["windows"], operations=["host-heartbeat"]),
    host("L1", "10.0.0.3"),
    host("Far", "192.0.2.1", "2001:db8::1", zone="DMZ"),
    host("World", "any", zone="Internet", group=True),
    host("Later", zone="DMZ"),
]


def test_a_windows_host_has_what_it_accepts_and_opens_within_its_zone_too():
    flows = [
        flow("W1", "W2", ports="445"), flow("L1", "W1", "icmp"), flow("W1", "Far", "udp", "1000-2000"),
        flow("Far", "W2"), flow("World", "W1"), flow("W1", "Later"), flow("W1", "W1", ports="9"),
    ]  # fmt: skip
    report = plan(WINDOWS, flows)
    found = read("windows", report)
    assert set(found) == {"README.txt", "host-W1.ps1", "host-W2.ps1"}
    assert rules(found["host-W1.ps1"]) == {
        ("in", "10.0.0.1", "10.0.0.3", None, "icmpv4"),
        # Any, but for what is in the other zones.
        ("in", "10.0.0.1", "0.0.0.0-10.0.0.0", "443", "tcp"),
        ("in", "10.0.0.1", "10.0.0.4-192.0.2.0", "443", "tcp"),
        ("in", "10.0.0.1", "192.0.2.2-255.255.255.255", "443", "tcp"),
        ("out", "10.0.0.1", "10.0.0.2", "445", "tcp"),
        ("out", "10.0.0.1", "192.0.2.1", "1000-2000", "udp"),
    }
    assert rules(found["host-W2.ps1"]) == {
        ("in", "10.0.0.2", "10.0.0.1", "445", "tcp"),
        ("in", "10.0.0.2", "192.0.2.1", "443", "tcp"),
        ("in", "fd00::2", "2001:db8::1", "443", "tcp"),
    }
    assert "# No address in the plan yet: Later." in found["host-W1.ps1"].decode()


def host_flows(report, endpoint):
    """(direction, local, remote, ports, protocol) of every flow that a host accepts or opens, its own aside."""
    found = set()
    for one in report.flows:
        if one.scope != "same-host":
            for way, near, far in (("in", one.destination, one.source), ("out", one.source, one.destination)):
                if near.name == endpoint.name:
                    found |= {
                        (way, here, there, one.need.ports, one.need.protocol)
                        for here, there in product(networks(near), networks(far))
                        if (":" in here) == (":" in there) and not (one.need.protocol == "icmp" and ":" in here)
                    }
    return found


def uncovered(flows):
    """The flows that no other one covers: nothing but any covers another here."""
    return {
        (way, permit) for way in ("in", "out") for permit in largest({flow[1:] for flow in flows if flow[0] == way})
    }


def windows_flows(data):
    """The same of a Windows script. What any isn't is in ranges there; here that is any."""
    return {
        (way, network(local), network(remote), port, protocol.removesuffix("v4"))
        for way, local, remote, port, protocol in rules(data)
    }


def network(text):
    if text == "Any" or "-" in text:
        return EVERYTHING[6 if ":" in text else 4]
    return str(ipaddress.ip_network(text))


def nftables_flows(data):
    """The same of an nftables file: every statement is one that is known, or a rule in one of two chains."""
    found, rest = set(), statements(data.decode())
    assert rest.pop(0) == "add table inet filter"
    for way in ("in", "out"):
        place = f"inet filter port_planner_{way}"
        lines = [line for line in rest if f" {place} " in f"{line} "]
        rest = rest[len(lines) :]
        assert lines[:2] == [f"add chain {place}", f"flush chain {place}"]
        for source, destination, protocol, ports in read_nftables_rules(lines[2:], place):
            ends = (destination, source) if way == "in" else (source, destination)
            found.add((way, *ends, ports, protocol))
    assert rest == []
    return found


@pytest.mark.parametrize("slug", UNANSWERED)
@pytest.mark.parametrize(
    ("name", "options", "ending", "flows_of"),
    [("windows", {"open_undecided": True}, "ps1", windows_flows), ("nftables", HOST_FILES, "nft", nftables_flows)],
)
def test_the_file_of_a_host_permits_what_it_accepts_and_opens(slug, name, options, ending, flows_of):
    report = example(slug)
    names = name_endpoints(report.plan.endpoints)
    endpoints = {f"host-{names[endpoint.name]}.{ending}": endpoint for endpoint in report.plan.endpoints}
    found = read(name, report, **options)
    del found["README.txt"]
    assert found
    for file, data in found.items():
        assert uncovered(flows_of(data)) == uncovered(host_flows(report, endpoints[file])), file


def test_a_rule_of_windows_says_what_it_is_for_and_is_disabled_while_it_is_undecided():
    opened = {one["Name"]: one for one in read_script(read("windows", example("dmz"), open_undecided=True)[PS01])}
    closed = {one["Name"]: one for one in read_script(read("windows", example("dmz"))[PS01])}
    assert opened.keys() == closed.keys()
    undecided = {name for name, rule in closed.items() if rule["Enabled"] == "False"}
    assert undecided
    assert {name for name, rule in closed.items() if "undecided, only with" in rule["Description"]} == undecided
    assert all(rule["Enabled"] == "True" for rule in opened.values())
    (name,) = (name for name in undecided if name.startswith("PortPlanner-out-INT-CLI-191-tcp-389-"))
    assert closed[name]["DisplayName"] == "Port planner: INT-CLI-191, tcp 389"
    assert closed[name]["Description"].startswith(
        "INT-CLI-191, tcp 389 - undecided, only with Directory port for managed Active Directory: LDAP - Account disco"
    )


def test_a_rule_of_windows_keeps_its_name_while_others_come():
    def names(*flows):
        data = read("windows", plan(WINDOWS, list(flows)))["host-W1.ps1"]
        return {rule["Name"] for rule in read_script(data)}

    one, other = flow("L1", "W1", ports="443"), flow("L1", "W1", "udp", "53")
    assert names(one) < names(one, other, flow("Far", "W1", ports="22"))


def test_more_addresses_than_a_rule_takes_are_several_rules():
    many = host("Many", *(f"10.1.{n // 250}.{n % 250 + 1}" for n in range(1200)))
    data = read("windows", plan([*WINDOWS, many], [flow("Many", "W1")]))["host-W1.ps1"]
    assert [(rule["Name"], len(rule["RemoteAddress"])) for rule in read_script(data)] == [
        ("PortPlanner-in-INT-9000-tcp-443", 1000), ("PortPlanner-in-INT-9000-tcp-443-2", 200),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "it's",
        "\u2018a\u2019 \u201ab\u201b",
        "$(Remove-Item C:)",
        "`$x; | & <#",
        "x'; calc; '",
        "\n'@\n",
        '"',
        "–x",
        "",
    ],
    ids=ascii,
)
def test_what_is_quoted_for_powershell_is_that_text_and_nothing_else(text):
    assert read_literal(f"$x = {quote(text)}\n") == text
    assert read_literal(f"$x = {quote_all((text, 'b'))}\n") == [text, "b"]


def test_every_sign_that_ends_a_string_of_powershell_is_doubled():
    """The reader of these tests knows the plain one alone as an end."""
    for sign in "'\u2018\u2019\u201a\u201b":
        assert quote(f"a{sign}b") == f"'a{sign}{sign}b'"


def test_a_default_deny_of_windows_blocks_by_default_and_only_then():
    data = read("windows", example("dmz"), default_deny=True)[PS01]
    assert b"$denies = $true" in data
    assert b"What is not named here is denied at the end." in data
    assert read_script(data) == read_script(read("windows", example("dmz"))[PS01])
    assert b"$denies = $false" in read("windows", example("dmz"))[PS01]


def test_servers_have_windows_files_and_people_have_not():
    names = {name.removesuffix(".ps1") for name in unpack("windows", example("everything"))}
    assert {"host-PS01", "host-SQL01", "host-Berlin-Windows", "host-Oslo-agent"} < names
    assert not {"host-Staff", "host-ESXi-hosts", "host-Public", "host-SD01"} & names


def test_a_server_without_an_address_has_no_file_and_is_named():
    found = unpack("windows", example("everything"))
    assert "No address in the plan yet: SD01." in found["README.txt"]
    assert "Only DNS names, which are not resolved here: MAIL01 (smtp.contoso.example)." in found["README.txt"]
    assert any("SD01" in note for note in FORMATS["windows"].notes(example("everything")))


def test_host_files_for_nftables_are_read_by_nft(tmp_path):
    found = unpack("nftables", example("everything"), host_files=True)
    readme = found.pop("README.txt")
    assert "host-ESXi-hosts.nft" in found
    assert "host-Kiosks-and-workstations.nft" not in found
    assert f"{len(found)} hosts." in readme
    for name, text in found.items():
        check("nft", text, tmp_path)
        assert " hook " not in text, name
    both = found["host-PS01.nft"]
    assert "\n# nft insert rule inet filter input jump port_planner_in\n" in both
    assert "\n# nft insert rule inet filter output jump port_planner_out\n" in both
    assert re.search(r"port_planner_out ip saddr 10.0.0.10 ip daddr 10.0.0.30 udp dport 389 .*INT-\d+, udp 389", both)


def test_what_is_undecided_is_a_comment_in_the_files_of_hosts_too():
    report = example("everything")
    closed, opened = unpack("nftables", report, host_files=True), unpack("nftables", report, **HOST_FILES)
    undecided = [name for name in closed if closed[name] != opened[name]]
    assert "host-PS01.nft" in undecided
    for name in undecided:
        disabled = re.sub(r"(?m)^# (?=add rule)", "", closed[name])
        assert statements(disabled) == statements(opened[name]) != statements(closed[name])


def matches(text):
    """What the entries of a file for a host say, wherever they stand."""
    found = (
        re.search(r" ip6? .*", line) for line in text.splitlines() if re.match(r"(?:# )?add rule .* comment ", line)
    )
    return [one and one[0] for one in found]


def test_a_default_deny_of_a_linux_host_is_a_table_that_nothing_has_to_jump_to(tmp_path):
    report = example("everything")
    found = unpack("nftables", report, host_files=True, default_deny=True)
    beside = unpack("nftables", report, host_files=True)
    assert found.keys() == beside.keys()
    del found["README.txt"]
    for name, text in found.items():
        check("nft", text, tmp_path)
        assert text.count(" policy drop; }") == 2
        assert not any(" jump " in line for line in statements(text))
        assert matches(text) == matches(beside[name]), name


def test_more_lines_than_a_device_takes_are_refused(monkeypatch):
    monkeypatch.setattr(iptables, "MOST_LINES", 3)
    report = plan([host("A", "10.0.0.1", "10.0.0.2"), host("B", "10.0.0.3", "10.0.0.4", zone="DMZ")], [flow("A", "B")])
    with pytest.raises(NotExpressible, match="4 in all, and 3 are allowed"):
        FORMATS["iptables"].render(report, None)
    assert FORMATS["nftables"].render(report, None)
    found = unpack("all-firewalls", report)
    assert "firewall.iptables" not in found
    assert "iptables can't be written for this plan" in found["README.txt"]


def test_the_archive_has_every_firewall():
    report = evaluate(contoso())
    found = unpack("all-firewalls", report)
    for name in READERS:
        assert found[f"firewall.{FORMATS[name].ending}"].encode() == FORMATS[name].render(report, None)
    assert "windows/host-PS01.ps1" in found
    assert "aerleon/def/networks.yaml" in found
    assert "No address in the plan yet: Portal." in found["README.txt"]


def test_archives_are_the_same_bytes_each_time():
    for name in ("windows", "aerleon", "all-firewalls"):
        assert FORMATS[name].render(evaluate(contoso()), None) == FORMATS[name].render(evaluate(contoso()), None)


@pytest.mark.slow
def test_aclgen_reads_the_sources(tmp_path):
    """With a default deny and without, in one start."""
    report = example("everything")
    open_, denied = (unpack("aerleon", report, default_deny=deny) for deny in (False, True))
    texts = open_ | {name.replace("/pol/", "/pol/deny-"): text for name, text in denied.items() if "/pol/" in name}
    assert all(denied[name] == text for name, text in open_.items() if name.startswith("def/"))
    for name, text in texts.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "out").mkdir()
    line = [sys.executable, "-m", "aerleon", "--base_directory", "policies", "--definitions_directory", "def",
            "--output_directory", "out"]  # fmt: skip
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    made = {path.stem: path.read_text() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    both = {"asa", "fortigate", "paloalto", "srx", "nftables", "iptables"}
    assert set(made) == both | {f"deny-{name}" for name in (*both, "iptables-ipv6")}


EVERY_HOSTILE_NAME = {name.casefold(): name for name in (*HOSTILE_NAMES, *MORE_HOSTILE_NAMES)}.values()


@pytest.mark.parametrize("names", in_lots(EVERY_HOSTILE_NAME), ids=ascii)
def test_hostile_names_are_harmless_in_archives(names, tmp_path):
    document = hostile_lot(names)
    document["endpoints"][1]["addresses"] = ["192.0.2.1"]
    report = evaluate(document)
    for file, text in unpack("all-firewalls", report).items():
        assert re.fullmatch(r"[A-Za-z0-9./_-]+", file), file
        assert ".." not in file
        assert not strange_lines(text), file
        if file.endswith(".ps1"):
            read_script(text.encode())
        if file.endswith(".yaml"):
            assert yaml.safe_load(text)
    for file, text in unpack("nftables", report, host_files=True).items():
        if file.endswith(".nft"):
            check("nft", text, tmp_path)


@pytest.mark.parametrize("name", [name for name, kind in FORMATS.items() if kind.options and not kind.part])
def test_a_plan_without_rules_has_a_file_that_says_so(name):
    report = plan([], [])
    options = {"default_deny": True} if "default_deny" in FORMATS[name].options else {}
    data = FORMATS[name].render(report, None, **options)
    if FORMATS[name].content_type == "application/zip":
        assert "README.txt" in zipfile.ZipFile(io.BytesIO(data)).namelist()
    elif name in ("requests", "opnsense"):
        assert len(data.decode().splitlines()) == 1, "a head for programs"
    else:
        assert "There is no rule to write." in data.decode()


@pytest.mark.slow
def test_hundreds_of_sites_are_permitted_exactly_and_no_group_has_too_much():
    """Of two endpoints at each, which are more than any device has in a group."""
    document = sites(600)
    for number, endpoint in enumerate(document["endpoints"][4:]):
        endpoint["addresses"] = [f"10.{100 + number // 60000}.{number // 250 % 250}.{number % 250 + 1}"]
    report = evaluate(document)
    wanted = expected(report)
    for name, read in READERS.items():
        assert read(render(name, report)) == wanted, name
    with zipfile.ZipFile(io.BytesIO(FORMATS["windows"].render(report, None))) as archive:
        assert len(archive.namelist()) > 1200


def test_files_for_many_hosts_take_no_more_for_each(monkeypatch):
    """Each read the networks of all of them: for six hundred sites it took a minute."""
    counted = []

    def count(number):
        document = sites(number)
        for place, endpoint in enumerate(document["endpoints"]):
            endpoint["addresses"] = [f"10.{100 + place // 250}.{place % 250}.1"]
        report = evaluate(document)
        counted.clear()
        assert len(unpack("nftables", report, **HOST_FILES)) > 2 * number
        return len(counted)

    read = ipaddress.ip_network
    monkeypatch.setattr(ipaddress, "ip_network", lambda *given: counted.append(given) or read(*given))
    assert count(80) < 5 * count(20)


# ---- words ----


def test_nothing_is_written_to_disk_or_logged(tmp_path, monkeypatch, caplog, capfd):
    monkeypatch.chdir(tmp_path)
    report = evaluate(contoso())
    for kind in FORMATS.values():
        if kind.options and not kind.part:
            kind.render(report, None)
    assert list(tmp_path.iterdir()) == []
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


def test_a_firewall_is_imported_only_for_those_who_ask():
    code = "import sys, planner.report; print({name.split('.')[0] for name in sys.modules} & {'aerleon', 'absl'})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True,
                          cwd=Path(__file__).parents[3])  # fmt: skip
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("text", "harmless"),
    [
        ('a"; accept #', "a accept"), ("Zürich & Söhne", "Zurich Sohne"), ("a--b---c", "a-b-c"), ("😀", ""),
        ("tcp/443 (why?): x_y, z.", "tcp 443 (why ): x_y, z."), ("line\nbreak\ttab", "line break tab"),
        (f"{'!' * 3_000}at the end", "at the end"), (f"{'-' * 3_000}x", "-x"), ("word " * 900, f"{'word ' * 15}..."),
    ],
)  # fmt: skip
def test_text_keeps_harmless_characters_only(text, harmless):
    assert clean(text) == harmless


@pytest.mark.parametrize(
    ("text", "limit", "cut_text"),
    [
        ("Password reset: Windows", 23, "Password reset: Windows"),
        ("Password reset: Windows", 22, "Password reset ..."),
        ("Password reset Windows", 18, "Password reset ..."),
        ("x" * 30, 10, "xxxxxx ..."),
    ],
)
def test_what_is_cut_ends_after_a_word_and_says_so(text, limit, cut_text):
    assert cut(text, limit) == cut_text
    assert len(cut(text, limit)) <= limit


def test_names_of_objects_are_unique_short_and_don_t_depend_on_the_order():
    names = ["PS 01", "ps-01", "PS_01", "x" * 255, "x" * 254, "שרת", "😀", "Web", "endpoint"]
    endpoints = [evaluate(hostile(name)).plan.endpoints[0] for name in names]
    found = name_endpoints(endpoints)
    assert found == name_endpoints(endpoints[::-1])
    assert found["Web"] == "Web"
    assert len({name.casefold() for name in found.values()}) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9-]{1,30}", name) for name in found.values())


def test_a_name_that_is_cut_stays_another_than_its_like():
    assert shorten("INT-DMZ-150-1", 24) == "INT-DMZ-150-1"
    one, other = shorten("A" * 30 + "1", 24), shorten("A" * 30 + "2", 24)
    assert one != other
    assert len(one) == len(other) == 24


def test_sources_for_aerleon_leave_out_what_is_undecided_and_say_so():
    report = example("everything")
    closed, opened = unpack("aerleon", report), unpack("aerleon", report, open_undecided=True)
    undecided = {rule.id for rule in report.rules if rule.any_of}
    assert undecided
    for name, text in closed.items():
        assert not any(f"{rule}, " in text for rule in undecided), name
    assert all(any(f"{rule}, " in text for text in opened.values()) for rule in undecided)
    assert "left out, since a choice is open" in closed["README.txt"]
    assert "left out, since" not in opened["README.txt"]
