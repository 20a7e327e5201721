"""One packet: allowed, not asked for, or closed; section 13 of the contract."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.engine import evaluate_report
from planner.engine.ask import NotAskable, ask
from planner.plan.document import check_plan
from ports.queries import shipped_matrix
from tests.strategies import documents, often

MATRIX = shipped_matrix()
PLAN = {
    "format": 1,
    "name": "Contoso",
    "zones": [
        {"name": "Internal", "kind": "internal"},
        {"name": "DMZ", "kind": "dmz", "networks": ["192.0.2.0/24"]},
        {"name": "Clients", "kind": "internal", "networks": ["10.9.0.0/16"]},
        {"name": "Internet", "kind": "internet"},
        {"name": "Empty", "kind": "internal"},
    ],
    "endpoints": [
        {"name": "PS01", "zone": "Internal", "addresses": ["10.0.0.10", "fd00::10"], "roles": ["web-primary"]},
        {"name": "PS02", "zone": "Internal", "addresses": ["ps02.example.com"], "roles": ["web-passive"]},
        {"name": "SQL01", "zone": "Internal", "addresses": ["10.0.0.20"], "roles": ["database"]},
        {"name": "PRP01", "zone": "DMZ", "addresses": ["192.0.2.5"], "roles": ["password-reset-portal"]},
        {
            "name": "Staff",
            "zone": "Clients",
            "group": True,
            "addresses": ["10.9.1.0/24"],
            "roles": ["website-user"],
        },
        {
            "name": "Admins",
            "zone": "Clients",
            "group": True,
            "addresses": ["10.9.1.8/29"],
            "roles": ["launcher-user"],
        },
        {"name": "World", "zone": "Internet", "group": True, "addresses": ["any"], "roles": ["portal-user"]},
        {"name": "WIN", "zone": "Internal", "group": True, "sessions": ["rdp"], "addresses": ["10.1.0.0/24"]},
    ],
    "exclusions": [
        {"source": "PS01", "destination": "SQL01", "protocol": "tcp", "ports": "1433", "reason": "It has its own"}
    ],
    "never": [
        {
            "from": {"zone": "DMZ"},
            "to": {"endpoint": "SQL01"},
            "protocol": "tcp",
            "ports": "1433",
            "reason": "Policy 12",
        },
        {"from": {"endpoint": "Staff"}, "to": {"zone": "Internal"}, "protocol": "icmp", "reason": "No pings"},
    ],
    "additional_flows": [
        {"source": "PS01", "destination": "PRP01", "protocol": "tcp", "ports": "8000-8010", "reason": "Backup"},
        {"source": "PS01", "destination": "PRP01", "protocol": "tcp", "ports": "8011", "reason": "Backup"},
        {"source": "PS01", "destination": "PS01", "protocol": "tcp", "ports": "9000", "reason": "Itself"},
    ],
}
REPORT = evaluate_report(MATRIX, check_plan(PLAN, matrix=MATRIX))


def outcome(source, destination, service, report=REPORT):
    return ask(report, source, destination, service).outcome


def add_to(document, name, *addresses):
    """The report of a plan with more addresses of an endpoint."""
    ends = [end | {"addresses": [*end.get("addresses", ()), *addresses]} if end["name"] == name else end
            for end in document["endpoints"]]  # fmt: skip
    return evaluate_report(MATRIX, check_plan(document | {"endpoints": ends}, matrix=MATRIX))


@pytest.mark.parametrize(
    ("source", "destination"),
    [
        ("Staff", "PS01"),
        ("10.9.1.7", "PS01"),
        ("Staff", "10.0.0.10"),
        ("10.9.1.200", "10.0.0.10"),
        ("10.9.1.0/25", "PS01"),
        ("Staff", "ps02.example.com"),
        ("Staff", "PS02.example.com"),
    ],
)
def test_a_flow_admits_its_packets_by_name_and_by_address(source, destination):
    answer = ask(REPORT, source, destination, "tcp/443")
    assert answer.outcome == "allowed"
    [rule] = [rule for rule in REPORT.rules if rule.id in answer.rules]
    assert "Staff" in {endpoint.name for endpoint in rule.sources}
    assert answer.rules == (rule.id,)
    assert "website" in answer.reason.lower()


@pytest.mark.parametrize(
    ("source", "destination", "service"),
    [
        ("PS01", "Staff", "tcp/443"),  # the other way round
        ("Staff", "PS01", "udp/443"),
        ("Staff", "PS01", "tcp/442-443"),  # one of the two ports
        ("10.9.2.7", "PS01", "tcp/443"),  # in the zone, and nobody's
        ("172.16.0.1", "PS01", "tcp/443"),  # nowhere
        ("10.9.0.0/16", "PS01", "tcp/443"),  # more than the group
        ("Staff", "Empty", "tcp/443"),
        ("Clients", "PS01", "tcp/443"),  # Admins don't
        ("Staff", "Internal", "tcp/443"),
    ],
)
def test_what_is_not_whole_within_flows_is_not_asked_for(source, destination, service):
    answer = ask(REPORT, source, destination, service)
    assert (answer.outcome, answer.rules) == ("not-asked", ())
    assert answer.reason.endswith(".")


def test_flows_cover_a_range_together():
    assert outcome("PS01", "PRP01", "tcp/8000-8011") == "allowed"
    assert outcome("PS01", "PRP01", "tcp/8005-8011") == "allowed"
    assert outcome("PS01", "PRP01", "tcp/8000-8012") == "not-asked"
    assert outcome("PS01", "PRP01", "tcp/7999-8011") == "not-asked"


def test_an_address_of_two_endpoints_is_admitted_as_either():
    assert outcome("10.9.1.9", "PS01", "tcp/443") == "allowed"
    assert outcome("10.9.1.9", "WIN", "tcp/3389") == "allowed"
    assert outcome("10.9.1.7", "WIN", "tcp/3389") == "not-asked"
    assert outcome("10.9.1.9", "10.1.0.77", "tcp/3389") == "allowed"


def test_any_is_every_address_that_is_in_no_other_zone():
    assert outcome("8.8.8.8", "PRP01", "tcp/443") == "allowed"
    for inside in ("10.0.0.20", "10.9.200.1", "192.0.2.77"):
        assert outcome(inside, "PRP01", "tcp/443") == "not-asked", inside
    with pytest.raises(NotAskable):
        outcome("any", "PRP01", "tcp/443")
    for partly in ("10.0.0.0/8", "192.0.0.0/8", "0.0.0.0/0", "fd00::/16"):
        assert outcome(partly, "PRP01", "tcp/443") == "not-asked", partly
    both = add_to(PLAN, "PRP01", "fd01::5")
    for whole in ("8.0.0.0/8", "2001:db8::/32"):
        assert outcome(whole, "PRP01", "tcp/443", both) == "allowed", whole


def test_what_is_all_addresses_takes_nothing_off_any():
    """As in the files of firewalls: `Elsewhere` leaves it aside."""
    everything = {"name": "All", "zone": "DMZ", "group": True, "addresses": ["0.0.0.0/0"]}
    for document in (
        PLAN | {"endpoints": [*PLAN["endpoints"], everything]},
        PLAN | {"zones": [*PLAN["zones"], {"name": "Further", "kind": "dmz", "networks": ["0.0.0.0/0"]}]},
    ):
        report = evaluate_report(MATRIX, check_plan(document, matrix=MATRIX))
        assert outcome("8.8.8.8", "PRP01", "tcp/443", report) == "allowed"
        assert outcome("192.0.2.77", "PRP01", "tcp/443", report) == "not-asked"


def test_a_ping_is_that_of_ipv4():
    """Section 8 of the contract: every icmp flow is the IPv4 echo request."""
    ping = {"source": "PS01", "destination": "PRP01", "protocol": "icmp", "reason": "Monitoring"}
    ends = [end | {"addresses": [*end["addresses"], "2001:db8::5"]} if end["name"] == "PRP01" else end
            for end in PLAN["endpoints"]]  # fmt: skip
    document = PLAN | {"endpoints": ends, "additional_flows": [ping]}
    report = evaluate_report(MATRIX, check_plan(document, matrix=MATRIX))
    assert outcome("PS01", "PRP01", "icmp", report) == outcome("10.0.0.10", "192.0.2.5", "icmp", report) == "allowed"
    for sides in (("fd00::10", "2001:db8::5"), ("fd00::10", "PRP01"), ("PS01", "2001:db8::5")):
        answer = ask(report, *sides, "icmp")
        assert answer.outcome == "not-asked"
        assert "IPv4" in answer.reason


@pytest.mark.parametrize(
    ("source", "destination", "because"),
    [
        ("10.9.1.200", "fd00::10", "No packet goes from the address 10.9.1.200 to the address fd00::10: one is IPv4"),
        ("8.8.8.8", "2001:db8::5", "one is IPv4, the other IPv6."),
        ("2001:db8::1", "PRP01", "No packet of IPv6 comes from or goes to PRP01, which has addresses of IPv4 alone."),
        ("2001:db8::1", "DMZ", "comes from or goes to PRP01,"),
        ("Staff", "fd00::10", "comes from or goes to Staff,"),
        ("Clients", "fd00::10", "comes from or goes to Staff and Admins, which have addresses"),
    ],
)
def test_no_packet_goes_from_one_address_family_to_the_other(source, destination, because):
    report = REPORT if destination != "2001:db8::5" else add_to(PLAN, "PRP01", "2001:db8::5")
    answer = ask(report, source, destination, "tcp/443")
    assert (answer.outcome, answer.rules, answer.lacking) == ("not-asked", (), ())
    assert because in answer.reason


def test_names_any_and_what_is_not_known_yet_have_addresses_of_either_family():
    for sides in (("fd00::10", "PS02"), ("10.0.0.10", "PS02"), ("fd00::10", "ps02.example.com")):
        answer = ask(REPORT, *sides, "tcp/443")
        assert answer.reason.startswith("Nothing in the plan asks for"), sides
    report = add_to(PLAN, "PRP01", "2001:db8::5")
    assert outcome("2001:db8::1", "2001:db8::5", "tcp/443", report) == "allowed"
    assert outcome("World", "2001:db8::5", "tcp/443", report) == "allowed"
    nowhere = PLAN | {"endpoints": [end | {"addresses": []} if end["name"] == "PRP01" else end
                                    for end in PLAN["endpoints"]]}  # fmt: skip
    report = evaluate_report(MATRIX, check_plan(nowhere, matrix=MATRIX))
    assert outcome("2001:db8::1", "PRP01", "tcp/443", report) == "allowed"


def test_a_ping_of_what_has_addresses_of_ipv6_alone_is_not_asked_for():
    ping = {"source": "PS01", "destination": "PRP01", "protocol": "icmp", "reason": "Monitoring"}
    ends = [end | {"addresses": ["2001:db8::5"]} if end["name"] == "PRP01" else end for end in PLAN["endpoints"]]
    document = PLAN | {"endpoints": ends, "additional_flows": [ping]}
    report = evaluate_report(MATRIX, check_plan(document, matrix=MATRIX))
    answer = ask(report, "PS01", "PRP01", "icmp")
    assert answer.outcome == "not-asked"
    assert answer.reason.startswith("A ping that a plan asks for is the echo request of IPv4. No packet of IPv4 comes")
    assert answer.reason.endswith("PRP01, which has addresses of IPv6 alone.")


def test_a_zone_is_each_of_its_endpoints():
    only = PLAN | {"endpoints": [e for e in PLAN["endpoints"] if e["name"] not in ("Admins", "SQL01", "WIN")]}
    only |= {"exclusions": [], "never": []}
    report = evaluate_report(MATRIX, check_plan(only, matrix=MATRIX))
    assert outcome("Clients", "Internal", "tcp/443", report) == "allowed"
    assert outcome("Clients", "Internal", "tcp/443-444", report) == "not-asked"
    answer = ask(REPORT, "Clients", "PS01", "tcp/443")
    assert "Admins → PS01" in answer.reason


@pytest.mark.parametrize("source", ["DMZ", "PRP01", "192.0.2.5", "192.0.2.77", "192.0.2.0/28"])
@pytest.mark.parametrize("service", ["tcp/1433", "tcp/1000-2000"])
def test_what_the_plan_never_allows_is_closed(source, service):
    answer = ask(REPORT, source, "10.0.0.20", service)
    assert (answer.outcome, answer.rules) == ("closed", ())
    assert "Policy 12" in answer.reason


@pytest.mark.parametrize(
    ("source", "destination", "wanted"),
    [
        ("192.0.0.0/16", "SQL01", "closed"), ("192.0.2.5", "10.0.0.0/24", "closed"), ("0.0.0.0/0", "SQL01", "closed"),
        ("10.9.0.0/16", "PS01", "closed"), ("Staff", "10.0.0.0/30", "not-asked"), ("198.51.100.0/24", "DC", "closed"),
        ("10.9.1.0/25", "DC", "not-asked"), ("192.0.2.0/24", "DC", "not-asked"), ("192.0.2.0/23", "DC", "closed"),
    ],
)  # fmt: skip
def test_a_network_of_which_a_part_is_closed_is_closed(source, destination, wanted):
    """`World`, which is any, has what no other zone has."""
    server = {"name": "DC", "zone": "Internal", "addresses": ["10.0.7.1"]}
    row = {"from": {"endpoint": "World"}, "to": {"endpoint": "DC"}, "reason": "Nobody"}
    document = PLAN | {"endpoints": [*PLAN["endpoints"], server], "never": [*PLAN["never"], row]}
    report = evaluate_report(MATRIX, check_plan(document, matrix=MATRIX))
    assert outcome(source, destination, "icmp" if destination == "PS01" else "tcp/1433", report) == wanted


def test_beside_what_is_closed_nothing_is():
    assert outcome("DMZ", "SQL01", "udp/1433") == "not-asked"
    assert outcome("DMZ", "SQL01", "tcp/1434") == "not-asked"
    assert outcome("Internal", "SQL01", "tcp/1433") == "not-asked"
    assert outcome("Staff", "PS01", "icmp") == "closed"
    assert outcome("Admins", "PS01", "icmp") == "not-asked"


def test_what_the_document_forbids_is_closed():
    site = {"name": "SD01", "zone": "DMZ", "addresses": ["192.0.2.9"], "roles": ["self-destruct-site"]}
    document = PLAN | {"endpoints": [*PLAN["endpoints"], site], "choices": {"self-destruct": "push-pull"}}
    report = evaluate_report(MATRIX, check_plan(document, matrix=MATRIX))
    answer = ask(report, "SD01", "PS01", "tcp/443")
    assert answer.outcome == "closed"
    assert "§6" in answer.reason
    assert outcome("PS01", "SD01", "tcp/443", report) == "allowed"


def test_what_is_closed_wins_over_what_is_asked_for():
    row = {"from": {"zone": "Clients"}, "to": {"zone": "Internal"}, "reason": "Nobody"}
    report = evaluate_report(MATRIX, check_plan(PLAN | {"never": [row]}, matrix=MATRIX))
    assert outcome("Staff", "PS01", "tcp/443", report) == "closed"
    assert outcome("Staff", "PS01", "tcp/443") == "allowed"


def test_each_row_that_keeps_it_closed_is_a_sentence():
    row = {"from": {"zone": "Clients"}, "to": {"zone": "Internal"}}
    rows = [row | {"reason": "Nobody may"}, row | {"reason": "They know.", "protocol": "tcp"}]
    report = evaluate_report(MATRIX, check_plan(PLAN | {"never": rows}, matrix=MATRIX))
    reason = ask(report, "Staff", "PS01", "tcp/443").reason
    assert reason.endswith("Internal (zone): They know.")
    assert "Internal (zone): Nobody may. The plan keeps tcp closed" in reason


def test_what_stays_on_one_machine_is_never_closed():
    row = {"from": {"endpoint": "PS01"}, "to": {"zone": "Internal"}, "reason": "Nothing"}
    report = evaluate_report(MATRIX, check_plan(PLAN | {"never": [row]}, matrix=MATRIX))
    answer = ask(report, "PS01", "PS01", "tcp/9000")
    assert (answer.outcome, answer.rules) == ("allowed", ())
    assert "one machine" in answer.reason
    assert outcome("PS01", "PS02", "tcp/9000", report) == "closed"


def test_within_a_zone_no_rule_is_needed():
    answer = ask(REPORT, "PS02", "SQL01", "tcp/1433")
    assert (answer.outcome, answer.rules) == ("allowed", ())
    assert "within a zone" in answer.reason


def test_an_address_within_the_zone_of_its_endpoint_and_another_ones_networks_needs_a_rule_if_it_is_there():
    """A listener with an address in each of two data centres stands in one zone of the plan."""
    listener = {"name": "SQL01", "zone": "Internal", "addresses": ["10.0.0.20", "192.0.2.20"], "roles": ["database"]}
    document = PLAN | {"endpoints": [PLAN["endpoints"][0], listener]}
    document |= {key: [] for key in ("exclusions", "never", "additional_flows")}
    report = evaluate_report(MATRIX, check_plan(document, matrix=MATRIX))
    there, elsewhere = (ask(report, "PS01", address, "tcp/1433") for address in listener["addresses"])
    assert there.outcome == elsewhere.outcome == "allowed"
    assert there.reason.endswith("so no rule between zones is needed.")
    assert "But the address 192.0.2.20 is in the networks of DMZ, too:" in elsewhere.reason


def test_what_is_excluded_is_told_with_its_reason():
    answer = ask(REPORT, "PS01", "SQL01", "tcp/1433")
    assert answer.outcome == "not-asked"
    assert "It has its own" in answer.reason


def test_a_ping_that_is_excluded_is_told_too():
    ends = [end | {"platforms": ["windows"], "operations": ["host-heartbeat"]} if end["name"] == "SQL01" else end
            for end in PLAN["endpoints"]]  # fmt: skip
    excluded = {"source": "PS01", "destination": "SQL01", "protocol": "icmp", "reason": "Nobody answers"}
    document = PLAN | {"endpoints": ends, "exclusions": [excluded]}
    report = evaluate_report(MATRIX, check_plan(document, matrix=MATRIX))
    answer = ask(report, "PS01", "SQL01", "icmp")
    assert answer.outcome == "not-asked"
    assert "Nobody answers" in answer.reason


def test_what_waits_for_a_decision_says_so():
    target = {"name": "ESX", "zone": "DMZ", "platforms": ["vmware-esxi"], "operations": ["reset"]}
    report = evaluate_report(MATRIX, check_plan(PLAN | {"endpoints": [*PLAN["endpoints"], target]}, matrix=MATRIX))
    answer = ask(report, "PS01", "ESX", "tcp/22")
    assert answer.outcome == "allowed"
    assert "not decided" in answer.reason


@pytest.mark.parametrize("name", ["Bob", "staff", "10.0.0", "10.0.0.0/33", "10.0.0.1/8", "example.com", ""])
@pytest.mark.parametrize("side", [0, 1])
def test_a_name_that_the_plan_does_not_have_is_told(name, side):
    sides = ["Staff", "Staff"]
    sides[side] = name
    with pytest.raises(NotAskable, match="no endpoint and no zone"):
        ask(REPORT, *sides, "tcp/443")


@pytest.mark.parametrize(
    "service", ["", "tcp", "443", "tcp/", "tcp/0", "tcp/65536", "tcp/9-8", "sctp/1", "icmp/8", "https", "tcp/443/x"]
)
def test_a_service_that_is_none_is_told(service):
    with pytest.raises(NotAskable, match="tcp/443"):
        ask(REPORT, "Staff", "PS01", service)


@settings(max_examples=often(60))
@given(documents(MATRIX, most=5), st.data())
def test_every_flow_of_any_plan_is_allowed_by_its_rules_unless_it_is_closed(document, data):
    report = evaluate_report(MATRIX, check_plan(document, matrix=MATRIX))
    if not report.flows:
        return
    flow = data.draw(st.sampled_from(report.flows))
    need = flow.need
    answer = ask(
        report, flow.source.name, flow.destination.name, f"{need.protocol}/{need.ports}" if need.ports else "icmp"
    )
    broken = any(flow in row.breaking for row in report.closed)
    if need.protocol == "icmp" and not broken and "which ha" in answer.reason:
        assert any(":" in address for end in (flow.source, flow.destination) for address in end.addresses)
        return
    assert answer.outcome == ("closed" if broken else "allowed")
    opening = flow.source.name, flow.destination.name, need.protocol, need.ports
    if not broken and flow.scope == "cross-zone":
        assert {rule.id for rule in report.rules if opening in set(rule.openings())} <= set(answer.rules)


def test_nobody_asks_what_a_machine_sends_to_itself_when_a_zone_is_asked_about():
    flows = [
        {"source": here, "destination": there, "protocol": "tcp", "ports": "9", "reason": "Cluster"}
        for here, there in (("PS01", "SQL01"), ("SQL01", "PS01"))
    ]
    ends = [end | {"addresses": [*end["addresses"], "fd00::20"]} if end["name"] == "SQL01" else end
            for end in PLAN["endpoints"] if end["name"] in ("PS01", "SQL01", "WIN")]  # fmt: skip
    pair = evaluate_report(MATRIX, check_plan(
        {"format": 1, "name": "Pair", "zones": PLAN["zones"], "endpoints": ends[:2], "additional_flows": flows},
        matrix=MATRIX,
    ))  # fmt: skip
    assert outcome("Internal", "Internal", "tcp/9", pair) == "allowed"
    for sides in (("Internal", "PS01"), ("PS01", "Internal"), ("Internal", "10.0.0.10"), ("fd00::10", "Internal")):
        assert outcome(*sides, "tcp/9", pair) == "allowed", sides
    for alone in ("PS01", "10.0.0.10"):
        assert outcome("PS01", alone, "tcp/9", pair) == "not-asked", "who names the machine twice asks about it"
    # A group's machines send to each other, which is asked about.
    beside = evaluate_report(MATRIX, check_plan(
        {"format": 1, "name": "Group", "zones": PLAN["zones"], "endpoints": ends, "additional_flows": flows},
        matrix=MATRIX,
    ))  # fmt: skip
    assert outcome("Internal", "Internal", "tcp/9", beside) == "not-asked"
    assert outcome("Internal", "WIN", "tcp/9", beside) == "not-asked"


def test_two_rows_that_close_the_same_are_both_broken_by_it():
    row = {"from": {"endpoint": "Staff"}, "to": {"endpoint": "PS01"}, "protocol": "tcp", "ports": "443"}
    document = PLAN | {"never": [row | {"reason": "Policy 1"}, row | {"reason": "Policy 2"}]}
    there = evaluate_report(MATRIX, check_plan(document, matrix=MATRIX))
    broken = {closed.reason: len(closed.breaking) for closed in there.closed if closed.number is not None}
    assert broken == {"Policy 1": 1, "Policy 2": 1}


def test_ports_of_an_endpoint_that_are_those_of_the_plan_are_not_its_own():
    first, *others = PLAN["endpoints"]
    document = PLAN | {
        "ports": {"website": "8443"},
        "endpoints": [first | {"ports": {"website": "8443", "rdp": "3390"}}, *others],
    }
    there = evaluate_report(MATRIX, check_plan(document, matrix=MATRIX))
    assert list(there.list_own_ports()) == [("PS01", "rdp", "3390")]
