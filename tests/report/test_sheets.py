"""The sheets of servers on paper: every endpoint at the other end is named there, or where the sheet says."""

from planner.report.paper.report_pages import compose_report
from planner.report.said.edition import Edition
from planner.report.said.objects import MOST_NAMED, Grouping
from planner.report.said.outline import describe_together
from planner.report.said.servers import outline_servers
from ports.matrix import Reason
from tests.report.samples import evaluate, write_plan
from tests.report.test_print import DAY


def windows(count, **more):
    return [
        {
            "name": f"W{number}", "zone": "Internal", "addresses": [f"10.0.1.{number}"], "platforms": ["windows"],
            "operations": ["reset"], **more,
        }
        for number in range(1, count + 1)
    ]  # fmt: skip


SERVER = {"name": "PS01", "zone": "Internal", "addresses": ["10.0.0.1"], "roles": ["web-primary", "database"]}


def texts(report, part):
    printed = compose_report(report, Edition(date=DAY))
    [section] = [found for found in printed.parts if found.get("id") == part]
    return " ".join("".join(section.texts()).split())


def test_peers_within_a_zone_that_no_rule_names_are_a_group_with_all_its_members():
    report = evaluate(write_plan(SERVER, *windows(MOST_NAMED + 4)))
    assert not report.rules
    sheets, objects = texts(report, "servers"), texts(report, "objects")
    assert f"PS01 opens, {MOST_NAMED + 4} members" in sheets
    assert "more" not in sheets
    group = objects.partition("PS01 opens")[2]
    assert all(f"W{number}: 10.0.1.{number}" in group for number in range(1, MOST_NAMED + 5))


def test_few_peers_are_named_with_their_addresses():
    sheets = texts(evaluate(write_plan(SERVER, *windows(3))), "servers")
    assert "W1 10.0.1.1; W2 10.0.1.2; W3 10.0.1.3" in sheets


def test_servers_of_which_the_same_is_to_be_said_share_a_sheet():
    report = evaluate(write_plan(SERVER, *windows(3), {**windows(4)[3], "operations": ["validation"]}))
    sheets = outline_servers(report, members=MOST_NAMED, fold=True)
    assert [sheet.title for sheet in sheets] == ["PS01", "W1, W2, W3", "W4"]
    assert [end.name for end in sheets[1].members] == ["W1", "W2", "W3"]
    assert [sheet.title for sheet in outline_servers(report, members=9)] == ["PS01", "W1", "W2", "W3", "W4"]


def test_what_several_rules_name_is_a_group_and_what_one_names_is_not():
    people = {"name": "Staff", "zone": "DMZ", "addresses": ["10.9.0.0/16"], "roles": ["launcher-user"]}
    report = evaluate(write_plan(SERVER, people, *windows(4, sessions=["rdp", "teamviewer"])))
    same = [rule for rule in report.rules if len(rule.destinations) == 4]
    assert len(same) > 1
    grouping = Grouping(report)
    groups = {grouping.side(rule.id, "destinations", rule.destinations).group for rule in same}
    assert len(groups) == 1
    assert groups.pop().common == "W1, W2, W3, W4"
    assert grouping.side("X", "destinations", same[0].destinations[:3]).group is None


def test_reasons_in_fewer_words_lose_none():
    reasons = [Reason(topic=topic, text=text) for topic, text in (
        ("Account discovery", "Cisco IOS"), ("Account validation", "Cisco IOS"), ("Account validation", "PaloAlto"),
        ("", "The website sends e-mail."), ("VPN access", "Cisco IOS"),
    )]  # fmt: skip
    assert describe_together(reasons) == (
        "The website sends e-mail. Account discovery, account validation and VPN access: Cisco IOS. "
        "Account validation: PaloAlto."
    )


def sites_alike(*, other=()):
    zones = (("Internal", "internal"), *((f"Site {number}", "remote-site") for number in (1, 2, 3)))
    ends = [SERVER | {"roles": [*SERVER["roles"], "browser-gateway"]}]
    for number in (1, 2, 3):
        ends.append({
            "name": f"Agent {number}", "zone": f"Site {number}", "addresses": [f"10.{number}.0.1"],
            "roles": ["remote-site-agent"],
        })  # fmt: skip
        ends.append({
            "name": f"Win {number}", "zone": f"Site {number}", "addresses": [f"10.{number}.0.2"],
            "platforms": ["windows"], "operations": ["discovery"] if number in other else ["reset"],
        })  # fmt: skip
    return evaluate(write_plan(*ends, zones=zones))


def test_servers_of_like_sites_share_a_sheet_and_each_has_the_peers_of_its_own_zone():
    report = sites_alike()
    sheets = {sheet.title: sheet for sheet in outline_servers(report, members=MOST_NAMED, fold=True)}
    assert {"Agent 1, Agent 2, Agent 3", "Win 1, Win 2, Win 3"} <= {*sheets}
    [accepts] = [line for line in sheets["Win 1, Win 2, Win 3"].accepts if line.within][:1]
    assert accepts.each
    assert [peer.name for peer in accepts.members] == ["Agent 1", "Agent 2", "Agent 3"]
    said = texts(report, "servers")
    assert "Of its own zone alone: Agent 1 10.1.0.1; Agent 2 10.2.0.1; Agent 3 10.3.0.1" in said
    assert "Of its own zone alone: Win 1 10.1.0.2" in said


def test_a_server_of_a_site_that_is_otherwise_has_a_sheet_of_its_own():
    titles = [sheet.title for sheet in outline_servers(sites_alike(other={3}), members=MOST_NAMED, fold=True)]
    assert "Win 3" in titles
    assert "Win 1, Win 2" in titles
    assert "Agent 3" in titles


def test_what_another_rule_says_at_length_is_told_there_and_what_is_opened_here():
    ends = [
        SERVER,
        {"name": "PS02", "zone": "Second", "addresses": ["10.7.0.1"], "roles": ["web-active", "database"]},
        {
            "name": "W1", "zone": "DMZ", "addresses": ["192.0.2.1"], "platforms": ["windows"],
            "operations": ["discovery", "reset", "validation", "host-heartbeat"],
        },
    ]  # fmt: skip
    zones = (("Internal", "internal"), ("Second", "internal"), ("DMZ", "dmz"))
    report = evaluate(write_plan(*ends, zones=zones))
    first, second = (
        rule for rule in report.rules
        if len(rule.services) > 2 and sum(rule.services == other.services for other in report.rules) == 2
    )  # fmt: skip
    assert first.service_reasons == second.service_reasons
    said = texts(report, "rules")
    assert f"Each for what {first.id} says of it; §" in said
    row = said.partition(second.id)[2]
    assert all(str(service) in row for service in second.services)
