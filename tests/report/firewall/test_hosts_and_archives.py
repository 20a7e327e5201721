"""Files for single hosts, archives, and Aerleon's own sources."""

import io
import re
import subprocess
import sys
import zipfile
from itertools import product
from pathlib import Path

import pytest
import yaml

from planner.engine import evaluate_report
from planner.plan.document import read_plan
from planner.report import FORMATS, NotExpressible
from planner.report.firewall import files
from planner.report.firewall.words import clean, cut, name_endpoints, shorten
from ports.queries import shipped_matrix
from tests.examples import UNANSWERED
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
from tests.report.firewall.test_permits import check, flow, host, plan, render
from tests.report.samples import HOSTILE_NAMES, contoso, evaluate, hostile, sites
from tests.strategies import HOSTILE_NAMES as MORE_HOSTILE_NAMES

HOST_FILES = {"host_files": True, "open_undecided": True}


def example(slug):
    return evaluate_report(shipped_matrix(), read_plan(UNANSWERED[slug].data, matrix=shipped_matrix()))


def unpack(name, report, **options):
    with zipfile.ZipFile(io.BytesIO(FORMATS[name].render(report, None, **options))) as archive:
        assert archive.testzip() is None
        return {entry: archive.read(entry).decode() for entry in archive.namelist()}


def rules(text):
    """(direction, local, remote, port, protocol) of every rule of a Windows file."""
    found = set()
    for line in text.splitlines():
        if line.startswith("netsh "):
            words = dict(word.split("=", 1) for word in line.split() if "=" in word)
            assert (words["action"], words["enable"]) == ("allow", "yes")
            port = words.get("localport" if words["dir"] == "in" else "remoteport")
            assert not {"localport", "remoteport"} & words.keys() or port
            found |= {
                (words["dir"], local, remote, port, words["protocol"])
                for local in words["localip"].split(",")
                for remote in words["remoteip"].split(",")
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
    found = unpack("windows", report)
    assert set(found) == {"README.txt", "host-W1.bat", "host-W2.bat"}
    assert rules(found["host-W1.bat"]) == {
        ("in", "10.0.0.1/32", "10.0.0.3/32", None, "icmpv4:8,any"),
        ("in", "10.0.0.1/32", "any", "443", "tcp"),
        ("out", "10.0.0.1/32", "10.0.0.2/32", "445", "tcp"),
        ("out", "10.0.0.1/32", "192.0.2.1/32", "1000-2000", "udp"),
    }
    assert rules(found["host-W2.bat"]) == {
        ("in", "10.0.0.2/32", "10.0.0.1/32", "445", "tcp"),
        ("in", "10.0.0.2/32", "192.0.2.1/32", "443", "tcp"),
        ("in", "fd00::2/128", "2001:db8::1/128", "443", "tcp"),
    }
    assert "rem No address in the plan yet: Later." in found["host-W1.bat"]
    assert "\n" not in found["host-W1.bat"].replace("\r\n", "")


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


def windows_flows(text):
    """The same of a Windows file."""
    every = {"any": EVERYTHING[4]}
    return {
        (way, local, every.get(remote, remote), port, "icmp" if protocol == "icmpv4:8,any" else protocol)
        for way, local, remote, port, protocol in rules(text)
    }


def nftables_flows(text):
    """The same of an nftables file: every statement is one that is known, or a rule in one of two chains."""
    found, rest = set(), statements(text)
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
    ("name", "options", "ending", "read"),
    [("windows", {"open_undecided": True}, "bat", windows_flows), ("nftables", HOST_FILES, "nft", nftables_flows)],
)
def test_the_file_of_a_host_permits_what_it_accepts_and_opens(slug, name, options, ending, read):
    report = example(slug)
    names = name_endpoints(report.plan.endpoints)
    endpoints = {f"host-{names[endpoint.name]}.{ending}": endpoint for endpoint in report.plan.endpoints}
    found = unpack(name, report, **options)
    del found["README.txt"]
    assert found
    for file, text in found.items():
        assert uncovered(read(text)) == uncovered(host_flows(report, endpoints[file])), file


def test_a_rule_of_windows_says_what_it_is_for_and_whether_it_is_undecided():
    text = unpack("windows", example("dmz"), open_undecided=True)["host-PS01.bat"].replace("\r\n", "\n")
    closed = unpack("windows", example("dmz"))["host-PS01.bat"].replace("\r\n", "\n")
    assert re.search(r"name=o_out-INT-CLI-191-\d+ enable=no ", closed)
    assert len(re.findall(r" enable=yes ", closed)) < len(re.findall(r" enable=yes ", text))
    assert re.search(
        r"^rem INT-CLI-191, tcp 389\nrem undecided, only with Directory port for managed Active Directory: LDAP\n"
        r"rem Account discovery: .*\n(?:rem   .*\n)*netsh advfirewall firewall add rule name=o_out-INT-CLI-191-\d+ ",
        text,
        re.MULTILINE,
    )
    assert len(re.findall("^rem .*, (?:tcp|udp) [0-9-]+$", text, re.MULTILINE)) == len(rules(text))


def test_servers_have_windows_files_and_people_have_not():
    names = {name.removesuffix(".bat") for name in unpack("windows", example("everything"))}
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
    assert re.search(
        r"port_planner_out ip saddr 10.0.0.10 ip daddr 10.0.0.30 udp dport 389 .*same-zone, udp 389", both
    )


def test_what_is_undecided_is_a_comment_in_the_files_of_hosts_too():
    report = example("everything")
    closed, opened = unpack("nftables", report, host_files=True), unpack("nftables", report, **HOST_FILES)
    undecided = [name for name in closed if closed[name] != opened[name]]
    assert "host-PS01.nft" in undecided
    for name in undecided:
        disabled = re.sub(r"(?m)^# (?=add rule)", "", closed[name])
        assert statements(disabled) == statements(opened[name]) != statements(closed[name])


@pytest.mark.parametrize(("name", "options"), [("windows", {}), ("nftables", {"host_files": True})])
def test_a_host_file_that_would_cut_the_host_off_is_refused_with_a_sentence(name, options):
    with pytest.raises(NotExpressible, match=r"can't be written for this plan: .+\.$"):
        FORMATS[name].render(evaluate(contoso()), None, default_deny=True, **options)


def test_more_lines_than_a_device_takes_are_refused(monkeypatch):
    monkeypatch.setattr(files, "MOST_LINES", 3)
    report = plan([host("A", "10.0.0.1", "10.0.0.2"), host("B", "10.0.0.3", "10.0.0.4", zone="DMZ")], [flow("A", "B")])
    for name in ("iptables",):
        with pytest.raises(NotExpressible, match="4 in all, and 3 are allowed"):
            FORMATS[name].render(report, None)
    assert FORMATS["nftables"].render(report, None)
    found = unpack("all-firewalls", report)
    assert "firewall.iptables" not in found
    assert "iptables can't be written for this plan" in found["README.txt"]


def test_the_archive_has_every_firewall():
    report = evaluate(contoso())
    found = unpack("all-firewalls", report)
    for name in READERS:
        assert found[f"firewall.{FORMATS[name].ending}"].encode() == FORMATS[name].render(report, None)
    assert "windows/host-PS01.bat" in found
    assert "aerleon/def/networks.yaml" in found
    assert "No address in the plan yet: Portal." in found["README.txt"]


def test_archives_are_the_same_bytes_each_time():
    for name in ("windows", "aerleon", "all-firewalls"):
        assert FORMATS[name].render(evaluate(contoso()), None) == FORMATS[name].render(evaluate(contoso()), None)


@pytest.mark.parametrize("deny", [False, True])
@pytest.mark.slow
def test_aclgen_reads_the_sources(deny, tmp_path):
    """Of two targets it can't: see docs/firewalls.md on faults of Aerleon 1.18 that are worked around."""
    report = example("everything")
    for name, text in unpack("aerleon", report, default_deny=deny).items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "out").mkdir()
    (tmp_path / "policies/pol/fortigate.yaml").unlink()
    line = [sys.executable, "-m", "aerleon", "--base_directory", "policies", "--definitions_directory", "def",
            "--output_directory", "out"]  # fmt: skip
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    made = {path.stem: path.read_text() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert set(made) == {"asa", "paloalto", "srx", "nftables", "iptables"} | ({"iptables-ipv6"} if deny else set())


@pytest.mark.parametrize("name", sorted({*HOSTILE_NAMES, *MORE_HOSTILE_NAMES}), ids=ascii)
def test_hostile_names_are_harmless_in_archives(name, tmp_path):
    document = hostile(name)
    document["endpoints"][1]["addresses"] = ["192.0.2.1"]
    report = evaluate(document)
    for file, text in unpack("all-firewalls", report).items():
        assert re.fullmatch(r"[A-Za-z0-9./_-]+", file), file
        assert ".." not in file
        assert not strange_lines(text), file
        if file.endswith(".bat"):
            for line in text.splitlines():
                assert re.match(r"rem |netsh |:|$", line), line
                assert not set('%&|<>^"!') & set(line), line
        if file.endswith(".yaml"):
            assert yaml.safe_load(text)
    for file, text in unpack("nftables", report, host_files=True).items():
        if file.endswith(".nft"):
            check("nft", text, tmp_path)


@pytest.mark.parametrize("name", [name for name, kind in FORMATS.items() if kind.options and not kind.part])
def test_a_plan_without_rules_has_a_file_that_says_so(name):
    report = plan([], [])
    denies = name != "windows" and "default_deny" in FORMATS[name].options
    options = {"default_deny": True} if denies else {}
    data = FORMATS[name].render(report, None, **options)
    if FORMATS[name].content_type == "application/zip":
        assert "README.txt" in zipfile.ZipFile(io.BytesIO(data)).namelist()
    elif name == "requests":
        assert data.decode().splitlines() == ["Source,Destination,Service,Action,Comment,Ticket"]  # for programs
    else:
        assert "There is no rule to write." in data.decode()


@pytest.mark.slow
def test_a_thousand_sites_are_permitted_exactly_and_no_line_is_too_long():
    document = sites(1000)
    for number, endpoint in enumerate(document["endpoints"][4:]):
        endpoint["addresses"] = [f"10.{100 + number // 60000}.{number // 250 % 250}.{number % 250 + 1}"]
    report = evaluate(document)
    wanted = expected(report)
    for name, read in READERS.items():
        assert read(render(name, report)) == wanted, name
    found = unpack("windows", report)
    assert len(found) > 2000
    longest = max(len(line) for text in found.values() for line in text.splitlines())
    assert longest < 8191  # the most that cmd.exe reads


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
