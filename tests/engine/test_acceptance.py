"""What results of checks say about a report: section 10 of the contract."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.engine import evaluate_report
from planner.engine.acceptance import STATUSES, assess
from planner.engine.checks import CLOSED, check_id, digest_of, plan_checks
from planner.plan.check_results import BadResults, read_results
from planner.plan.document import check_plan
from ports.queries import shipped_matrix
from tests.checking import only, run_all, run_of, well, write_results
from tests.made import made
from tests.report.samples import evaluate, sites, write_plan
from tests.strategies import documents, often

MATRIX = shipped_matrix()


def plan(**more):
    return write_plan(
        {"name": "PS01", "zone": "Internal", "addresses": ["10.0.0.10", "fd00::10"], "roles": ["web-primary"]},
        {"name": "SQL01", "zone": "Data", "addresses": ["10.0.2.20"], "roles": ["database"]},
        {"name": "DC01", "zone": "Data", "addresses": ["dc01.example.com"], "roles": ["domain-controller"]},
        {
            "name": "ESX", "zone": "Data", "addresses": ["10.0.2.30", "10.0.2.31"], "platforms": ["vmware-esxi"],
            "operations": ["discovery", "host-heartbeat"],
        },
        {"name": "Staff", "zone": "Clients", "addresses": ["10.9.0.0/16"], "group": True, "roles": ["website-user"]},
        {"name": "World", "zone": "Internet", "addresses": ["any"], "group": True, "roles": ["message-reader"]},
        zones=(
            ("Internal", "internal"), ("Data", "internal"), ("Clients", "internal"), ("DMZ", "dmz"),
            ("Internet", "internet"),
        ),
        **{
            "never": [
                {"from": {"zone": "Clients"}, "to": {"zone": "Data"}, "protocol": "tcp", "ports": "1433",
                 "reason": "Policy 12"},
            ],
            "additional_flows": [
                {"source": "PS01", "destination": "SQL01", "protocol": "tcp", "ports": "5000-5010", "reason": "Copy"},
                {"source": "PS01", "destination": "Staff", "protocol": "tcp", "ports": "8530", "reason": "Updates"},
            ],
        } | more,
    )  # fmt: skip


def report_of(document):
    return evaluate_report(MATRIX, check_plan(document, matrix=MATRIX))


@pytest.fixture(scope="module")
def report():
    return report_of(plan())


def statuses(state):
    return {one.state.check.opening: one.status for one in state.flows}


# ---- what is checked ----


def test_every_flow_has_one_check_under_an_id_of_its_own(report):
    checks = plan_checks(report)
    flows = [(f.source.name, f.destination.name, f.need.protocol, f.need.ports) for f in report.flows]
    assert [check.opening for check in checks if not check.closed] == flows
    assert len({check.id for check in checks}) == len(checks)
    assert all(check.id.startswith(CLOSED) == check.closed for check in checks)


def test_an_id_stays_when_rules_are_numbered_anew_and_other_flows_come():
    before = {check.id for check in plan_checks(report_of(plan()))}
    more = plan()
    more["zones"][1]["kind"] = "cloud"
    more["additional_flows"].append(
        {"source": "SQL01", "destination": "PS01", "protocol": "tcp", "ports": "1", "reason": "x"}
    )
    after = plan_checks(report_of(more))
    assert {one for one in before if not one.startswith(CLOSED)} < {check.id for check in after}
    assert check_id(("PS01", "SQL01", "tcp", "1433")) in before


def test_a_range_is_tried_at_its_ends_and_between(report):
    (check,) = [check for check in plan_checks(report) if check.ports == "5000-5010"]
    assert check.tries == ("5000", "5005", "5010")


def test_networks_names_and_addresses_are_told_apart(report):
    by_end = {check.destination: check for check in plan_checks(report) if check.source == "PS01"}
    assert by_end["Staff"].networks == ("10.9.0.0/16",)
    assert by_end["Staff"].addresses == ()
    assert by_end["DC01"].names == ("dc01.example.com",)
    (ping,) = [check for check in plan_checks(report) if check.protocol == "icmp"]
    assert (ping.tries, ping.addresses) == ((None,), ("10.0.2.30", "10.0.2.31"))


def test_an_echo_request_is_that_of_ipv4_and_a_machine_without_address_goes_by_its_name():
    document = plan()
    document["endpoints"][1]["addresses"] = []
    document["additional_flows"] = [
        {"source": "SQL01", "destination": "PS01", "protocol": "icmp", "reason": "Alive"},
        {"source": "PS01", "destination": "SQL01", "protocol": "tcp", "ports": "1", "reason": "x"},
    ]
    checks = plan_checks(report_of(document))
    assert [check.addresses for check in checks if check.opening[:3] == ("SQL01", "PS01", "icmp")] == [("10.0.0.10",)]
    assert {check.names for check in checks if check.destination == "SQL01"} == {("SQL01",)}


@pytest.mark.parametrize("name", ["any", "Any"])
def test_a_machine_that_is_called_any_is_not_everything(name):
    """A script takes what stands in the place of a name for all addresses."""
    document = plan(additional_flows=[{"source": "PS01", "destination": name, "protocol": "icmp", "reason": "x"}])
    document["endpoints"].append({"name": name, "zone": "Data"})
    [check] = [check for check in plan_checks(report_of(document)) if check.destination == name and not check.closed]
    assert (check.addresses, check.names, check.networks) == ((), (), ())


def test_what_a_firewall_publishes_is_what_its_other_side_tries():
    document = plan(
        firewalls=[{
            "name": "FW", "format": "asa", "zones": {"Internet": "outside", "Internal": "inside"},
            "published": {"PS01": "203.0.113.10"},
        }]
    )  # fmt: skip
    checks = plan_checks(report_of(document))
    assert {check.addresses for check in checks if check.opening[:2] == ("World", "PS01")} == {
        ("203.0.113.10", "fd00::10")
    }
    assert {check.addresses for check in checks if check.source == "Staff" and check.destination == "PS01"} == {
        ("10.0.0.10", "fd00::10")
    }


def test_from_further_inside_a_published_endpoint_is_tried_at_its_own_address():
    """As the firewall's file has it: only those outside see the other address."""
    document = plan(
        firewalls=[{
            "name": "FW", "format": "fortigate", "zones": {"Internet": "wan", "DMZ": "dmz", "Internal": "lan"},
            "published": {"PRP01": "198.51.100.10"},
        }],
        additional_flows=[
            {"source": source, "destination": "PRP01", "protocol": "tcp", "ports": "443", "reason": "Why"}
            for source in ("World", "PS01")
        ],
    )  # fmt: skip
    document["endpoints"].append({"name": "PRP01", "zone": "DMZ", "addresses": ["192.0.2.10", "2001:db8::10"]})
    tried = {
        check.source: check.addresses for check in plan_checks(report_of(document)) if check.opening[1] == "PRP01"
    }
    assert tried["World"] == ("198.51.100.10", "2001:db8::10")
    assert tried["PS01"] == ("192.0.2.10", "2001:db8::10")


def test_nothing_is_tried_beside_a_port_that_any_flow_needs(report):
    wanted = {check.ports for check in plan_checks(report) if not check.closed}
    beside = [check for check in plan_checks(report) if check.closed and not check.rows]
    zones = {end.name: end.zone for end in report.plan.endpoints}
    assert beside
    assert all(check.ports not in wanted and not 5000 <= int(check.ports) <= 5010 for check in beside)
    assert all(zones[check.source] != zones[check.destination] for check in beside)


def test_where_every_port_beside_is_the_plans_nothing_is_tried_there():
    document = write_plan(
        {"name": "A", "zone": "Internal", "addresses": ["10.0.0.1"]},
        {"name": "B", "zone": "DMZ", "addresses": ["10.0.1.1"]},
        additional_flows=[
            {"source": "A", "destination": "B", "protocol": "tcp", "ports": "1-65535", "reason": "All of it"}
        ],
    )
    assert [check.closed for check in plan_checks(report_of(document))] == [False]


def test_what_must_stay_closed_is_tried_as_the_row_says(report):
    kept = [check for check in plan_checks(report) if check.rows]
    assert {(check.source, check.destination, check.ports) for check in kept} == {
        ("Staff", "SQL01", "1433"), ("Staff", "DC01", "1433"), ("Staff", "ESX", "1433"),
    }  # fmt: skip


def test_a_row_between_thousands_is_tried_in_part():
    document = sites(60)
    never = [{"from": {"zone": "Internal"}, "to": {"zone": f"Site {n}"}, "reason": "No"} for n in range(2)]
    document["endpoints"] += [
        {"name": f"{zone}{n}", "zone": zone, "addresses": [f"10.{9 + (zone == 'DMZ')}.0.{n}"]}
        for n in range(60)
        for zone in ("DMZ", "Internal")
    ]
    document["never"] = [*never, {"from": {"zone": "Internal"}, "to": {"zone": "DMZ"}, "reason": "No"}]
    checks = [check for check in plan_checks(report_of(document)) if 2 in check.rows]
    pairs = {check.opening[:2] for check in checks}
    assert 300 < len(pairs) <= 400
    assert [len({pair[side] for pair in pairs}) for side in (0, 1)] == [63, 60], "all that are in these zones"


def test_the_digest_follows_what_is_asked_of_the_network_and_nothing_else():
    first = digest_of(report_of(plan()))
    told = plan(description="Another", firewalls=[])
    told["never"][0]["reason"] = "Policy 13"
    assert digest_of(report_of(told)) == first
    firewall = {"name": "FW", "format": "asa", "zones": {"Internet": "outside", "Internal": "inside"}}
    assert digest_of(report_of(plan(firewalls=[firewall]))) == first
    assert digest_of(report_of(plan(firewalls=[firewall | {"published": {"PS01": "203.0.113.1"}}]))) != first
    for change in ({"ports": {"website": 8443}}, {"never": []}, {"name": "Fabrikam"}):
        assert digest_of(report_of(plan(**change))) != first
    moved = plan()
    moved["endpoints"][0]["addresses"] = ["10.0.0.11"]
    assert digest_of(report_of(moved)) != first


# ---- what comes of it ----


def test_all_is_open_where_every_answer_is(report):
    document = plan()
    document["additional_flows"].pop()  # a network as destination is never tested without a host
    state = assess(report_of(document), run_all(report_of(document)))
    assert set(statuses(state).values()) == {"open"}
    assert {one.status for one in state.rules} == {"open"}
    assert [one.status for one in state.closed] == ["blocked"]
    assert state.passed
    assert state.messages == ()
    assert not assess(report, run_all(report)).passed


def test_a_network_is_tested_once_a_host_in_it_is(report):
    opening = ("PS01", "Staff", "tcp", "8530")
    row = {
        "id": check_id(opening), "destination": "Staff", "address": "10.9.3.4", "protocol": "tcp", "port": "8530",
        "outcome": "open", "milliseconds": 1, "error": None,
    }  # fmt: skip
    assert statuses(assess(report, run_all(report)))[opening] == "not-tested"
    for address, status in (("10.9.3.4", "open"), ("10.8.3.4", "not-tested"), ("pc1.example", "not-tested")):
        run = run_of(write_results(report, "PS01", results=[row | {"address": address}]))
        assert statuses(assess(report, [*run_all(report), run]))[opening] == status


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        ("open", "open"), ("refused", "refused"), ("filtered", "blocked"), ("unproven", "unproven"),
        ("unresolved", "not-tested"), ("error", "not-tested"), ("skipped", "not-tested"),
    ],
)  # fmt: skip
def test_each_outcome_has_its_status(report, outcome, status):
    opening = ("PS01", "SQL01", "tcp", "1433")
    state = assess(report, run_all(report, only(lambda check: check.opening == opening and not check.closed, outcome)))
    assert statuses(state)[opening] == status
    (rule,) = [one for one in state.rules if opening in one.rule.openings()]
    assert rule.status == min((one.status for one in rule.flows), key=STATUSES.index)


def test_the_worst_address_wins_and_one_that_was_not_tried_is_not_tested(report):
    ping = ("PS01", "ESX", "icmp", None)
    two = {"10.0.2.30": "open", "10.0.2.31": "filtered"}
    is_ping = lambda check: check.opening == ping  # noqa: E731
    assert statuses(assess(report, run_all(report, only(is_ping, two))))[ping] == "blocked"
    document = write_results(report, "PS01")
    document["results"] = [row for row in document["results"] if row["address"] != "10.0.2.31"]
    assert statuses(assess(report, [run_of(document)]))[ping] == "not-tested"


def test_a_blocked_option_is_excused_while_another_one_is_open(report):
    esx = {
        check.ports: check
        for check in plan_checks(report)
        if check.destination == "ESX" and check.protocol == "tcp" and not check.closed
    }
    blocked = lambda *ports: only(lambda c: c.destination == "ESX" and c.ports in ports, "filtered")  # noqa: E731
    state = assess(report, run_all(report, blocked("443")))
    found = {one.state.check.ports: one for one in state.flows if one.state.check.opening[1:3] == ("ESX", "tcp")}
    assert found.keys() == esx.keys()
    assert (found["443"].status, found["443"].excused) == ("blocked", True)
    both = assess(report, run_all(report, blocked("443", "22")))
    assert [one.excused for one in both.flows if one.status == "blocked"] == [False, False]


def test_an_option_is_open_where_both_of_its_ports_are_even_if_one_of_them_is_needed_anyway():
    document = plan(
        additional_flows=[
            {"source": "PS01", "destination": "ESX", "protocol": "tcp", "ports": "443", "reason": "Console"}
        ]
    )
    document["endpoints"][3]["operations"] = ["discovery"]
    undecided = report_of(document)
    (ssh,) = [flow for flow in undecided.flows if flow.need.any_of and flow.destination.name == "ESX"]
    assert ssh.need.ports == "22"
    state = assess(
        undecided, run_all(undecided, only(lambda c: c.destination == "ESX" and c.ports == "22", "filtered"))
    )
    assert [one.excused for one in state.flows if one.flow is ssh] == [True]


@pytest.mark.parametrize("outcome", ["open", "refused"])
def test_what_answers_and_must_be_closed_is_forbidden(report, outcome):
    state = assess(report, run_all(report, only(lambda check: bool(check.rows), outcome)))
    assert [one.status for one in state.closed] == ["forbidden-open"]
    assert not state.passed
    beside = assess(report, run_all(report, only(lambda check: check.closed and not check.rows, outcome)))
    assert {one.status for one in beside.beside} == {"forbidden-open"}
    assert not beside.passed


def test_a_flow_that_must_never_be_is_forbidden_where_it_is_open():
    broken = report_of(
        plan(never=[{"from": {"endpoint": "PS01"}, "to": {"endpoint": "SQL01"}, "protocol": "tcp", "reason": "No"}])
    )
    assert statuses(assess(broken, run_all(broken)))["PS01", "SQL01", "tcp", "1433"] == "forbidden-open"
    shut = assess(broken, run_all(broken, lambda check: "filtered"))
    assert statuses(shut)["PS01", "SQL01", "tcp", "1433"] == "blocked"


# ---- which results count ----


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"plan": "Fabrikam"}, "it is of the plan Fabrikam"),
        ({"report": "0" * 64}, "another state of the plan"),
        ({"source": "PS09"}, "it was made from PS09, which the plan doesn't have"),
        ({"source": "SQL01"}, "has no result of a check of this plan"),
        ({"results": []}, "has no result of a check of this plan"),
    ],
)
def test_what_is_of_something_else_is_left_out_whole(report, change, said):
    state = assess(report, [run_of(write_results(report, "PS01") | change, "strange.json")])
    assert set(statuses(state).values()) == {"not-tested"}
    assert any(said in message and message.startswith("strange.json") for message in state.messages)
    assert state.used == ()


def test_results_at_other_addresses_and_ports_prove_nothing(report):
    document = write_results(report, "PS01")
    rows = [row for row in document["results"] if row["destination"] == "SQL01"]
    strange_ones = ("127.0.0.1", "sql01.example.com")
    changes = [{"address": address} for address in strange_ones]
    for change in (*changes, {"port": "80"}, {"port": None}, {"protocol": "udp"}, {"destination": "DC01"}):
        strange = run_of(document | {"results": [row | change for row in rows]}, "strange.json")
        state = assess(report, [strange])
        assert statuses(state)["PS01", "SQL01", "tcp", "1433"] == "not-tested"
        assert any("at an address or port that its check doesn't have" in one for one in state.messages)


def test_a_result_without_the_port_that_its_check_has_proves_nothing(report):
    document = write_results(report, "PS01")
    rows = [row | {"port": None} for row in document["results"] if row["destination"] == "SQL01" and row["port"]]
    state = assess(report, [run_of(document | {"results": rows})])
    assert set(statuses(state).values()) == {"not-tested"}
    assert any("at an address or port that its check doesn't have" in message for message in state.messages)


def test_a_state_says_when_its_newest_run_was_started(report):
    early, late = (run_of(write_results(report, "PS01", started=f"2026-11-2{day}T10:00:00Z")) for day in (4, 5))
    states = {one.state.check.opening[:2]: one.state for one in assess(report, [late, early]).flows}
    assert states["PS01", "SQL01"].at == late.results.started
    assert states["Staff", "PS01"].at is None


def test_the_newer_of_two_runs_counts_and_the_older_is_named(report):
    first = run_of(write_results(report, "PS01", lambda check: "filtered"), "first.json")
    second = run_of(write_results(report, "PS01", started="2026-11-25T12:00:00+01:00"), "second.json")
    for runs in ([first, second], [second, first]):
        state = assess(report, runs)
        assert statuses(state)["PS01", "SQL01", "tcp", "1433"] == "open"
        assert [one.partition(",")[0] for one in state.messages] == ["first.json is older than second.json"]


def test_a_state_is_as_new_as_the_newest_run_that_says_so(report):
    runs = [
        run_of(write_results(report, "PS01", started=f"2026-11-2{day}T10:00:00Z"), f"{day}.json") for day in (6, 5)
    ]
    found = {one.state.check.opening: one.state.at for one in assess(report, runs).flows}
    assert found["PS01", "SQL01", "tcp", "1433"].isoformat() == "2026-11-26T10:00:00+00:00"
    assert found["Staff", "PS01", "tcp", "443"] is None


def test_of_two_runs_of_one_moment_the_last_named_counts(report):
    one = run_of(write_results(report, "PS01", lambda check: "filtered"), "one.json")
    other = run_of(write_results(report, "PS01"), "other.json")
    opening = ("PS01", "SQL01", "tcp", "1433")
    assert statuses(assess(report, [one, other]))[opening] == "open"
    assert statuses(assess(report, [other, one]))[opening] == "blocked"


def test_of_a_name_all_addresses_of_the_newest_run_count_and_no_older_ones(report):
    opening = ("PS01", "DC01", "tcp", "636")
    row = {
        "id": check_id(opening), "destination": "DC01", "protocol": "tcp", "port": "636", "milliseconds": 1,
        "error": None,
    }  # fmt: skip
    old = [row | {"address": "10.0.2.1", "outcome": "filtered"}]
    new = [row | {"address": "10.0.2.2", "outcome": "open"}, row | {"address": "10.0.2.3", "outcome": "refused"}]
    runs = [
        run_of(write_results(report, "PS01", results=new, started="2026-11-25T11:00:00Z"), "new.json"),
        run_of(write_results(report, "PS01", results=old), "old.json"),
    ]
    assert statuses(assess(report, runs))[opening] == "refused"


OUTCOMES = st.sampled_from(["open", "refused", "filtered", "unproven", "skipped", "error", "unresolved"])


@settings(max_examples=often(40), deadline=None)
@given(data=st.data())
def test_any_order_of_the_files_gives_the_same_state(report, data):
    sources = sorted({check.source for check in plan_checks(report)})
    runs = []
    for number in range(data.draw(st.integers(2, 6))):
        source = data.draw(st.sampled_from(sources))
        document = write_results(report, source, lambda _: data.draw(OUTCOMES), f"2026-11-25T10:00:{number:02d}Z")
        kept = data.draw(st.lists(st.booleans(), min_size=len(document["results"]), max_size=len(document["results"])))
        document["results"] = [row for row, keep in zip(document["results"], kept, strict=True) if keep]
        document["plan"] = data.draw(st.sampled_from([report.plan.name] * 4 + ["Other"]))
        runs.append(run_of(document, f"{number}.json"))
    state = assess(report, runs)
    rest = assess(report, state.counting)
    assert (state.flows, state.closed, state.beside) == (rest.flows, rest.closed, rest.beside)
    other = assess(report, data.draw(st.permutations(runs)))
    assert (state.flows, state.closed, state.beside, state.messages, state.counts) == (
        other.flows, other.closed, other.beside, other.messages, other.counts,
    )  # fmt: skip


@settings(max_examples=often(30), deadline=None)
@given(documents(MATRIX))
def test_every_plan_has_checks_and_a_state(document):
    report = report_of(document)
    checks = plan_checks(report)
    assert len({check.id for check in checks}) == len(checks)
    state = assess(report, run_all(report))
    assert sum(state.counts.values()) == len(report.flows)
    assert state.messages == ()


@pytest.mark.slow
def test_ten_thousand_results_of_one_file_are_all_judged():
    endpoints = [
        {"name": f"W{n}", "zone": "Internal", "addresses": [f"10.{n // 250}.{n % 250}.1"], "roles": ["mail-server"]}
        for n in range(5_000)
    ]
    document = write_plan(
        {"name": "PS01", "zone": "DMZ", "addresses": ["192.0.2.1"], "roles": ["web-primary"]}, *endpoints,
        ports={"smtp": "25-26"},
    )  # fmt: skip
    report = report_of(document)
    written = write_results(report, "PS01", well)
    assert len(written["results"]) >= 10_000
    state = assess(report, [run_of(json.loads(json.dumps(written)))])
    assert state.counts["open"] == 5_000


def results_with(change, count=1):
    row = {
        "id": "x", "destination": "x", "address": "10.0.0.1", "protocol": "tcp", "port": "1", "outcome": "open",
        "milliseconds": 1, "error": None,
    }  # fmt: skip
    head = {"format": 1, "plan": "x", "report": "x", "source": "x", "host": "", "started": "2026-11-25T10:00:00Z"}
    return json.dumps(head | {"results": [row | change] * count}).encode()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "It is no JSON document"),
        (b'{"format": 1, ', "It is no JSON document"),
        (b"\xff\xff", "It is not UTF-8"),
        (b"[]", "The document: "),
        (b'{"format": 1}', "plan is missing; and 5 more faults"),
        (b'{"format": 2}', "format: Input should be 1"),
        (lambda: b" " * (16 * 2**20 + 1), "It has more than 16 MiB"),
        (results_with({"port": "65536"}), r"results\[0\].port: .*a port is a number from 1 to 65535"),
        (results_with({"outcome": "perhaps"}), r"results\[0\].outcome: "),
        (lambda: results_with({}, 100_001), "It has more than 100,000 results"),
    ],
)
def test_what_is_no_file_of_results_gets_one_sentence(data, said):
    with pytest.raises(BadResults, match=said) as caught:
        read_results(made(data))
    assert str(caught.value).count("\n") == 0


def test_a_file_that_windows_wrote_is_read(report):
    text = json.dumps(write_results(report, "PS01"))
    for data in (b"\xef\xbb\xbf" + text.encode(), text.encode("utf-16")):
        assert read_results(data).source == "PS01"


def test_what_must_stay_closed_within_a_zone_is_tried_between_its_endpoints_and_not_from_one_to_itself():
    hosts = [{"name": f"H{number}", "zone": "Internal", "addresses": [f"10.0.0.{number}"]} for number in (1, 2, 3)]
    inside = {"zone": "Internal"}
    row = {"from": inside, "to": inside, "protocol": "tcp", "ports": "4711", "reason": "No"}
    checks = plan_checks(evaluate(write_plan(*hosts, never=[row])))
    tried = [one.opening[:2] for one in checks if one.opening[3] == "4711"]
    assert sorted(tried) == [(f"H{one}", f"H{other}") for one in (1, 2, 3) for other in (1, 2, 3) if one != other]
