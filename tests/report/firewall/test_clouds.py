"""What clouds take: no network within another, no rule twice, so many and no more, and a zone that isn't there."""

import ipaddress
import json
import random
import re
from itertools import combinations

import pytest

from planner.engine.existing.decide import compare_with
from planner.engine.existing.readers import READERS
from planner.report import FORMATS, NotExpressible
from planner.report.firewall import addresses as objects
from planner.report.firewall.devices import clouds
from planner.report.firewall.words import name_endpoints
from planner.report.gap.delta import render_delta
from planner.report.gap.delta.task import Task
from planner.report.said.edition import Edition
from tests.each import each
from tests.examples import EXAMPLES, UNANSWERED, report_on
from tests.report.firewall.reading import expected
from tests.report.firewall.reading_more import read_nsx, texts_of
from tests.report.firewall.test_permits import DAY, ZONES, flow, host, plan, render
from tests.report.samples import evaluate_once, write_plan

WEB = host("Web", "192.0.2.1", zone="DMZ")
NESTED = [host("Clients", "10.0.0.0/16", group=True), host("Admins", "10.0.5.0/24", group=True), WEB]
WORLD = host("World", "any", zone="Internet", group=True)


def resources(name, report, **options):
    [made] = json.loads(render(name, report, **options))["resource"].values()
    return made


def test_no_network_of_an_azure_rule_is_within_another_one():
    report = plan(NESTED, [flow("Clients", "Web"), flow("Admins", "Web"), flow("Web", "Clients", ports="25")])
    found = [rule[f"{side}_address_prefixes"] for rule in resources("azure", report).values()
             for side in ("source", "destination")]  # fmt: skip
    text = json.dumps({"name": "nsg", "resourceGroup": "net", "securityRules": []})
    gap = compare_with(report, READERS["azure"].read(text), {})
    told = render_delta(Task(gap=gap, text=text)).decode()
    found += [one.split() for one in re.findall(r"(?m)^az .*?-address-prefixes (.*?) --", told)]
    assert ["10.0.0.0/16"] in found
    for networks in found:
        assert not any(a.overlaps(b) for a, b in combinations(map(ipaddress.ip_network, networks), 2)), networks


def aws_rules(report):
    """Direction, group, service and network of each rule that Terraform makes."""
    for kind, made in json.loads(render("aws", report)).get("resource", {}).items():
        for rule in made.values():
            for peer in json.loads(re.search(r"toset\((\[.+?\])\) :", rule["for_each"])[1]):
                yield kind, rule["security_group_id"], rule["ip_protocol"], rule["from_port"], rule["to_port"], peer


@each(
    ("ends", "flows"),
    [
        ([WORLD, host("Other", "any", zone="Elsewhere", group=True)], [flow("World", "Web"), flow("Other", "Web")]),
        ([host("A", "10.0.0.1"), host("B", "10.0.0.1", zone="Elsewhere")], [flow("A", "Web"), flow("B", "Web")]),
        ([host("Many", *(f"10.0.0.{n}" for n in range(1, 61)), group=True)], [flow("Many", "Web")]),
    ],
)
def test_no_rule_of_an_aws_group_is_there_twice(ends, flows):
    zones = (*ZONES, ("Elsewhere", "internet"))
    found = list(aws_rules(evaluate_once(write_plan(*ends, WEB, zones=zones, additional_flows=flows))))
    assert found
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("slug", EXAMPLES)
def test_no_rule_of_an_aws_group_is_there_twice_in_any_example(slug):
    for report in (report_on(EXAMPLES[slug]), report_on(UNANSWERED[slug])):
        found = list(aws_rules(report))
        assert len(set(found)) == len(found)


def known_to_terraform(text):
    """What AWS tells rules apart by -> how Terraform calls the rule, and what it is called by whoever looks."""
    found = {}
    for kind, made in json.loads(text).get("resource", {}).items():
        for name, rule in made.items():
            (group,) = re.findall(r'var\.security_groups\["(.*)"\]', rule["security_group_id"])
            for peer in json.loads(re.search(r"toset\((\[.*?\])\) :|$", rule["for_each"])[1] or "[]"):
                key = (kind, group, rule["ip_protocol"], rule["from_port"], rule["to_port"], peer)
                texts = texts_of(rule["description"])
                found[key] = (f"{kind}.{name}", texts.get(peer, texts.get("")))
    return found


def moves(text):
    return {one["from"]: one["to"] for one in json.loads(text).get("moved", ())}


OTHER = (*ZONES, ("Branch", "remote-site"))
A, B = host("A", "10.0.0.1"), host("B", "10.0.0.1", "10.0.0.2", zone="Branch")


@each("left", [("A",), ("B",)])
def test_a_rule_of_an_aws_group_is_the_same_for_terraform_whoever_asks_for_it(left):
    """Else it would be made while the same one goes, which AWS refuses."""
    flows = [flow("A", "Web", reason="For A"), flow("B", "Web", reason="For B"), flow("B", "Web", ports="80")]
    both = evaluate_once(write_plan(A, B, WEB, zones=OTHER, additional_flows=flows))
    one = evaluate_once(write_plan(A, B, WEB, zones=OTHER, additional_flows=[o for o in flows if o["source"] in left]))
    before, after = known_to_terraform(render("aws", both)), known_to_terraform(render("aws", one))
    kept = before.keys() & after.keys()
    assert kept
    assert len({name for name, _ in before.values()}) < len(before)
    assert all(before[key][0] == after[key][0] for key in kept)


def test_what_several_rules_need_of_an_aws_group_says_of_each_network_why():
    flows = [flow("A", "Web", reason="For A"), flow("B", "Web", reason="For B")]
    found = known_to_terraform(
        render("aws", evaluate_once(write_plan(A, B, WEB, zones=OTHER, additional_flows=flows)))
    )
    said = {key[-1]: text for key, (_, text) in found.items() if key[0].endswith("ingress_rule")}
    assert {peer: text.partition(" - ")[2] for peer, text in said.items()} == {
        "10.0.0.1/32": "For A.", "10.0.0.2/32": "For B.",
    }  # fmt: skip
    assert said["10.0.0.1/32"].startswith("INT-DMZ-")
    assert said["10.0.0.2/32"].startswith("RS-DMZ-")


@each("more", ["10.9.0.1", "10.0.0.0/17"])
def test_a_file_for_aws_grows_by_what_a_further_rule_asks_for_and_not_by_all_that_others_do(more):
    """Each network of a group had its texts as soon as two rules asked for one port of it."""
    many = [f"10.0.{n // 128}.{2 * n % 256}" for n in range(400)]
    texts = [
        render("aws", evaluate_once(write_plan(
            host("Many", *many, group=True), host("Few", *few, zone="Branch", group=True), WEB, zones=OTHER,
            additional_flows=[flow("Many", "Web"), *(flow("Few", "Web") for _ in few)],
        )))
        for few in ((), (more,), many[:200])
    ]  # fmt: skip
    one, two, half = map(len, texts)
    assert two - one < 4000
    assert half - one < 20_000
    said = {text for _, text in known_to_terraform(texts[1]).values()}
    assert {text.partition(",")[0] for text in said} == {"INT-DMZ-9000", "RS-DMZ-9000"}


def lan(*names):
    """Hosts of these names, each with an address of its own at its place, which the first of them all ask the next."""
    ends = [host(name, f"10.0.0.{place}") for place, name in enumerate(names, 1)]
    return plan(
        [*ends, WEB], [flow(name, "Web") for name in names] + [flow("Web", name, ports="25") for name in names]
    )


@each(
    "names",
    [
        (("App", "Db"), ("Apps", "Db")),
        (("App", "Db"), ("Apps", "Dbs")),
        (("App", "Db"), ("Apps", "Db"), ("Application", "Db")),
        (("App", "Db"), ("Apps", "Db"), ("App", "Db")),
        (("App 1", "Db"), ("App 1", "Db", "App-1")),
        (("App", "Db"), ("APP", "Db")),
        (("1st", "Db"), ("2nd", "Db")),
        (("1st", "Db"), ("r-1st", "Db")),
        (("r-1st", "Db"), ("1st", "Db")),
    ],
)
def test_what_an_endpoint_was_called_in_earlier_revisions_is_moved_for_terraform(names):
    *earlier, now = (lan(*some) for some in names)
    text = FORMATS["aws"].render(now, Edition(date=DAY, earlier=tuple(earlier))).decode()
    moved, after = moves(text), known_to_terraform(text)
    assert len(set(moved.values())) == len(moved)
    addresses = {name for name, _ in after.values()}
    assert not moved.keys() & addresses
    codes = [name_endpoints(report.plan.endpoints) for report in (*earlier, now)]
    for one, was, called in zip(names, earlier, codes, strict=False):
        now_called = {called[old]: codes[-1][new] for old, new in zip(one, names[-1], strict=False)}
        for (kind, group, *rest), (address, _) in known_to_terraform(render("aws", was)).items():
            while address in moved:
                address = moved[address]  # noqa: PLW2901 - it goes from one to the next
            assert address == after[kind, now_called.get(group, group), *rest][0]


def test_a_name_that_begins_with_a_digit_is_another_resource_than_one_with_the_sign_before_it():
    """They were one, and what the first one needs was in none."""
    report = lan("1db", "r-1db")
    found = {(kind, group) for kind, group, *_ in known_to_terraform(render("aws", report))}
    ways = ("aws_vpc_security_group_ingress_rule", "aws_vpc_security_group_egress_rule")
    assert found == {(way, name) for way in ways for name in ("1db", "r-1db", "Web")}


@each("names", [("Db", "App"), ("Apps", "Db", "App")])
def test_a_name_that_is_another_endpoints_now_is_moved_nowhere(names):
    """Terraform refuses a move from what is still there; the head says what to do."""
    earlier, now = lan("App", "Db"), lan(*names)
    text = FORMATS["aws"].render(now, Edition(date=DAY, earlier=(earlier,))).decode()
    assert not moves(text)
    said = " ".join(json.loads(text)["//"])
    assert "are moved, unless its old name is another endpoint's now." in said
    assert "destroys a rule and creates the same one under another name" in said
    assert "every file that called resources after rules of the report, apply twice" in said


def test_what_is_undecided_is_a_resource_of_its_own_for_no_network():
    report = report_on(UNANSWERED["everything"])
    made = [
        (name, rule)
        for kind in json.loads(FORMATS["aws"].render(report, None))["resource"].values()
        for name, rule in kind.items()
    ]
    assert {name.endswith("-undecided") for name, _ in made} == {True, False}
    assert all(name.endswith("-undecided") == (rule["for_each"] == "${toset([])}") for name, rule in made)


@pytest.mark.parametrize("deny", [False, True])
def test_azure_looks_for_no_group_of_a_zone_that_is_not_there(deny):
    report = plan([host("A", "10.0.0.1"), WEB], [flow("A", "Web"), flow("Web", "A", ports="25")])
    document = json.loads(render("azure", report, default_deny=deny))
    found = set()
    for rule in document["resource"]["azurerm_network_security_rule"].values():
        [side] = re.findall(r'^\$\{var\.network_security_groups\["(.*)"\]\}$', rule["network_security_group_name"])
        assert rule["count"] == f'${{contains(keys(var.network_security_groups), "{side}") ? 1 : 0}}'
        found.add((side, rule["access"]))
    assert found == {(side, access) for side in ("INT", "DMZ") for access in ("Allow", "Deny")[: 1 + deny]}


@pytest.mark.parametrize(("target", "variable"), [("azure", "network_security_groups"), ("aws", "security_groups")])
def test_terraform_asks_for_groups_that_are_not_given(target, variable):
    """With none by default, an apply that lacks the variables would take away every rule."""
    report = plan([host("A", "10.0.0.1"), WEB], [flow("A", "Web")])
    assert json.loads(render(target, report))["variable"][variable].keys() == {"type", "description"}


class Azure:
    """A network security group as Terraform tells it about rules, in an order that nobody knows."""

    def __init__(self):
        self.rules = {}

    def apply(self, wanted, order):
        """Whether all of it went through. What Azure refuses stays as it was; the others go on."""
        todo = [name for name in {*wanted, *self.rules} if self.rules.get(name) != wanted.get(name)]
        order.shuffle(todo)
        done = True
        for name in todo:
            if name not in wanted:
                del self.rules[name]
            elif any(number == wanted[name] for other, number in self.rules.items() if other != name):
                done = False  # SecurityRuleConflict
            else:
                self.rules[name] = wanted[name]
        return done


def test_where_azure_refuses_a_priority_that_is_taken_the_head_says_to_apply_again_and_that_arrives(monkeypatch):
    """With few priorities, so that nearly all rules ask for those of others."""
    monkeypatch.setattr(clouds, "_PRIORITIES", range(1000, 1024))
    order, group, refused = random.Random(7), Azure(), 0
    for _ in range(30):
        some = order.sample(range(1, 60), order.randrange(15, 23))
        text = render("azure", plan([host("A", "10.0.0.1"), WEB], [flow("A", "Web", ports=str(one)) for one in some]))
        document = json.loads(text)
        wanted = {
            rule["name"]: rule["priority"] for rule in document["resource"]["azurerm_network_security_rule"].values()
        }
        stay = group.rules.keys() & wanted.keys()
        while not group.apply(wanted, order):
            assert stay <= group.rules.keys()
            assert "(SecurityRuleConflict): apply again." in " ".join(document["//"])
            refused += 1
            assert refused < 200
        assert group.rules == wanted
    assert refused


def test_what_azure_opens_under_a_new_name_may_be_closed_until_it_is_applied_again_and_the_head_says_so(monkeypatch):
    monkeypatch.setattr(clouds, "_PRIORITIES", range(1000, 1024))
    group, order, opened = Azure(), random.Random(7), []
    for zone in ("Clients", "Staff"):
        ends = [host("A", "10.0.0.1", zone=zone), WEB]
        report = evaluate_once(write_plan(*ends, zones=[(zone, "internal"), *ZONES[1:]], additional_flows=ports(20)))
        document = json.loads(render("azure", report))
        made = document["resource"]["azurerm_network_security_rule"].values()
        wanted = {rule["name"]: rule["priority"] for rule in made}
        opened.append({rule["destination_port_range"] for rule in made})
        done = group.apply(wanted, order)
    assert opened[0] == opened[1]
    assert not done
    assert len(group.rules) < len(opened[1])
    assert "What is opened under a new name may be closed until then" in " ".join(document["//"])
    assert "is in this file stays open" not in " ".join(document["//"])
    while not group.apply(wanted, order):
        pass
    assert group.rules == wanted


def test_that_zones_share_no_group_of_azure_is_said_where_the_group_is_asked_for():
    """Their rules may have one priority, and their denials have it, in whatever group they are."""
    report = plan([host("A", "10.0.0.1"), WEB], [flow("A", "Web"), flow("Web", "A", ports="25")])
    document = json.loads(render("azure", report, default_deny=True))
    made = document["resource"]["azurerm_network_security_rule"].values()
    assert [rule["priority"] for rule in made if rule["access"] == "Deny"] == [4096, 4096]
    assert "a network security group of its own" in document["variable"]["network_security_groups"]["description"]
    assert "Each zone has a group of its own" in " ".join(document["//"])


def test_a_default_deny_of_google_cloud_is_one_of_both_families():
    made = resources("google", plan([host("A", "10.0.0.1"), WEB], [flow("A", "Web")]), default_deny=True)
    denied = {rule["name"]: rule["source_ranges"] for rule in made.values() if "deny" in rule}
    assert sorted(denied.values()) == [["0.0.0.0/0"], ["::/0"]]
    assert len(denied) == 2


def test_what_is_more_than_google_cloud_takes_is_refused_with_the_figure_and_the_way_out():
    lot = host("A", *(f"10.0.{n % 32}.{n // 32}" for n in range(5001)), group=True)
    said = "rule INT-DMZ-9000-tcp-1 would have 5,001 ranges on one side, and 5,000 are allowed; .* a part without it"
    with pytest.raises(NotExpressible, match=said):
        render("google", plan([lot, WEB], [flow("A", "Web", ports="1")]))


def ports(number):
    return [flow("A", "Web", ports=str(port)) for port in range(1, number + 1)]


@pytest.mark.parametrize(
    ("ends", "number", "deny", "said"),
    [
        ([host("A", "10.0.0.1")], 1001, False, "1,001 rules, and 1,000 are allowed. Choose a part"),
        ([host("A", "10.0.0.1")], 1000, True, "1,001 rules, and 1,000 are allowed. Choose a part"),
        ([host("A", "10.0.0.1")], 3002, False, "3,002 rules, and 1,000 are allowed. Choose a part"),
        ([host("A", *(f"10.0.{n % 16}.{n // 16}" for n in range(2001)), group=True)], 2, False,
         "4,002 addresses and networks as sources, and 4,000 are allowed. Choose a part"),
    ],
)  # fmt: skip
def test_what_is_more_than_a_group_of_azure_takes_is_said_in_the_head(ends, number, deny, said):
    """The zone may not be in Azure; what the others have is in the file."""
    report = plan([*ends, WEB], [flow("Web", "A", ports="25"), *ports(number)])
    document = json.loads(render("azure", report, default_deny=deny))
    told = [line for line in document["//"] if "no apply goes through" in line]
    more = ", or give zones and groups networks instead of single addresses" if "sources" in said else ""
    start = "Where DMZ is in Azure, no apply goes through: its network security group would have"
    assert told == [f"{start} {said} by a filter{more}."]
    assert len(document["resource"]["azurerm_network_security_rule"]) == number + 1 + 2 * deny


def test_what_is_missing_in_azure_is_refused_where_a_group_would_have_more_than_it_takes():
    """With what it has: rules alone, since of these the file says which priorities are taken."""
    there = [{"name": f"r{n}", "priority": n, "direction": "Inbound", "access": "Deny", "protocol": "Tcp",
              "sourceAddressPrefix": "198.51.100.1", "destinationAddressPrefix": "192.0.2.1",
              "sourcePortRange": "*", "destinationPortRange": "1"} for n in range(1000, 1999)]  # fmt: skip
    for rules, addresses, ports, said in (
        (there, ["10.0.0.1"], 2, "the network security group nsg would have 1,001 rules, and 1,000 are allowed"),
        ([], [f"10.0.{n % 16}.{n // 16}" for n in range(2001)], 2, "4,002 addresses and networks as sources"),
    ):
        text = json.dumps({"name": "nsg", "resourceGroup": "net", "securityRules": rules})
        ends = [host("A", *addresses, group=True), WEB]
        for count in range(1, ports + 1):
            report = plan(ends, [flow("A", "Web", ports=str(port)) for port in range(5, 5 + count)])
            task = Task(gap=compare_with(report, READERS["azure"].read(text), {}), text=text)
            if count < ports:
                assert b"az network nsg rule create" in render_delta(task)
        with pytest.raises(NotExpressible, match=said):
            render_delta(task)


def test_of_a_thousand_rules_of_an_azure_group_nothing_is_said():
    document = json.loads(render("azure", plan([host("A", "10.0.0.1"), WEB], ports(1000))))
    assert "no apply goes through" not in " ".join(document["//"])
    assert len(document["resource"]["azurerm_network_security_rule"]) == 1000


@each("name", ["azure", "google", "opnsense", "pfsense"])
def test_what_any_leaves_is_worked_out_once_and_not_for_each_rule(name, monkeypatch):
    asked = []

    def note(networks, family):
        asked.append((networks, family))
        return find_rest(networks, family)

    find_rest = objects.find_rest
    monkeypatch.setattr(objects, "find_rest", note)
    render(name, plan([WORLD, host("A", "10.0.0.1"), WEB], [flow("World", "Web", ports=str(n)) for n in range(1, 9)]))
    assert len(asked) == len(set(asked)) > 0


def test_nsx_has_policies_of_as_many_rules_as_its_provider_takes_and_a_rule_stays_in_its_own():
    def policies(count):
        report = plan([host("A", "10.0.0.1"), WEB], ports(count))
        text = render("nsx", report)
        assert read_nsx(text) == expected(report)
        document = json.loads(text)
        found = document["resource"]["nsxt_policy_security_policy"]
        names = [one["display_name"] for one in found.values()]
        return names, {rule["display_name"]: key for key, one in found.items() for rule in one["rule"]}, document["//"]

    names, _, said = policies(1000)
    assert names == ["Port planner"]
    assert "in a policy" not in " ".join(said)
    assert "and one security policy of" in " ".join(said)
    names, places, said = policies(1001)
    assert names == ["Port planner", "Port planner 2"]
    assert "Groups, services, and 2 security policies of" in " ".join(said)
    assert "The provider takes 1,000 rules in a policy." in " ".join(said)
    more = policies(1200)[1]
    assert set(places.values()) == set(more.values()) == {"port-planner", "port-planner-2"}
    assert {name: more[name] for name in places} == places
