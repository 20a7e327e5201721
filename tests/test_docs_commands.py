"""Each command that a page of the documentation shows is run here, or is named with what tries it.

A command that is new in a page, and in neither, fails.
"""

import json
import re
import shlex
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from ports.actions import load_matrix
from ports.queries import SHIPPED
from tests.commands.test_gap import HTTPS, nft
from tests.examples import EXAMPLES
from tests.test_readme import lines_run

DOCS = Path(__file__).resolve().parent.parent / "docs"
WHOLE = {"tutorial.md": "test_documentation_site.py", "api.md": "e2e/test_api_commands.py"}
"""Pages of which all commands are run in their order."""
RUN = ("report", "compare", "gap", "lint")
"""What needs nothing but files."""
ELSEWHERE = {
    ("firewalls.md", "nft"): "report/firewall/test_nftables_loaded.py",
    ("firewalls.md", "iptables"): "report/firewall/test_iptables_loaded.py",
    ("firewalls.md", "ip6tables"): "report/firewall/test_iptables_loaded.py",
    ("firewalls.md", "iptables-restore"): "report/firewall/test_iptables_loaded.py",
    ("firewalls.md", "ip6tables-restore"): "report/firewall/test_iptables_loaded.py",
    ("existing-rules.md", "nft"): "report/firewall/test_existing_in_kernel.py",
    ("matrix-format.md", "matrix"): "",  # below
    ("plan-as-code.md", "push"): "e2e/test_sync_commands.py",
    ("plan-as-code.md", "pull"): "e2e/test_sync_commands.py",
    ("postgresql.md", "backup"): "store/test_crossing.py",
    ("postgresql.md", "restore"): "store/test_crossing.py",
    ("house-style.md", "make"): "report/test_house_style.py",
}
"""By page and program, or the command's own verb: what tries it."""
FIREWALLS = """\
firewalls:
  - {name: FW-HQ, format: fortigate, zones: {Internet: wan1, DMZ: port2, Internal: port3, Clients: port4}}
  - {name: FW-DC, format: asa, zones: {Internet: outside, DMZ: dmz, Internal: inside, Clients: clients}}
"""
"""What gets a file of its own, and what a device's interfaces are behind."""
RUNNING = "".join(
    f"interface Gi0/{number}\n nameif {name}\n" for number, name in enumerate(("outside", "dmz", "inside"))
)
BY_HAND = {
    "scp": "a firewall of the kind is needed",
    "ssh": "a firewall of the kind is needed",
    "docker": "an engine is needed; `make container` carries the Dockerfile out",
    "kubectl": "a cluster is needed; deploy/test_manifests.py reads what it is given",
    "install": "makes a folder for secrets",
    "openssl": "makes secrets",
    "printf": "writes a secret",
    "chmod": "lets the service read them",
    "make": "a verb of the Makefile, which test_readme.py holds to the README",
    "uv": "builds the package with what it fetches for that, and installs it",
    "run.sh": "sets up and serves, as `.ci/run` does",
    "serve": "deploy/test_container.py serves",
    "export": "a token",
}


def list_commands():
    """Page, the words of a command, and the name by which it goes: its program, or the verb of ours."""
    for page in sorted(DOCS.glob("*.md")):
        if page.name in WHOLE:
            continue
        text = re.sub(r"^ +(?=```|\$ )", "", page.read_text("utf-8"), flags=re.MULTILINE)
        for language, block in re.findall(r"^```(sh|console)\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            lines = block.replace("\\\n", " ").splitlines()
            lines = [line[2:] for line in lines if line.startswith("$ ")] if language == "console" else lines
            for part in (part for line in lines for part in line.split(" && ")):
                words = shlex.split(part, comments=True)
                while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
                    words = words[1:]
                by_python = words[:1] == [".venv/bin/python"]  # no other one has what it needs
                words = words[by_python:]
                if words and words[0] != "cd":
                    ours = words[0] == ("manage.py" if by_python else "port-planner")
                    yield page.name, tuple(words[ours:]), Path(words[ours]).name


COMMANDS = sorted(set(list_commands()))


def test_every_command_is_run_or_named_with_what_tries_it():
    assert len(COMMANDS) > 40
    unknown = {
        (page, name) for page, _, name in COMMANDS if name not in (*RUN, *BY_HAND) and (page, name) not in ELSEWHERE
    }
    assert not unknown
    shown = {(page, name) for page, _, name in COMMANDS}
    assert ELSEWHERE.keys() <= shown
    assert BY_HAND.keys() <= {name for _, name in shown}
    tests = Path(__file__).parent
    assert [name for name in (*ELSEWHERE.values(), *WHOLE.values()) if not (tests / name).exists()] == []


@pytest.fixture
def files(monkeypatch, tmp_path, server):
    """What the pages' commands read, in a folder of its own, and no database but on PostgreSQL."""
    if connection.vendor == "sqlite":
        monkeypatch.setitem(connection.settings_dict, "NAME", str(tmp_path / "absent.sqlite3"))
    monkeypatch.chdir(tmp_path)
    plan = EXAMPLES["dmz"].data.decode() + FIREWALLS
    Path("plan.yaml").write_text(plan, "utf-8")
    Path("old.yaml").write_text(plan.replace("192.0.2.10", "192.0.2.77"), "utf-8")
    Path("rules.json").write_text(nft(HTTPS), "utf-8")
    Path("sides.yaml").write_text("eth0: DMZ\neth1: Internal\n", "utf-8")
    Path("running.txt").write_text(RUNNING, "utf-8")
    Path("house.css").write_text("h2 { color: teal }", "utf-8")


@pytest.mark.slow
@pytest.mark.parametrize(
    "words",
    # What the README shows too is run by its test.
    sorted({words for _, words, name in COMMANDS if name in RUN} - set(map(tuple, lines_run()))),
    ids=shlex.join,
)
@pytest.mark.usefixtures("files")
def test_what_needs_nothing_but_files_does_what_it_says(words, capsysbinary):
    status = 0
    try:
        call_command(*words)
    except SystemExit as left:
        status = left.code
    assert status == (3 if words[0] == "gap" else 0), "3: something is missing"
    said = capsysbinary.readouterr().out
    if "--output" in words:
        written = Path(words[words.index("--output") + 1])
        assert (list(written.iterdir()) if written.is_dir() else written.stat().st_size) != 0
    else:
        assert said


@pytest.mark.django_db
def test_the_session_with_an_invented_matrix_goes_as_it_is_shown(monkeypatch, tmp_path, capsys):
    """The file of the page is loaded, found, refused when it has other content, and amended."""
    load_matrix(path=SHIPPED)
    page = (DOCS / "matrix-format.md").read_text("utf-8")
    monkeypatch.chdir(tmp_path)
    matrix = re.search(r"^```json\n(.*?)^```", page, re.MULTILINE | re.DOTALL)[1]
    file = Path("ticketdesk.json")
    file.write_text(matrix, "utf-8")
    sessions = re.findall(r"^ *```console\n(.*?)^ *```", page, re.MULTILINE | re.DOTALL)
    load, refused, amend, faulty = ([line.strip() for line in one.splitlines()] for one in sessions)

    def said(line):
        call_command(*shlex.split(line)[3:])
        return capsys.readouterr().out.strip()

    assert [said(load[0]), said(load[2])] == [load[1], load[3]]
    rows = json.loads(matrix)
    [ssh] = [row["fields"] for row in rows if row["model"] == "ports.service" and row["fields"]["slug"] == "ssh"]
    ssh["ports"] = "2222"
    file.write_text(json.dumps(rows), "utf-8")
    with pytest.raises(CommandError) as error:
        said(refused[0])
    assert str(error.value).splitlines()[:2] == [refused[1].removeprefix("CommandError: "), refused[2]]
    amended = said(amend[0])
    # PostgreSQL goes on with the numbers of amendments that other tests have made.
    assert re.sub(r"^\d+", "1", amended).rpartition(",")[0] == amend[1].rpartition(",")[0]
    assert said(amend[2]).rpartition(",")[0] == amend[3].rpartition(",")[0]
    ssh["ports"] = "70000"
    file.write_text(json.dumps(rows), "utf-8")
    with pytest.raises(CommandError, match="the port '70000' is outside 1 to 65535"):
        said(faulty[0])
