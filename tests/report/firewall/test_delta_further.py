"""What is missing on a Windows host, in groups of a cloud and in a table: told to models and read back.

All that was missing is open then, but what is told not to be; nothing is wider; and the way back leads back. So it is
of any rules that are there, some of which refuse, and of any flows.
"""

import ipaddress
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.engine.existing.decide import compare_with
from planner.engine.existing.readers import READERS
from planner.report.errors import NotExpressible
from planner.report.firewall import iptables
from planner.report.gap import GAP_FORMATS
from planner.report.gap.data import gap_data
from planner.report.gap.delta import WRITERS, render_delta
from planner.report.gap.delta.task import Task
from planner.report.gap.page import describe_gap
from planner.report.gap.words import WHOLE_ICMP
from tests.engine.existing.rulesets import flow, host, plan
from tests.report.firewall.telling import TELL
from tests.strategies import often

ENDPOINTS = [
    host("Web", "10.0.0.10", "fd00::10"),
    host("Staff", "10.1.0.0/30", zone="Internet", group=True),
    host("Store", "192.0.2.10", "192.0.2.20", "2001:db8::10", zone="DMZ"),
    host("World", "any", zone="Internet", group=True),
]
FLOWS = [
    flow("Web", "Store", ports="443"), flow("Web", "Store", ports="80-81"), flow("Web", "Store", "udp", "53"),
    flow("Staff", "Web", ports="8443"), flow("Staff", "Store", ports="22"), flow("World", "Store", ports="25"),
    flow("Store", "Web", ports="25-26"), flow("Store", "Staff", ports="3389"),
]  # fmt: skip
OTHER = host("Other", "10.0.0.0/8", zone="Internal", group=True)
PING = flow("Web", "Store", "icmp")
GROUPS = {"in-nsg": "Internal", "dmz-nsg": "DMZ"}
SOURCES = ("any", "10.0.0.10", "10.1.0.1", "10.0.0.0/8", "fd00::/64")
DESTINATIONS = ("any", "192.0.2.10", "192.0.2.0/24", "2001:db8::10", "10.0.0.10")
SERVICES = (("tcp", "443"), ("tcp", "0-65535"), ("tcp", "25-80"), ("udp", "53"), ("any", "any"))


@st.composite
def rules(draw):
    """Up to five rules, each of which admits or refuses: sources, destinations, protocol, ports, whether it admits."""
    one = st.tuples(st.sampled_from(SOURCES), st.sampled_from(DESTINATIONS), st.sampled_from(SERVICES), st.booleans())
    found = draw(st.lists(one, max_size=5))
    # One family on both sides, as devices take them.
    return [one for one in found if "any" in one[:2] or (":" in one[0]) == (":" in one[1])]


def windows(made):
    return json.dumps(
        {
            "computer": "STORE", "reachable": ["192.0.2.10", "192.0.2.20", "2001:db8::10"],
            "rules": [
                {
                    "Name": f"rule {n}", "DisplayName": f"rule {n}", "Direction": "Inbound", "Enabled": "True",
                    "Action": "Allow" if admits else "Block", "Profile": "Any",
                    "Filters": [{"Protocol": protocol, "LocalPort": "Any" if ports == "any" else ports,
                                 "RemoteAddress": source, "LocalAddress": destination, "Program": "Any"}],
                }
                for n, (source, destination, (protocol, ports), admits) in enumerate(
                    [("172.16.0.9", "any", ("tcp", "1"), True), *made]
                )
            ],
        }
    )  # fmt: skip


def azure(made, names=tuple(GROUPS)):
    def rule(n, way, source, destination, service, admits):
        return {
            "name": f"rule{n}-{way}", "priority": 100 + 3 * n, "direction": way,
            "access": "Allow" if admits else "Deny",
            "protocol": service[0].replace("any", "*"), "sourceAddressPrefix": source.replace("any", "*"),
            "destinationAddressPrefix": destination.replace("any", "*"), "sourcePortRange": "*",
            "destinationPortRange": service[1].replace("any", "*"),
        }  # fmt: skip

    found = [rule(n, way, *one) for n, one in enumerate(made, 1) for way in ("Inbound", "Outbound")]
    return json.dumps([{"name": name, "resourceGroup": "net", "securityRules": found} for name in names])


def aws(made, names=("sg-1", "sg-2")):
    def permission(network, service):
        protocol, ports = service
        first, _, last = ports.partition("-")
        bounds = {} if protocol == "any" else {"FromPort": int(first), "ToPort": int(last or first)}
        key, cidr = ("Ipv6Ranges", "CidrIpv6") if ":" in network else ("IpRanges", "CidrIp")
        network = "0.0.0.0/0" if network == "any" else network if "/" in network else f"{network}/32"
        return {"IpProtocol": protocol.replace("any", "-1"), **bounds, key: [{cidr: network}]}

    found = {}
    for source, destination, service, _ in made:
        found[json.dumps(permission(source, service))] = json.dumps(
            permission(destination.replace("8::10", "8::/64"), service)
        )
    ways = {"IpPermissions": [*map(json.loads, found)], "IpPermissionsEgress": [*map(json.loads, set(found.values()))]}
    return json.dumps({"SecurityGroups": [{"GroupId": name, "GroupName": name, **ways} for name in names]})


def table(made):
    lines = [f"{source},{destination},{protocol}/{ports},{'Permit' if admits else 'Deny'}"
             for source, destination, (protocol, ports), admits in made]  # fmt: skip
    return "\n".join(["source,destination,service,action", *lines, ""]).replace("any/any", "any")


def wide_table(made):
    lines = ["No.;Name;From Zone;To Zone;Source;Destination;Protocol;Port;Priority;Action;Enabled;Users;Device"]
    for n, (source, destination, (protocol, ports), admits) in enumerate(made):
        service = f"{protocol};{ports if protocol != 'any' else ''}"
        ends = f"{'inside' if n % 2 else 'any'};any;{source};{destination}"
        lines.append(f"{n};r{n};{ends};{service};10;{'accept' if admits else 'drop'};yes;;FW1")
    return "\n".join([*lines, ""])


KINDS = {
    "windows": ("windows", windows, {}),
    "azure": ("azure", azure, GROUPS),
    "aws": ("aws", aws, {"sg-1": "Internal", "sg-2": "DMZ"}),
    "csv": ("csv", table, {}),
    "csv-zones": ("csv", wide_table, {"inside": "Internal", "dmz": "DMZ", "wan": "Internet"}),
}


def compare(report, name, text, mapping):
    return compare_with(report, READERS[name].read(text), mapping)


def entries(name, text):
    ruleset = READERS[name].read(text)
    return [(one.name, one.verdict, one.matches) for stage in ruleset.stages for one in stage.entries]


def too_wide(gap):
    return {(one.sources, one.destinations, one.services) for one in gap.wider}


def say(one):
    return f"{one.flow.source.name} to {one.flow.destination.name} {one.flow.need.protocol} {one.flow.need.ports}"


def delta_of(gap, text, mapping=None):
    return render_delta(Task(gap=gap, text=text, mapping=mapping or {})).decode()


def try_delta(name, text, mapping, flows):
    report = plan(ENDPOINTS, flows)
    gap = compare(report, name, text, mapping)
    told = delta_of(gap, text, mapping)
    after = TELL[name](text, told)
    now = compare(report, name, after, mapping)
    plain = " ".join(re.sub(r"(?m)^#", " ", told).split())
    for one in now.flows:
        assert one.state == "open" or say(one) in plain, (say(one), one.state, one.by, told)
    assert too_wide(now) <= too_wide(gap) or "is for everybody" in plain
    back = TELL[name](after, told, back=True)
    assert entries(name, back) == entries(name, text)
    if all(one.state == "open" for one in now.flows):
        again = delta_of(now, after, mapping)
        assert "Nothing is missing" in again
        assert TELL[name](after, again) == after if name == "csv" else entries(name, after)
    return gap, told, now


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=often(15))
@given(data=st.data())
def test_of_any_rules_all_that_is_missing_is_open_then_nothing_is_wider_and_the_way_back_leads_back(kind, data):
    name, write, mapping = KINDS[kind]
    flows = data.draw(st.lists(st.sampled_from(FLOWS), min_size=1, max_size=5, unique_by=str))
    made = data.draw(rules())
    try_delta(name, write(made), mapping, flows)


def test_a_rule_of_windows_that_blocks_is_named_and_the_rest_is_opened():
    made = [("10.0.0.10", "any", ("tcp", "443"), False), ("10.1.0.1", "any", ("tcp", "22"), False)]
    gap, told, now = try_delta("windows", windows(made), {}, FLOWS[:1] + FLOWS[2:5])
    assert gap.counts["closed"] == 3
    plain = " ".join(told.replace("\n#", " ").split())
    for number, ends in ((1, "Web to Store tcp 443"), (2, "Staff to Store tcp 22")):
        assert f"Not opened in full by this: 1 flow ({ends}). Some of it is blocked by rule rule {number}" in plain
    assert "Not opened by this: 1 flow (Staff to Web tcp 8443). They go to other hosts" in plain
    assert {one.flow.need.ports: one.state for one in now.flows}["53"] == "open"
    assert "@{" in told
    both = [("any", "any", ("tcp", "443"), False)]
    _, told, _ = try_delta("windows", windows(both), {}, FLOWS[:1])
    assert "Blocked by rule rule 1 which wins over every rule" in " ".join(
        told.replace("\n#", " ").replace(",", "").split()
    )
    assert "@{" not in told
    halves = [("any", "any", ("tcp", port), False) for port in ("80", "81")]
    _, told, _ = try_delta("windows", windows(halves), {}, FLOWS[1:2])
    assert "Blocked by rule rule 1, rule rule 2, which wins" in " ".join(told.replace("\n#", " ").split())


@pytest.mark.parametrize(
    ("profile", "why"),
    [({"AllowInboundRules": "False"}, "lets nothing in"), ({"AllowLocalFirewallRules": 0}, "group policy says")],
)
def test_where_no_further_rule_of_windows_counts_nothing_is_written(profile, why):
    document = json.loads(windows([])) | {"connections": ["Public"], "profiles": [{"Name": "Public", **profile}]}
    gap, told, _ = try_delta("windows", json.dumps(document), {}, FLOWS[:1])
    assert gap.missing
    assert "@{" not in told
    assert why in " ".join(told.split())


def test_rules_of_azure_have_free_priorities_before_what_refuses_and_where_there_is_none_that_is_said():
    deny = [("any", "any", ("any", "any"), False)]
    _, told, _ = try_delta("azure", azure(deny), GROUPS, FLOWS[:1])
    assert re.findall(r"create .* --priority (\d+)", told) == ["101", "102"] * 2
    text = azure(deny).replace('"priority": 103', '"priority": 4000')
    _, told, _ = try_delta("azure", text, GROUPS, FLOWS[:3])
    assert {int(one) % 10 for one in re.findall(r"--priority (\d+)", told)} == {0}
    text = azure(deny).replace('"priority": 103', '"priority": 101')
    _, told, now = try_delta("azure", text, GROUPS, FLOWS[:2])
    assert "No priority is free before" in " ".join(told.replace("\n#", " ").split())
    assert now.counts["open"] < 2


def test_that_an_echo_takes_all_of_icmp_with_it_in_azure_is_said_wherever_it_is_so():
    report = plan(ENDPOINTS, [*FLOWS[:1], PING])
    text = azure([("any", "any", ("any", "any"), False)])
    gap = compare(report, "azure", text, GROUPS)
    told = delta_of(gap, text, GROUPS)
    plain = " ".join(re.sub(r"(?m)^#", " ", told).split())
    names = re.findall(r"--name (\S+) .* --protocol Icmp", told)
    assert len(names) == 2
    for name in names:
        assert f"{name} opens more than the plan asks for: Azure's rules have no types of ICMP" in plain
    assert plain.count("opens more than the plan asks for") == 2
    now = compare(report, "azure", TELL["azure"](text, told), GROUPS)
    assert {one.state for one in now.flows} == {"open"}
    assert [one.flow.need.protocol for one in now.flows if one.whole_icmp] == ["icmp"]
    wider = [one for one in now.wider if one.whole_icmp]
    assert {one.services for one in wider} == {("icmp of some types",)}
    assert wider == list(now.wider)
    page, data = describe_gap(now), gap_data(now)
    for one in (*page["wider"], *(row for row in page["flows"] if row["service"] == "icmp")):
        assert WHOLE_ICMP in one.get("narrower", "") + one.get("note", "")
    assert [one["note"] for one in data["flows"] if "note" in one] == [WHOLE_ICMP]
    assert {one["note"] for one in data["wider"]} == {WHOLE_ICMP}
    assert WHOLE_ICMP in GAP_FORMATS["csv"].render(now).decode("utf-8-sig")
    assert GAP_FORMATS["text"].render(now).decode().count(WHOLE_ICMP) == len(wider)


def test_where_types_of_icmp_can_be_told_apart_nothing_is_said_of_all_of_it():
    report = plan(ENDPOINTS, [*FLOWS[:1], PING])
    ping = {"IpProtocol": "icmp", "FromPort": 8, "ToPort": -1, "IpRanges": [{"CidrIp": "10.0.0.10/32"}]}
    now = compare(report, "aws", json.dumps({"GroupId": "sg-1", "IpPermissions": [ping]}), {})
    assert {one.flow.need.protocol: one.state for one in now.flows} == {"tcp": "closed", "icmp": "open"}
    assert WHOLE_ICMP not in GAP_FORMATS["csv"].render(now).decode("utf-8-sig")
    # Nor of an entry that is too wide, and of which the plan needs no echo.
    wide = azure([("10.0.0.10", "any", ("tcp", "443"), True), ("10.0.0.10", "any", ("icmp", "any"), True)])
    other = compare(plan(ENDPOINTS, FLOWS[:1]), "azure", wide, GROUPS)
    assert other.wider
    assert not any(one.whole_icmp for one in (*other.wider, *other.flows))


def test_a_group_of_azure_by_itself_lacks_a_resource_group_which_has_to_be_said():
    [group] = json.loads(azure([], ("only",)))
    del group["resourceGroup"]
    report = plan(ENDPOINTS, FLOWS[:1])
    gap = compare(report, "azure", json.dumps(group), {})
    told = delta_of(gap, json.dumps(group))
    assert '--resource-group "$RESOURCE_GROUP" --nsg-name only' in told
    assert ': "${RESOURCE_GROUP:?' in told


@pytest.mark.parametrize("name", ["a;b", "$(reboot)", "x\ny", ""])
def test_names_of_groups_are_repeated_only_where_they_are_harmless(name):
    report = plan(ENDPOINTS, FLOWS[:1])
    for form, text in (
        ("azure", json.dumps({"name": name, "resourceGroup": "net", "securityRules": []})),
        ("aws", json.dumps({"GroupId": name, "IpPermissions": []})),
    ):
        gap = compare(report, form, text, {})
        with pytest.raises(NotExpressible, match="can't be repeated safely"):
            delta_of(gap, text)


def test_what_a_group_of_aws_has_is_not_asked_for_again_and_what_several_rules_need_stands_once():
    network = [("10.0.0.10", "192.0.2.10", ("tcp", "443"), True)]
    flows = [*FLOWS[:1], flow("World", "Store", ports="443"), flow("Staff", "Store", ports="443")]
    _, told, _ = try_delta("aws", aws(network), {"sg-1": "Internal", "sg-2": "DMZ"}, flows)
    assert '"CidrIp": "10.0.0.10/32"' not in told
    assert '"CidrIpv6": "fd00::10/128"' in told


def test_any_is_all_but_the_other_zones_in_aws_as_long_as_a_group_has_room_for_that():
    ends = [host("World", "any", zone="Internet", group=True), host("Store", "192.0.2.10", zone="DMZ"), OTHER]
    flows = [flow("World", "Store", ports=str(port)) for port in (25, 443)]
    text = aws([], ("sg-2",))
    for count in (1, 2):
        report = plan(ends, flows[:count])
        gap = compare(report, "aws", text, {})
        told = delta_of(gap, text)
        plain = " ".join(re.sub(r"(?m)^#", " ", told).split())
        found = re.findall(r'"CidrIp": "([^"]+)"', told[: told.index("revoke")])
        # The first of both has 30 networks and more, and the group takes no second time as many.
        assert plain.count("is for everybody, other zones of the plan too: all but these is") == count - 1
        assert found.count("0.0.0.0/0") == count - 1
        networks = [ipaddress.ip_network(one) for one in found if one != "0.0.0.0/0"]
        assert 30 < len(networks) <= 60
        assert not any(one.overlaps(ipaddress.ip_network("10.7.0.0/30")) for one in networks)
        now = compare(report, "aws", TELL["aws"](text, told), {})
        assert {one.state for one in now.flows} == {"open"}


def test_columns_of_a_table_are_filled_as_its_rows_are():
    text = wide_table([("10.0.0.0/8", "any", ("tcp", "1"), True), ("any", "any", ("any", "any"), False)])
    _, told, _ = try_delta("csv", text, KINDS["csv-zones"][2], [*FLOWS[:1], PING])
    assert re.search(r"^3;;\S+-delta;inside;dmz;10\.0\.0\.10/32;", told, re.MULTILINE)
    assert ";tcp;443;10;accept;yes;any;FW1" in told
    assert ";icmp;8;10;accept;yes;any;FW1" in told


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("source,destination,protocol,action\nany,any,gre,deny\n", "none of its columns is for ports"),
        ("no,priority,source,destination,service,action\n1,9,any,any,any,deny\n2,1,any,any,gre,deny\n", "comes first"),
        ("source,destination,service,action,from zone\nany,any,any,deny,lan\n", "say what each zone"),
    ],
)  # fmt: skip
def test_a_table_that_can_not_say_it_is_refused(text, why):
    report = plan(ENDPOINTS, FLOWS[:1])
    with pytest.raises(NotExpressible, match=why):
        delta_of(compare(report, "csv", text, {}), text)


def test_what_is_missing_in_more_lines_than_iptables_takes_is_refused(monkeypatch):
    text = "*filter\n:FORWARD DROP [0:0]\nCOMMIT\n"
    gap = compare_with(plan(ENDPOINTS, FLOWS[:1]), READERS["iptables"].read(text))
    assert delta_of(gap, text)
    monkeypatch.setattr(iptables, "MOST_LINES", 2)
    with pytest.raises(NotExpressible, match="3 in all, and 2 are allowed"):
        delta_of(gap, text)


def test_there_is_a_delta_for_every_format_that_is_read():
    assert WRITERS.keys() == READERS.keys()


def test_where_iptables_save_leaves_out_what_may_refuse_that_is_named_and_the_other_program_has_its_lines():
    text = "# Table `mangle' is incompatible, use 'nft' tool.\n*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n"
    gap = compare_with(plan(ENDPOINTS, FLOWS), READERS["iptables"].read(text))
    told = render_delta(Task(gap=gap, text=text)).decode()
    said = told.replace("\n# | ", " ")
    for name in ("iptables filter", "Table mangle is incompatible, use nft"):
        assert f"They are refused by {name} or may be, where no rule is to be put" in said
    assert re.findall(r"(?m)^#\s+(\w+) -A FORWARD", told) == ["ip6tables"]
