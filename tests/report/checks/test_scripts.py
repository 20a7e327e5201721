"""The check scripts: what stands in them, and what comes of those for bash on this very host."""

import io
import json
import os
import re
import shutil
import socket
import subprocess
import threading
import zipfile
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import jsonschema
import pytest

from planner.engine.acceptance import Run, assess
from planner.engine.checks import digest_of
from planner.plan.check_results import read_results, results_schema
from planner.report import FORMATS
from planner.report.checks.probes import PROBES
from planner.report.checks.scripts import read_program
from planner.report.said.edition import Edition
from planner.report.said.filters import Filter, select
from tests.report.checks.running import BASH, HERE, archive_of, loopback, outcomes, run_script
from tests.report.firewall.reading_powershell import parse
from tests.report.samples import WORST_NAMES, contoso, evaluate, worst
from tests.report.test_hostile_plan import DAY


@contextmanager
def listening(*wanted, answer=True):
    """Sockets of this host that accept, or answer to UDP: (address, protocol, port); what UDP was sent."""
    sent = []
    with ExitStack() as stack:
        for address, protocol, port in wanted:
            kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
            one = stack.enter_context(socket.socket(socket.AF_INET, kind))
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            one.bind((address, port))
            if protocol == "tcp":
                one.listen(10)
            else:
                threading.Thread(target=_answer, args=(one, sent, answer), daemon=True).start()
        yield sent


def _answer(one, sent, answer):
    try:
        while True:
            data, caller = one.recvfrom(65536)
            sent.append(data)
            if answer:
                one.sendto(b"\x00", caller)
    except OSError:
        return


# ---- the archive ----


def test_the_archive_has_two_scripts_for_each_source_and_is_the_same_each_time():
    report = evaluate(contoso())
    files = archive_of(contoso())
    sources = {flow.source.name for flow in report.flows}
    assert {f"{name}{end}" for name in sources for end in (".sh", ".ps1")} < set(files)
    assert {"README.txt", "plan.json", "listen.sh", "listen.ps1"} < set(files)
    assert FORMATS["checks"].render(report) == FORMATS["checks"].render(evaluate(contoso()))
    said = json.loads(files["plan.json"])
    assert said["report"] == digest_of(report)
    assert {check["source"] for check in said["checks"]} >= sources
    readme = files["README.txt"].decode()
    assert "Of a range of ports both ends and one port between are tried." in readme
    [task] = [line for line in readme.splitlines() if "schtasks" in line]
    assert '/RU "NT AUTHORITY\\NETWORK SERVICE"' in task, "it runs while nobody is logged on"
    assert "administrator" in readme


def test_a_source_that_is_called_as_our_files_are_gets_another_name():
    document = loopback(("SQL", "tcp", "1"))
    for end in document["endpoints"]:
        end["name"] = end["name"].replace("PS01", "Listen")
    document["additional_flows"][0]["source"] = "Listen"
    assert {"Listen-2.sh", "Listen-2.ps1", "listen.sh"} < set(archive_of(document))


def test_a_source_of_any_script_has_scripts_that_a_disk_takes(tmp_path):
    document = json.loads(json.dumps(loopback(("SQL", "tcp", "1"))).replace("PS01", "漢" * 100))
    with zipfile.ZipFile(io.BytesIO(FORMATS["checks"].render(evaluate(document)))) as archive:
        archive.extractall(tmp_path)
    assert len(list(tmp_path.glob("漢*"))) == 2


def test_both_scripts_of_a_source_have_the_same_list_and_it_says_what_plan_json_says():
    files = archive_of(contoso())
    said = json.loads(files["plan.json"])["checks"]
    for name in {check["source"] for check in said}:
        lists = []
        for end in (".sh", ".ps1"):
            text = files[f"{name}{end}"].decode("ascii").replace("\r\n", "\n")
            lists.append(re.search(r"\n((?:closed-)?[0-9a-f]{16}\t.*?)\n(?:END OF LIST|'@)\n", text, re.DOTALL)[1])
        assert lists[0] == lists[1]
        rows = [line.split("\t") for line in lists[0].splitlines()]
        assert {(row[0], row[1]) for row in rows} == {
            (check["id"], check["must_be"]) for check in said if check["source"] == name
        }


def test_a_part_of_a_report_has_its_checks_and_the_digest_of_the_whole():
    report = evaluate(contoso())
    part, selection = select(report, Filter(protocol="udp"))
    assert 0 < len(part.flows) < len(report.flows)
    data = FORMATS["checks"].render(part, Edition(date=DAY, selection=selection))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        said = json.loads(archive.read("plan.json"))
        assert b"Only a part of the plan: " in archive.read("README.txt")
    assert said["report"] == digest_of(report)
    flows = [check for check in said["checks"] if check["must_be"] == "open"]
    assert len(flows) == len(part.flows)
    assert {check["ports"] for check in said["checks"]} & {"8443"} == set(), "no sample on a port that others need"


@pytest.mark.parametrize("name", ["PS01.ps1", "listen.ps1"])
def test_powershell_parses_and_is_ascii_with_the_line_ends_of_windows(name):
    text = archive_of(contoso())[name].decode("ascii")
    assert "\n" not in text.replace("\r\n", "")
    parse(text.replace("\r\n", "\n"))


@pytest.mark.parametrize("name", ["check.sh", "check.ps1", "listen.sh", "listen.ps1"])
def test_a_program_is_short_enough_to_be_read(name):
    lines = read_program(name).splitlines()
    assert len(lines) < 340
    assert max(map(len, lines)) < 120
    words = r"\b(wget|sudo|rm|Invoke-Expression|iex|eval)\b"
    assert not [line for line in lines if re.search(words, line)]


def test_powershell_takes_nothing_but_a_missing_route_for_one():
    """As bash does; of anything else it says the system's words."""
    before, _, after = read_program("check.ps1").partition("no route to such an address")
    asked = before.splitlines()[-2].strip()
    assert asked == "if ($noRoute -contains [string] $cause.SocketErrorCode) {"
    # It is UDP's own attempt, and for TCP and a ping something else: they are tried, and what comes of that is told.
    thrown = [line.strip() for line in after.partition("if ($Protocol -eq 'icmp')")[0].splitlines() if "throw" in line]
    assert thrown == ["if ($Protocol -eq 'udp') { throw }"]
    known = set(re.findall("'([A-Za-z]+)'", re.search(r"\$noRoute = (.*)", before)[1]))
    assert known == {"NetworkUnreachable", "HostUnreachable", "AddressNotAvailable", "AddressFamilyNotSupported"}


# ---- names that would be commands ----


@pytest.mark.slow
def test_a_hostile_plan_is_text_in_every_script(tmp_path):
    files = archive_of(worst())
    assert len(files) > 2 * len(WORST_NAMES)
    for name, data in files.items():
        if name.endswith((".sh", ".ps1")):
            data.decode("ascii")
        if name.endswith(".ps1"):
            parse(data.decode("ascii").replace("\r\n", "\n"))
        elif name.endswith(".sh"):
            subprocess.run(["bash", "-n"], input=data, check=True)
    name = next(one for one in files if "reboot" in one and one.endswith(".sh"))
    # Without a network nothing is reached; whatever ran would show.
    trap = tmp_path / "bin"
    trap.mkdir()
    for program in ("reboot", "accept", "calc"):
        (trap / program).write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        (trap / program).chmod(0o755)
    assert os.geteuid() == 0, "a namespace without a network needs root"
    status, results, _ = run_script(
        files[name], folder=tmp_path, before=["env", f"PATH={trap}:/usr/bin:/bin", "unshare", "-n"]
    )
    assert not (tmp_path / "ran").exists()
    assert results["source"] == "$(reboot) %COMSPEC% ${x}"
    assert {row["outcome"] for row in results["results"]} <= {"skipped", "unresolved"}
    assert {row["destination"] for row in results["results"]} <= set(WORST_NAMES)
    assert status in (0, 3)


# ---- what comes of them ----


def test_open_refused_and_unproven_are_told_apart(tmp_path):
    document = loopback(
        ("SQL", "tcp", "41433"), ("SQL", "tcp", "41434"), ("SQL", "udp", "41514"), ("SQL", "udp", "41515"),
        ("SQL", "udp", "41516"),
    )  # fmt: skip
    script = archive_of(document)["PS01.sh"]
    with listening((HERE, "tcp", 41433), (HERE, "udp", 41514)), listening(
        (HERE, "udp", 41515), answer=False
    ):  # fmt: skip
        status, results, said = run_script(script, "--timeout", "4", folder=tmp_path)
    assert outcomes(results) == {
        ("SQL", HERE, "tcp", "41433"): "open",
        ("SQL", HERE, "tcp", "41434"): "refused",
        ("SQL", HERE, "udp", "41514"): "open",
        ("SQL", HERE, "udp", "41515"): "unproven",
        ("SQL", HERE, "udp", "41516"): "refused",
    }
    assert {key[0]: value for key, value in outcomes(results, closed=True).items()}["SQL"] == "refused"
    assert status == 3, "what must be closed is reached on this host"
    assert "2 open\n" in said
    jsonschema.validate(results, results_schema())
    report = evaluate(document)
    state = assess(report, [Run(name="x", results=read_results(json.dumps(results).encode()))])
    assert sorted(one.status for one in state.flows) == ["open", "open", "refused", "refused", "unproven"]


def test_a_range_a_network_a_name_and_a_host_that_is_not_known(tmp_path):
    document = loopback(
        ("SQL", "tcp", "42000-42010"), ("Far", "tcp", "42100"), ("Named", "tcp", "42200"), ("Unknown", "tcp", "42300")
    )
    script = archive_of(document)["PS01.sh"]
    with listening(*((HERE, "tcp", port) for port in (42000, 42005)), ("127.9.3.4", "tcp", 42100)):
        _, results, _ = run_script(script, "--timeout=20", folder=tmp_path)
        _, with_host, _ = run_script(script, "--host", "127.9.3.4", "--host", "10.1.1.1", folder=tmp_path)
    found = outcomes(results)
    assert [found["SQL", HERE, "tcp", port] for port in ("42000", "42005", "42010")] == [
        "open", "open", "refused",
    ]  # fmt: skip
    assert found["Far", "127.9.0.0/16", "tcp", "42100"] == "skipped"
    assert found["Named", "127.0.0.1", "tcp", "42200"] == "refused"
    assert found["Unknown", "nowhere.invalid", "tcp", "42300"] == "unresolved"
    assert {key[1]: value for key, value in outcomes(with_host).items() if key[0] == "Far"} == {"127.9.3.4": "open"}


def test_where_nothing_was_tried_it_says_so_and_fails(tmp_path):
    """Nobody may take a night of skipped checks for a night that went well."""
    script = archive_of(loopback(("Far", "tcp", "42100")))["PS01.sh"]
    status, results, said = run_script(script, folder=tmp_path)
    assert {row["outcome"] for row in results["results"]} == {"skipped", "unresolved"}
    assert status == 3
    assert said.splitlines()[-1] == "Nothing was tried: the results say of each check why."
    assert said.splitlines()[-1] in read_program("check.ps1")
    status, _, said = run_script(script, "--host", "127.9.3.4", folder=tmp_path)
    assert status == 0
    assert "Nothing was tried" not in said


def test_an_address_and_a_name_that_leads_to_it_are_two_attempts_and_both_prove_the_flow(tmp_path):
    document = loopback(("Both", "tcp", "42400"))
    document["endpoints"].append({"name": "Both", "zone": "DMZ", "addresses": ["127.0.0.1", "localhost"]})
    _, results, _ = run_script(archive_of(document)["PS01.sh"], folder=tmp_path)
    wanted = [row for row in results["results"] if row["port"] == "42400"]
    assert [row["address"] for row in wanted if row["address"] == "127.0.0.1"] == ["127.0.0.1"] * 2
    state = assess(evaluate(document), [Run(name="x", results=read_results(json.dumps(results).encode()))])
    assert [one.status for one in state.flows] == ["refused"]


def put(folder, name, *lines):
    """A program that stands before the system's own one."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("\n".join(("#!/bin/bash", *lines, "")))
    (folder / name).chmod(0o755)
    return ["env", f"PATH={folder}:/usr/bin:/bin"]


def test_a_ping_of_what_has_no_ipv4_address_is_skipped_and_says_so(tmp_path):
    document = loopback()
    ends = {"Six": ["2001:db8::5"], "SixNamed": ["six.example"], "Both": ["both.example"], "None": ["none.example"]}
    document["endpoints"] += [{"name": name, "zone": "DMZ", "addresses": of} for name, of in ends.items()]
    document["additional_flows"] = [
        {"source": "PS01", "destination": name, "protocol": "icmp", "reason": "x"} for name in ends
    ]
    before = put(
        tmp_path / "bin", "getent", 'case $2 in six*) echo 2001:db8::5 STREAM ;;',
        'both*) printf "2001:db8::5 STREAM\\n127.0.0.1 STREAM\\n" ;; esac',
    )  # fmt: skip
    put(tmp_path / "bin", "ping", "exit 0")
    _, results, _ = run_script(archive_of(document)["PS01.sh"], folder=tmp_path, before=before)
    found = {
        (row["destination"], row["address"]): (row["outcome"], row["error"])
        for row in results["results"]
        if row["protocol"] == "icmp"
    }
    assert found == {
        ("Six", "unknown"): ("skipped", "the plan has no IPv4 address to ping"),
        ("SixNamed", "six.example"): ("skipped", "the name has no IPv4 address to ping"),
        ("Both", "127.0.0.1"): ("open", None),
        ("None", "none.example"): ("unresolved", "the name is not known here"),
    }


@pytest.mark.parametrize(
    ("answer", "status", "outcome"),
    [
        ("1 packets transmitted, 0 received, 100% packet loss", 1, ("filtered", "no answer in 08 s")),
        ("ping: permission denied (are you root?)", 1, ("error", "permission denied (are you root?)")),
        ("ping: socket: Operation not permitted", 2, ("error", "Operation not permitted")),
        ("1 packets transmitted, 1 received, 0% packet loss", 0, ("open", None)),
    ],
)
def test_a_ping_that_was_never_sent_is_an_error_and_seconds_may_begin_with_a_nought(answer, status, outcome, tmp_path):
    document = loopback()
    document["additional_flows"] = [{"source": "PS01", "destination": "SQL", "protocol": "icmp", "reason": "x"}]
    before = put(tmp_path / "bin", "ping", '[[ " $*" == *" -W 9 "* ]] || exit 3', f'echo "{answer}"', f"exit {status}")
    _, results, _ = run_script(archive_of(document)["PS01.sh"], "--timeout", "08", folder=tmp_path, before=before)
    (row,) = [row for row in results["results"] if row["protocol"] == "icmp"]
    assert (row["outcome"], row["error"]) == outcome


@pytest.mark.parametrize(
    ("said", "address", "words"),
    [
        ("bash: connect: Permission denied", "fd00::1", "a firewall forbids it"),
        ("bash: connect: Permission denied", "10.0.0.1", "the firewall of this host forbids it"),
        ("bash: connect: Operation not permitted", "fd00::1", "the firewall of this host forbids it"),
    ],
)
def test_over_ipv6_a_prohibition_may_come_from_afar(said, address, words):
    """The system says the same of what a firewall on the way answers and of what its own one forbids."""
    function = re.search(r"(?ms)^judge\(\) \{.*?^\}$", read_program("check.sh"))[0]
    program = [*BASH, "-c", f'{function}\njudge "$@"', "x", said, address]
    done = subprocess.run(program, capture_output=True, check=True)
    assert done.stdout.decode() == f"filtered\t{words}"


def test_a_clock_that_is_set_back_meanwhile_leaves_results_that_can_be_read(tmp_path):
    script = archive_of(loopback(("SQL", "tcp", "44003")))["PS01.sh"]
    before = put(
        tmp_path / "bin", "date", 'now=$(/usr/bin/date "$@")', "[[ $* != +%s%3N ]] || now=$((9999999999999 - now))",
        'printf "%s\\n" "$now"',
    )  # fmt: skip
    _, results, _ = run_script(b"unset EPOCHREALTIME\n" + script, folder=tmp_path, before=before)
    assert {row["milliseconds"] for row in results["results"]} - {None} == {0}
    assert read_results(json.dumps(results).encode()).source == "PS01"


@pytest.mark.parametrize("port", sorted(PROBES))
def test_a_service_is_asked_in_its_own_protocol_and_in_one_packet(port, tmp_path):
    document = loopback(("SQL", "udp", port))
    script = archive_of(document)["PS01.sh"]
    with listening((HERE, "udp", int(port))) as sent:
        _, results, _ = run_script(script, "--timeout", "20", folder=tmp_path)
    assert outcomes(results) == {("SQL", HERE, "udp", port): "open"}
    assert sent == [PROBES[port].question]


def test_a_service_that_must_answer_and_does_not_is_filtered(tmp_path):
    script = archive_of(loopback(("SQL", "udp", "123"), ("SQL", "udp", "464")))["PS01.sh"]
    with listening((HERE, "udp", 123), (HERE, "udp", 464), answer=False):
        status, results, _ = run_script(script, "--timeout", "0.5", folder=tmp_path)
    assert {key[3]: value for key, value in outcomes(results).items()} == {"123": "filtered", "464": "unproven"}
    assert status == 3


def test_nothing_that_an_attempt_has_started_is_waited_for_when_its_time_is_over(tmp_path):
    """`timeout` ends all that its program has started, but for what that is just starting: here, for none of it."""
    script = archive_of(loopback(("SQL", "udp", "41517")))["PS01.sh"]
    lines = '"${@:2}" <&0 &', "sleep 0.2", "kill $! 2>/dev/null && exit 124", "wait $!"
    before = put(tmp_path / "bin", "timeout", *lines)
    with listening((HERE, "udp", 41517), answer=False):
        _, results, _ = run_script(script, folder=tmp_path, before=before)
    assert outcomes(results) == {("SQL", HERE, "udp", "41517"): "unproven"}


@pytest.mark.slow
def test_a_hundred_attempts_are_made_side_by_side_and_none_is_lost(tmp_path):
    names = [f"{'😀' * 200} {number}" for number in range(100)]
    document = loopback()
    document["endpoints"] += [
        {"name": name, "zone": "DMZ", "addresses": [f"127.1.0.{number + 1}"]} for number, name in enumerate(names)
    ]
    document["additional_flows"] = [
        {"source": "PS01", "destination": name, "protocol": "udp", "ports": "43000", "reason": "x"} for name in names
    ]
    script = archive_of(document)["PS01.sh"]
    with listening(*((f"127.1.0.{n}", "udp", 43000) for n in range(1, 101)), answer=False):
        _, results, _ = run_script(script, "--timeout", "1", "--parallel", "50", folder=tmp_path)
    assert {key[0]: value for key, value in outcomes(results).items()} == dict.fromkeys(names, "unproven")


def test_the_results_go_to_a_file_and_nothing_else_is_written(tmp_path):
    script = archive_of(loopback(("SQL", "tcp", "44000")))["PS01.sh"]
    with listening((HERE, "tcp", 44000)):
        status, out, _ = run_script(script, "--output", "results.json", folder=tmp_path)
    assert out == ""
    assert status in (0, 3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["check.sh", "results.json"]
    assert json.loads((tmp_path / "results.json").read_text())["source"] == "PS01"


@pytest.mark.parametrize(("answer", "said"), [(200, "1 run stored."), (422, "The results were not taken.")])
def test_results_are_sent_to_an_address_and_what_it_says_is_told(answer, said, tmp_path):
    got = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            got.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(answer)
            self.end_headers()
            self.wfile.write(b"1 run stored.\n" if answer == 200 else b"Nothing was stored.\n")

        def log_message(self, *_):
            pass

    script = archive_of(loopback(("SQL", "udp", "44001")))["PS01.sh"]
    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/upload/x/"
        status, results, err = run_script(script, "--upload", address, folder=tmp_path)
        server.shutdown()
    assert json.loads(got[0]) == results
    assert said in err
    assert (status == 1) == (answer != 200)


def test_without_curl_it_says_which_file_to_upload(tmp_path):
    folder = tmp_path / "bin"
    folder.mkdir()
    for program in ("bash", "sort", "uname", "date", "getent", "timeout", "env", "head", "wc"):
        (folder / program).symlink_to(shutil.which(program))
    script = archive_of(loopback(("SQL", "udp", "44001")))["PS01.sh"]
    options = ("--output", "x.json", "--upload", "https://planner.example/upload/x/")
    status, _, err = run_script(script, *options, folder=tmp_path, before=["env", f"PATH={folder}"])
    assert status == 1
    assert "Upload x.json at https://planner.example/upload/x/" in err


@pytest.mark.parametrize(
    ("options", "status", "said"),
    [
        (("--help",), 0, "--timeout SECONDS"),
        (("--what",), 2, "There is no option --what."),
        (("--timeout", "soon"), 2, "--timeout takes seconds"),
        (("--timeout", "0"), 2, "--timeout takes seconds"),
        (("--parallel", "0"), 2, "--parallel takes a number"),
        (("--host", "nobody"), 2, "--host takes an IPv4 or IPv6 address"),
        (("--upload", "file:///etc/passwd"), 2, "--upload takes an address, https:// or http://"),
        (("--output",), 2, "--output takes the name of a file"),
        (("--output", "/absent/x"), 1, "/absent/x can't be written"),
    ],
)
def test_options_are_explained_and_wrong_ones_refused(options, status, said, tmp_path):
    script = archive_of(loopback(("SQL", "tcp", "44000")))["PS01.sh"]
    found, out, err = run_script(script, *options, folder=tmp_path)
    assert found == status
    assert said in out + err
