"""What the readers tell of a file for commands that change what it is of: names, what is taken, what is there."""

import json

import pytest

from planner.engine.existing.boxes import Box, cut_all
from planner.engine.existing.measure import divide
from planner.engine.existing.model import Unreadable
from planner.engine.existing.parts import count
from planner.engine.existing.readers import aws, azure, csv, iptables, windows
from planner.engine.spans import Spans
from tests.engine.existing import test_aws, test_azure, test_iptables, test_windows
from tests.engine.existing.rulesets import drop
from tests.engine.existing.test_lacks import THIS, lacks


def test_of_a_security_group_its_id_and_the_rules_that_name_networks_are_known():
    mixed = test_aws.permission("6", 443, 443, "10.0.0.0/24", Ipv6Ranges=[{"CidrIpv6": "2001:db8::/64"}])
    other = test_aws.permission("tcp", 22, 22, UserIdGroupPairs=[{"GroupId": "sg-9"}], IpRanges=[])
    rows = [mixed, other, test_aws.permission("udp", 53, 53, "10.0.0.9/32"), test_aws.ALL, "none"]
    found = aws.find_groups(json.dumps({"SecurityGroups": [{**test_aws.group(), "IpPermissions": rows}]}))
    [(name, known)] = found.items()
    assert (name, known.id) == ("sg-1", "sg-1")
    assert known.there["inbound"] == {
        ("tcp", 443, 443, "10.0.0.0/24"), ("tcp", 443, 443, "2001:db8::/64"), ("udp", 53, 53, "10.0.0.9/32")
    }  # fmt: skip
    assert known.there["outbound"] == set(), "what is for every port has none"


def test_a_security_group_without_an_id_says_none():
    [known] = aws.find_groups(json.dumps({"GroupName": "web", "GroupId": 7, "IpPermissions": []})).values()
    assert known.id == ""
    assert known.there == {"inbound": set(), "outbound": set()}


def test_of_an_azure_group_its_names_and_the_priorities_that_are_taken_are_known():
    rules = [test_azure.rule(), test_azure.rule("out", 300, direction="OUTBOUND"), test_azure.rule("b", "200")]
    text = json.dumps({"name": "web-nsg", "resourceGroup": "vault", "securityRules": rules})
    [known] = azure.find_groups(text).values()
    assert (known.name, known.resource_group) == ("web-nsg", "vault")
    assert known.taken == {"inbound": {100, 200}, "outbound": {300}}
    [known] = azure.find_groups(json.dumps({"name": None, "resourceGroup": 3, "securityRules": rules})).values()
    assert (known.name, known.resource_group) == ("", "")


def test_of_a_table_its_columns_and_words_are_known():
    known = csv.find_columns(
        "Nr;Order;Source;Destination;Service;Action;Firewall\n"
        "1;10;10.0.0.9;any;any;Deny;\n"
        "2;20;10.0.0.1;10.1.0.1;tcp/443;Permit;FW-1\n"
        "3;;10.0.0.2;10.1.0.1;tcp/443;Accept;FW-1\n"
    )
    assert known.delimiter == ";"
    assert known.titles == ("Nr", "Order", "Source", "Destination", "Service", "Action", "Firewall")
    assert dict(zip(known.titles, known.columns, strict=True))["Action"] == "action"
    assert (known.accepts, known.device) == ("Permit", "FW-1"), "the first there is"
    bare = csv.find_columns("source,destination,service,action\n10.0.0.9,any,any,deny\n")
    assert (bare.delimiter, bare.accepts, bare.device) == (",", "allow", "")
    assert (bare.priorities, bare.last_priority) == ({}, "1")


def test_of_a_table_with_priorities_each_is_known_by_its_line():
    rows = (
        "priority,source,destination,service,action",
        "10,any,any,any,deny",
        ",any,any,any,deny",
        "30,any,any,any,deny",
    )
    known = csv.find_columns("\n".join(rows))
    assert known.priorities == {"2": "10", "4": "30"}
    assert known.last_priority == "30"


@pytest.mark.parametrize(
    ("changes", "bar"),
    [
        ({}, ""),
        (
            {"Public": {"AllowInboundRules": 0}, "Domain": {"AllowLocalFirewallRules": "False"}},
            "The profile public lets nothing in, whatever rules say",
        ),
        (
            {"Domain": {"AllowLocalFirewallRules": "False"}},
            "In the profile domain group policy says that local rules don't count",
        ),
    ],
)
def test_of_a_windows_host_its_name_and_what_bars_further_rules_are_known(changes, bar):
    head = {"computer": "PS01", "profiles": test_windows.profiles(**changes)}
    known = windows.find_host(json.dumps({**head, "rules": [test_windows.rule()]}))
    assert (known.name, known.bar) == ("PS01", bar)


def test_entries_of_iptables_that_are_several_each_count_as_that(monkeypatch):
    several = "-A FORWARD -p tcp -m multiport --ports 1:5,9 -j ACCEPT"
    text = test_iptables.saved(several, several)
    number = sum(len(entry.matches) for stage in iptables.read(text).stages for entry in stage.entries)
    monkeypatch.setattr(iptables, "ENTRIES", number - 1)
    with pytest.raises(iptables.Unreadable, match="With line 7 there are more than"):
        iptables.read(text)
    assert number > 2


def test_a_stage_by_itself_decides_a_flow():
    found = lacks(drop("no", THIS))
    [one] = found.flows
    assert found.decide(one).state == "closed"


def test_of_what_is_taken_away_whole_nothing_is_left_and_an_empty_set_has_no_parts():
    box = Box(Spans.only(1), Spans.only(2), Spans.only(6), Spans.only(443))
    assert cut_all([box], [box, box]) == []
    assert list(divide([])) == []
    assert list(divide([Spans(()), Spans(())])) == []


def test_addresses_of_a_table_are_counted_before_they_are_read(monkeypatch):
    rows = [f"10.0.0.{number};10.1.0.1;tcp/443;allow" for number in range(1, 5)]
    table = "source;destination;service;action\n" + "\n".join(rows)
    assert len(csv.read(table).stages[0].entries) == 4
    for module in (csv, count):
        monkeypatch.setattr(module, "ENTRIES", 4)
    with pytest.raises(Unreadable, match="At most 4"):
        csv.read(table)
