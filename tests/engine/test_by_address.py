"""What must stay closed and is kept by the names of endpoints alone."""

import pytest

from planner.engine import by_address
from planner.engine.by_address import MOST_AROUND, find_by_address, find_others
from planner.report.said.closed import PARTLY_TRIED, list_closed
from tests.engine.test_linear import count_steps
from tests.report.firewall.test_permits import flow, host, plan

PS = host("PS", "192.0.2.1", "ps.example.com", zone="DMZ")
OPEN = [flow("Net", "PS")]


def never(source="Kiosk", destination="PS", **more):
    return {"from": {"endpoint": source}, "to": {"endpoint": destination}, "reason": "No.", **more}


def report_of(*ends, flows=OPEN, rows=None):
    return plan([PS, *ends], flows, never=rows or [never()])


def said(report):
    return [row[-1] for row in list_closed(report)]


NET = host("Net", "10.5.0.0/16", group=True)


def test_a_machine_in_a_network_that_may_is_told_with_the_flow_and_the_network():
    report = report_of(NET, host("Kiosk", "10.5.0.7"))
    assert report.closed[0].kept, "a row is about names"
    assert said(report) == ["yes, by name only: Net → PS tcp 443 is needed, and Net has an address of Kiosk"]
    [one] = find_by_address(report, report.closed).opened.values()
    assert (one.flow.source.name, one.holders) == ("Net", (("Net", "Kiosk", False),))


@pytest.mark.parametrize(
    ("network", "machine", "opens"),
    [
        ("10.5.0.7", "10.5.0.7", True), ("0.0.0.0/0", "10.5.0.7", True), ("10.5.0.8/29", "10.5.0.7", False),
        ("10.5.1.7", "10.5.0.0/24", False), ("fd00::/64", "fd00::7", True), ("::/0", "10.5.0.7", False),
        ("Here.example.com", "here.example.com", True), ("any", "10.5.0.7", False), ("any", "", False),
    ],
)  # fmt: skip
def test_a_network_has_all_of_an_address(network, machine, opens):
    """`any` is every address but those of other zones."""
    zone = "Internet" if network == "any" else "Internal"
    kiosk = host("Kiosk", *filter(None, [machine]), group=True)
    assert said(report_of(host("Net", network, zone=zone, group=True), kiosk))[0].startswith("yes,") is opens


@pytest.mark.parametrize(
    ("machine", "network", "opens"),
    [
        ("10.5.0.7", "10.5.0.0/24", True), ("10.5.0.128/25", "10.5.0.0/24", True), ("fd00::7", "fd00::/64", True),
        ("10.5.0.7", "0.0.0.0/0", True), ("10.5.1.7", "10.5.0.0/24", False), ("fd00::7", "0.0.0.0/0", False),
        ("", "10.5.0.0/24", False), ("here.example.com", "10.5.0.0/24", False),
    ],
)  # fmt: skip
def test_a_machine_that_may_in_a_network_that_must_not_has_a_part_of_it(machine, network, opens):
    addresses = filter(None, [machine])
    report = report_of(host("M", *addresses, group=True), host("Net", network, group=True), flows=[flow("M", "PS")],
                       rows=[never("Net")])  # fmt: skip
    is_told = said(report) == ["yes, by name only: M → PS tcp 443 is needed, and M has a part of Net"]
    assert (is_told, said(report) == ["yes"]) == (opens, not opens)


def test_what_has_all_of_one_address_and_a_part_of_another_is_said_to_have_an_address():
    one, other = host("One", "10.5.0.0/24", "10.6.0.7", group=True), host("Other", "10.5.0.7", "10.6.0.7", group=True)
    report = report_of(one, other, flows=[flow("Other", "PS")], rows=[never("One")])
    assert said(report)[0].endswith("Other has an address of One")


def test_the_machines_of_a_zone_have_parts_of_what_is_any_there():
    far = host("Far", "any", zone="Internet", group=True)
    report = report_of(far, host("M", "198.51.100.7", zone="Internet"), flows=[flow("M", "PS")], rows=[never("Far")])
    assert said(report)[0].endswith("M has a part of Far")


def test_networks_around_and_within_are_told_on_every_level_and_few_of_many():
    """Nested in each other, beside each other, and one address of many endpoints."""
    ends = {"W": "10.0.0.0/8", "N": "10.5.0.0/16", "A": "10.5.1.0/24", "B": "10.5.2.0/24", "M": "10.5.2.9"}
    ends |= {"Off": "10.6.0.1", "Six": "fd00::1"}
    endpoints = plan([host(name, one, group=True) for name, one in ends.items()], []).plan.endpoints
    told = {name: dict(several) for name, several in find_others(endpoints, {"N", "B", "M"}, ends).items()}
    assert told == {
        "N": {"W": False, "A": True, "B": True, "M": True},
        "B": {"W": False, "N": False, "M": True},
        "M": {"W": False, "N": False, "B": False},
    }
    many = [host(f"E{number}", "10.5.0.7") for number in range(2 * MOST_AROUND)]
    many = plan([*many, host("Net", "10.5.0.0/16", group=True)], []).plan.endpoints
    found = find_others(many, {"Net", "E0"}, {one.name for one in many})
    assert [len(found["Net"]), len(found["E0"])] == [MOST_AROUND + 1] * 2, "one more says that there are more"


def test_of_many_machines_in_a_network_those_are_tried_that_flows_lead_from():
    idle = [host(f"M{number}", f"10.5.{number // 250}.{number % 250}") for number in range(MOST_AROUND + 5)]
    idle.append(host("Far", "192.0.2.9", zone="DMZ"))
    flows = [flow("M104", "PS"), *(flow("Far", f"M{number}") for number in range(MOST_AROUND))]
    report = report_of(NET, *idle, flows=flows, rows=[never("Net")])
    assert said(report)[0].startswith("yes, by name only: M104 → PS")


def test_what_rows_name_is_tried_where_flows_lead_from_it_alone():
    kiosks = [host(f"K{number}", f"10.5.0.{number}") for number in range(MOST_AROUND + 5)]
    rows = [never("Net"), *(never(one["name"]) for one in kiosks)]
    report = report_of(NET, *kiosks, host("PC", "10.5.9.9"), flows=[flow("PC", "PS")], rows=rows)
    assert said(report) == ["yes, by name only: PC → PS tcp 443 is needed, and PC has a part of Net", *["yes"] * 105]


FAR = host("Far", "10.6.0.0/16", zone="DMZ", group=True)
HERE = [host(f"H{number}", f"10.5.0.{number}") for number in range(MOST_AROUND)]
THERE = [host(f"T{number}", f"10.6.0.{number}", zone="DMZ") for number in range(MOST_AROUND)]
H0_OPENS = "yes, by name only: H0 → PS tcp 443 is needed, and H0 has a part of Net"


def test_machines_of_two_networks_are_tried_where_flows_lead_between_them_alone():
    away = [host("A", "10.7.0.1", zone="DMZ"), host("B", "10.7.0.2")]
    flows = [flow("H0", "PS"), *(flow(one["name"], "A") for one in HERE), *(flow("B", one["name"]) for one in THERE)]
    rows = [never("Net", "Far", protocol="tcp", ports=str(port)) for port in (80, 443, 500)]
    report = report_of(NET, FAR, *HERE, *THERE, *away, flows=flows, rows=[*rows, never("Net", "PS")])
    assert said(report) == [*["yes"] * 3, H0_OPENS]


def test_of_many_flows_between_two_networks_that_nothing_may_go_between_the_first_is_tried(monkeypatch):
    monkeypatch.setattr(by_address, "MOST_TRIED", 10)
    flows = [flow("H0", "PS"), *(flow(one["name"], other["name"]) for one in HERE[:5] for other in THERE[:5])]
    rows = [*[never("Net", "Far")] * 2, never("Net", "PS")]
    report = report_of(NET, FAR, *HERE[:5], *THERE[:5], flows=flows, rows=rows)
    first = "yes, by name only: H0 → T0 tcp 443 is needed, and H0 has a part of Net and T0 has a part of Far"
    assert said(report) == [first, first, H0_OPENS]


BUSY_HERE = [host(f"B{number}", f"10.5.1.{number}") for number in range(MOST_AROUND + 50)]
BUSY_THERE = [host(f"C{number}", f"10.6.1.{number}", zone="DMZ") for number in range(MOST_AROUND + 50)]
IN_PART = f"yes, by name: {PARTLY_TRIED}"


def test_of_more_machines_than_are_tried_those_are_that_flows_lead_between_and_the_other_side():
    flows = [*(flow(one["name"], "A") for one in BUSY_HERE), flow("B140", "PS")]
    flows += [*(flow("A2", one["name"]) for one in BUSY_THERE), flow("A2", "C140", ports="80")]
    away = [host("A", "10.7.0.1", zone="DMZ"), host("A2", "10.7.0.2")]
    rows = [never("Net", protocol="tcp", ports=ports) for ports in ("443", "22")]
    rows += [never("A2", "Far", protocol="tcp", ports="80"), never("Net", "A"), never("Net", "C1")]
    assert said(report_of(NET, FAR, *BUSY_HERE, *BUSY_THERE, *away, flows=flows, rows=rows)) == [
        "yes, by name only: B140 → PS tcp 443 is needed, and B140 has a part of Net",
        "yes",
        "yes, by name only: A2 → C140 tcp 80 is needed, and C140 has a part of Far",
        "yes, by name only: B0 → A tcp 443 is needed, and B0 has a part of Net",
        "yes",
    ]


def test_what_there_was_too_much_to_try_for_is_said_to_be_kept_by_name(monkeypatch):
    """As both sides are many, or what the other side has to do with is, or the pairs."""
    flows = [*(flow(one["name"], "A") for one in BUSY_HERE), *(flow("A2", one["name"]) for one in BUSY_THERE)]
    away = [host("A", "10.7.0.1", zone="DMZ"), host("A2", "10.7.0.2")]
    everyone = (NET, FAR, *BUSY_HERE, *BUSY_THERE, *away)
    assert said(report_of(*everyone, flows=flows, rows=[never("Net", "Far"), never("A2", "PS")])) == [IN_PART, "yes"]
    ports = {"protocol": "tcp", "ports": "80"}
    report = report_of(*everyone, flows=flows, rows=[never("Net", "A", **ports)] * 2)
    assert said(report) == ["yes"] * 2
    monkeypatch.setattr(by_address, "MOST_TRIED", 200)
    assert said(report) == ["yes", IN_PART]
    few = (NET, *HERE[:5], *away)
    report = report_of(*few, flows=[flow(one["name"], "A") for one in HERE[:5]], rows=[never("Net", "A", **ports)] * 3)
    assert said(report) == ["yes"] * 3
    monkeypatch.setattr(by_address, "MOST_TRIED", 7)
    assert said(report) == ["yes", IN_PART, IN_PART]


def test_any_has_all_addresses_of_its_own_zone():
    report = report_of(host("Net", "any", zone="Internet", group=True), host("Kiosk", "198.51.100.7", zone="Internet"))
    assert said(report)[0].startswith("yes, by name only")


def test_only_what_the_row_is_about_opens_it_and_either_side_counts():
    kiosk = host("Kiosk", "10.5.0.7")
    far = host("Far", "192.0.2.0/24", zone="DMZ", group=True)
    for rows, flows, opens in (
        ([never(protocol="tcp", ports="400-500")], OPEN, True),
        ([never(protocol="tcp", ports="80")], OPEN, False),
        ([never(protocol="udp")], OPEN, False),
        ([never("PS", "Kiosk")], OPEN, False),
        ([never("PS", "Kiosk")], [flow("PS", "Net")], True),
        ([never()], [flow("Net", "Far")], True),
        ([never() | {"to": {"zone": "DMZ"}}], OPEN, True),
    ):
        assert said(report_of(NET, kiosk, far, flows=flows, rows=rows))[0].startswith("yes,") is opens, (rows, flows)
    both = said(report_of(NET, kiosk, far, flows=[flow("Net", "Far")]))
    assert both[0].endswith("Net has an address of Kiosk and Far has an address of PS")


def test_what_is_broken_says_by_what_and_no_more():
    report = report_of(NET, host("Kiosk", "10.5.0.7"), flows=[*OPEN, flow("Kiosk", "PS")])
    assert said(report) == ["no: Kiosk → PS tcp 443"]


def test_the_cost_grows_with_rows_and_endpoints_and_not_with_their_pairs():
    def cost(count):
        ends = [host(f"K{number}", f"10.5.{number // 250}.{number % 250}") for number in range(count)]
        wide = [host(f"W{number}", "10.0.0.0/8", group=True) for number in range(count)]
        report = report_of(*ends, *wide, flows=[flow("PS", "W0")], rows=[never(f"K{n}") for n in range(count)])
        return count_steps(lambda: find_by_address(report, report.closed))

    assert cost(4 * MOST_AROUND) < 5 * cost(MOST_AROUND)


@pytest.mark.parametrize("lengths", [0, 20])
def test_the_cost_of_addresses_grows_with_neither_how_many_lengths_there_are_nor_how_deep_they_nest(lengths):
    def cost(count):
        many = host("Many", *(f"10.5.{number // 250}.{number % 250}" for number in range(count)), group=True)
        nets = [host(f"N{length}", f"10.0.0.0/{8 + length}", group=True) for length in range(lengths)]
        endpoints = plan([many, *nets], []).plan.endpoints
        among = {one.name for one in endpoints}
        find_others(endpoints, {"Many"}, among)  # addresses that were read are kept
        return count_steps(lambda: find_others(endpoints, {"Many"}, among))

    assert cost(400) - cost(200) < 50 * 200
