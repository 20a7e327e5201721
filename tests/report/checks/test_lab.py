"""Check scripts in network namespaces: all open, one rule dropped, one service down, and what the acceptance says."""

import json
import subprocess

import pytest

from planner.engine.acceptance import Run, assess
from planner.engine.checks import plan_checks
from planner.plan.check_results import read_results
from planner.report.checks.listeners import number_destinations
from tests.report.checks.running import archive_of, outcomes, run_script
from tests.report.firewall.network import Network, run
from tests.report.samples import evaluate, write_plan

pytestmark = pytest.mark.slow
PLAN = write_plan(
    {"name": "PS01", "zone": "Internal", "addresses": ["10.0.0.10", "fd00::10"], "roles": ["web-primary"]},
    {"name": "SQL01", "zone": "DMZ", "addresses": ["10.0.2.20"], "roles": ["database"]},
    {"name": "DC01", "zone": "DMZ", "addresses": ["10.0.2.30", "fd02::30"], "roles": ["domain-controller"]},
    {"name": "Staff", "zone": "Internet", "addresses": ["10.9.0.0/16"], "group": True, "roles": ["website-user"]},
    never=[{"from": {"zone": "Internet"}, "to": {"zone": "DMZ"}, "protocol": "tcp", "ports": "1433", "reason": "No"}],
    additional_flows=[
        {"source": "PS01", "destination": "DC01", "protocol": "icmp", "reason": "Alive"},
        {"source": "PS01", "destination": "DC01", "protocol": "udp", "ports": "514", "reason": "Logs"},
        {"source": "PS01", "destination": "DC01", "protocol": "tcp", "ports": "49152-65535", "reason": "RPC"},
        {"source": "PS01", "destination": "Staff", "protocol": "tcp", "ports": "8530", "reason": "Updates"},
    ],
)


PLACES = {"PS01": ["10.0.0.10", "fd00::10"], "SQL01": ["10.0.2.20"], "DC01": ["10.0.2.30", "fd02::30"],
          "Staff": ["10.9.0.1"]}  # fmt: skip


class Lab:
    """The plan's endpoints around a router, with its scripts; `listen` starts stand-ins for its services."""

    def __init__(self, net, folder):
        self.net, self.folder, self.report = net, folder, evaluate(PLAN)
        self.started = []
        for name, data in archive_of(PLAN).items():
            (folder / name).write_bytes(data)

    def listen(self, *names):
        numbers = number_destinations(plan_checks(self.report))
        for name in names:
            line = ["bash", str(self.folder / "listen.sh"), str(numbers[name])]
            line = ["ip", "netns", "exec", self.net.places[name], *line]
            self.started.append(subprocess.Popen(line, stdout=subprocess.PIPE, text=True))
            while "listening on" not in self.started[-1].stdout.readline():
                assert self.started[-1].poll() is None

    def stop(self):
        for one in self.started:
            one.kill()
            one.wait(10)
            one.stdout.close()

    def run(self):
        """What the scripts of all sources find, and the state that follows."""
        rows, runs = {}, []
        for name in ("PS01", "Staff"):
            before = ["ip", "netns", "exec", self.net.places[name]]
            options = ("--timeout", "4", "--host", "10.9.0.1")
            _, found, _ = run_script(
                (self.folder / f"{name}.sh").read_bytes(), *options, folder=self.folder, before=before
            )
            rows[name] = outcomes(found)
            runs.append(Run(name=name, results=read_results(json.dumps(found).encode())))
        return rows, assess(self.report, runs)


@pytest.fixture
def lab(tmp_path):
    with Network(PLACES) as net:
        made = Lab(net, tmp_path)
        yield made
        made.stop()


def statuses(state):
    return {one.state.check.opening[1:]: one.status for one in state.flows if one.flow.source.name == "PS01"}


def test_what_is_open_dropped_prohibited_or_down_is_told_apart(lab):
    lab.listen("DC01", "PS01", "Staff")
    _, state = lab.run()
    found = statuses(state)
    assert found.pop(("SQL01", "tcp", "1433")) == "refused", "the way is open, and nobody listens there"
    assert set(found.values()) == {"open"}
    assert {one.status for one in state.closed} == {"forbidden-open"}, "there is no firewall yet"
    lab.net.nft(
        "-f", "-", text="table inet filter { chain forward { type filter hook forward priority 0; policy accept;\n"
        "ip daddr 10.0.2.30 tcp dport 636 drop\nip6 daddr fd02::30 tcp dport 88 reject with icmpx admin-prohibited\n"
        "ip daddr 10.0.2.30 udp dport { 88, 514 } drop\nip daddr 10.0.2.30 icmp type echo-request drop\n"
        "iifname r4 tcp dport 1433 drop\n"
        "ip daddr 10.0.2.30 tcp dport 49152-65535 reject with icmp type admin-prohibited\n}\n}\n"
    )  # fmt: skip
    rows, state = lab.run()
    found = statuses(state)
    assert {key: status for key, status in found.items() if status != "open"} == {
        ("SQL01", "tcp", "1433"): "refused",
        ("DC01", "tcp", "636"): "blocked",
        ("DC01", "tcp", "88"): "blocked",
        ("DC01", "udp", "88"): "blocked",
        ("DC01", "udp", "514"): "unproven",
        ("DC01", "icmp", None): "blocked",
        ("DC01", "tcp", "49152-65535"): "blocked",
    }
    ports = {key[3]: value for key, value in rows["PS01"].items() if key[:3] == ("DC01", "fd02::30", "tcp")}
    assert ports["88"] == "filtered"
    assert [one.status for one in state.closed] == ["blocked"]
    assert not state.passed


def test_a_family_that_the_source_has_no_route_for_does_not_count(lab):
    lab.listen("DC01", "SQL01", "PS01", "Staff")
    run("ip", "-6", "route", "flush", "dev", "wire", place=lab.net.places["PS01"])
    rows, state = lab.run()
    assert {value for key, value in rows["PS01"].items() if key[1] == "fd02::30"} == {"skipped"}
    assert set(statuses(state).values()) == {"open"}
