"""Numbers of what stays within zones: on the sheets of servers, and what they stand for after these."""

from collections import Counter
from dataclasses import replace

import pytest

from planner.report.said.servers import outline_servers
from planner.report.said.within import index_within, number_within
from tests.report.samples import contoso, evaluate, sites
from tests.report.test_print import example
from tests.report.test_sheets import texts


@pytest.mark.parametrize("slug", ["everything", "dmz", "remote-sites"])
def test_every_flow_within_a_zone_has_one_number_and_no_other_flow_has_any(slug):
    report = example(slug)
    parts = number_within(report)
    counted = Counter(id(flow) for part in parts for flow in part.flows)
    assert counted == {id(flow): 1 for flow in report.flows if flow.scope == "same-zone"}
    assert len({part.id for part in parts}) == len(parts)
    assert not {part.id for part in parts} & {rule.id for rule in report.rules}


def test_a_number_says_each_of_its_ports_with_why_and_no_other():
    for part in number_within(example("everything")):
        asked = {(flow.need.protocol, flow.need.ports) for flow in part.flows}
        assert Counter(tuple(ports) for one in part.services for ports in one.ports) == dict.fromkeys(asked, 1)
        for one in part.services:
            reasons = {
                reason
                for flow in part.flows
                if (flow.need.protocol, flow.need.ports) in set(map(tuple, one.ports))
                for reason in flow.need.reasons
            }
            assert reasons == set(one.reasons)


def test_a_number_stays_when_others_come_and_go():
    report = example("everything")
    whole = index_within(number_within(report))
    part = index_within(number_within(replace(report, flows=report.flows[::2])))
    assert part.items() <= whole.items()


def test_many_like_sites_share_their_numbers():
    assert len({part.id for part in number_within(evaluate(sites(50)))}) == len(number_within(evaluate(sites(2))))


def test_a_server_names_the_numbers_and_the_document_says_what_they_stand_for():
    report = evaluate(contoso())
    [sheet] = [sheet for sheet in outline_servers(report, members=9) if sheet.title == "DC01"]
    [line] = [line for line in sheet.accepts if str(line.ports[0]) == "udp 53"]
    assert (line.within, line.rules) == (True, ("INT-9000",))
    said = texts(report, "servers")
    assert said.count("INT-9000") == 3  # of PS01, of DC01, and in the list
    assert "INT-9000Internaludp 53 Name resolution, own" in said
