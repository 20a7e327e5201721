"""What must stay closed and is kept by the names of endpoints alone."""

import pytest

from planner.engine.by_address import MOST_AROUND, find_by_address
from planner.report.said.closed import list_closed
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
    [one] = find_by_address(report, report.closed).values()
    assert (one.flow.source.name, one.holders) == ("Net", (("Net", "Kiosk"),))


@pytest.mark.parametrize(
    ("network", "machine", "opens"),
    [
        ("10.5.0.7", "10.5.0.7", True), ("0.0.0.0/0", "10.5.0.7", True), ("10.5.0.8/29", "10.5.0.7", False),
        ("10.5.0.7", "10.5.0.0/16", False), ("fd00::/64", "fd00::7", True), ("::/0", "10.5.0.7", False),
        ("Here.example.com", "here.example.com", True), ("any", "10.5.0.7", False), ("any", "", False),
    ],
)  # fmt: skip
def test_a_network_has_all_of_an_address(network, machine, opens):
    """`any` is every address but those of other zones."""
    zone = "Internet" if network == "any" else "Internal"
    kiosk = host("Kiosk", *filter(None, [machine]), group=True)
    assert said(report_of(host("Net", network, zone=zone, group=True), kiosk))[0].startswith("yes,") is opens


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
