"""The script for Check Point, run by bash against a small model of the management server."""

import json
import re
import shutil
import subprocess

import pytest

from planner.report.firewall.files import write_devices
from tests.report.firewall.test_permits import flow, host, plan, render
from tests.report.samples import evaluate, write_plan

SERVER = '''#!/usr/bin/env -S python3 -IS
"""mgmt_cli in short: objects and rules in a file, published or not."""
import json, os, re, sys

TAKES = {
    "host": r"ip-address|nat-settings\\.[a-z0-9-]+|set-if-exists",
    "network": "subnet|mask-length|set-if-exists",
    "address-range": "ip-address-(first|last)|set-if-exists",
    "group": r"members\\.[0-9]+",
    "service-tcp": "port|match-for-any|set-if-exists",
    "service-udp": "port|match-for-any|set-if-exists",
    "dns-domain": "is-sub-domain",
}
BUILT_IN = ("Any", "echo-request")
place = os.environ["STATE"]
with open(place) as file:
    state = json.load(file)
words = sys.argv[1:]
said = words[: next((n for n, word in enumerate(words) if word in ("name", "uid", "-s", "-r")), len(words))]
rest = words[len(said):]
facts = dict(zip(rest[::2], rest[1::2]))
command = " ".join(said)
state["calls"].append(command)
draft = state["draft"]
if command == os.environ["FAILS"]:
    sys.exit(1)
if said[0] in ("add", "set") and said[1] in TAKES:
    taken = {"add": "name", "set": "name|uid|new-name"}[said[0]] + f"|ignore-warnings|-s|--format|{TAKES[said[1]]}"
    if strange := [key for key in facts if not re.fullmatch(taken, key)]:
        sys.exit(f"Unrecognized parameter {strange}")


def find(name, *kinds):
    """The uid of an object of this name, and of one of the kinds if any are given."""
    found = (uid for uid, one in draft["objects"].items() if one["name"] == name)
    return next((uid for uid in found if not kinds or draft["objects"][uid]["kind"] in kinds), None)


def refer(*keys):
    """The uids of the objects that are named under these keys."""
    names = [name for key, name in facts.items() if key.split(".")[0] in keys and name not in BUILT_IN]
    if lost := [name for name in names if not find(name) and name not in draft["domains"]]:
        sys.exit(f"Requested object {lost} not found")
    return [find(name) for name in names if find(name)]


match said:
    case ["login"]:
        print("session")
        state["draft"] = state["published"]
    case ["publish"]:
        state["published"] = draft
    case ["discard"]:
        state["draft"] = state["published"]
    case ["logout"]:
        pass
    case ["show", "access-section"]:
        sys.exit(0 if facts["name"] in draft["sections"] else 1)
    case ["add", "access-section"]:
        draft["sections"][facts["name"]] = []
    case ["show", "access-rulebase"]:
        first = int(facts["offset"])
        every = [(name, rule) for name, rules in draft["sections"].items() for rule in rules]
        page = every[first : first + int(facts["limit"])]
        sections = [
            {"type": "access-section", "name": name, "rulebase": [
                {"uid": str(rule["uid"]), "type": "access-rule"} for own, rule in page if own == name]}
            for name in draft["sections"]
        ]
        print(json.dumps({"total": len(every), "rulebase": sections}))
    case ["delete", "access-rule"]:
        for rules in draft["sections"].values():
            rules[:] = [rule for rule in rules if str(rule["uid"]) != facts["uid"]]
    case ["add", "access-rule", "layer", layer, "position.bottom", section]:
        state["count"] += 1
        draft["sections"][section].append(
            {"uid": state["count"], "name": facts["name"], "uses": refer("source", "destination", "service")})
    case ["show", "dns-domain"]:
        if facts["name"] not in draft["domains"]:
            sys.exit(1)
        print(json.dumps({"name": facts["name"], "is-sub-domain": draft["domains"][facts["name"]]}))
    case ["add", "dns-domain"]:
        assert facts["name"] not in draft["domains"]
        draft["domains"][facts["name"]] = facts["is-sub-domain"] == "true"
    case ["show", kind]:
        if not (uid := find(facts["name"], kind)):
            sys.exit("Requested object not found")
        print(json.dumps({"uid": uid, "name": facts["name"], "type": kind}))
    case ["add", kind]:
        uid = find(facts["name"], kind)
        if find(facts["name"]) and not (uid and facts.get("set-if-exists") == "true"):
            sys.exit(f"More than one object named {facts['name']} exists")
        state["count"] += not uid
        uid = uid or f"{state['count']:08x}-97eb"
        draft["objects"][uid] = {"name": facts["name"], "kind": kind, "uses": refer("members")}
    case ["set", kind]:
        one = draft["objects"][facts["uid"] if "uid" in facts else find(facts["name"], kind)]
        if one["kind"] != kind or find(facts.get("new-name")):
            sys.exit("Requested object not found, or more than one object of this name")
        one.update({"name": facts["new-name"]} if "new-name" in facts else {"uses": refer("members")})
    case ["delete", kind]:
        rules = [rule for rules in draft["sections"].values() for rule in rules]
        if any(facts["uid"] in one["uses"] for one in (*rules, *draft["objects"].values())):
            sys.exit("The object is referenced by other objects")
        del draft["objects"][facts["uid"]]
    case _:
        sys.exit(f"unknown: {command}")
with open(place, "w") as file:
    json.dump(state, file)
'''
OF_THE_SITE = {".wide.example.com": True, ".own.example.com": False}
"""Domains that the server has, and whether they stand for what is below them, too."""
pytestmark = pytest.mark.skipif(not shutil.which("jq"), reason="jq is not on this machine")


@pytest.fixture
def server(tmp_path):
    """Runs a script on a management server that has two sections with a rule each; gives what is published then."""
    (tmp_path / "mgmt_cli").write_text(SERVER)
    (tmp_path / "mgmt_cli").chmod(0o755)
    own = {"sections": {"Ours": [{"uid": "a", "name": "stealth", "uses": []}]}, "objects": {}, "domains": OF_THE_SITE}
    state = tmp_path / "state"
    state.write_text(json.dumps({"published": own, "draft": own, "count": 0, "calls": []}))

    def run(text, fails="", says="", programs="/usr/bin:/bin"):
        """`fails`: a command that the server refuses; `says`: what the script says before it ends without success."""
        script = tmp_path / "script"
        script.write_text(text)
        done = subprocess.run(
            ["/bin/bash", str(script)], check=False, capture_output=True, text=True,
            env={"PATH": f"{tmp_path}:{programs}", "STATE": str(state), "FAILS": fails},
        )  # fmt: skip
        assert (done.returncode != 0) == bool(fails or says), done.stderr
        assert says in done.stderr
        found = json.loads(state.read_text())
        assert [*found["calls"], "logout"][-1] == "logout"
        return {section: [rule["name"] for rule in rules] for section, rules in found["published"]["sections"].items()}

    def list_objects():
        """Each object that is published, by name: its kind, and the names of its members."""
        objects = json.loads(state.read_text())["published"]["objects"]
        return {one["name"]: (one["kind"], *(objects[uid]["name"] for uid in one["uses"])) for one in objects.values()}

    def use(*names):
        """Let a rule of the site name objects."""
        found = json.loads(state.read_text())
        objects = found["published"]["objects"]
        used = [uid for uid, one in objects.items() if one["name"] in names]
        found["published"]["sections"]["Ours"].append({"uid": "b", "name": "own", "uses": used})
        state.write_text(json.dumps(found))

    run.list_objects, run.use = list_objects, use
    return run


ENDS = [host("A", "10.0.0.1", "10.0.0.2"), host("B", "192.0.2.1", zone="DMZ")]


@pytest.mark.slow
def test_each_revision_leaves_just_what_it_says_and_nothing_else_is_touched(server):
    before = render("checkpoint", plan(ENDS, [flow("A", "B", ports="22"), flow("A", "B", ports="443")]))
    after = render("checkpoint", plan(ENDS, [flow("A", "B", ports="443"), flow("B", "A", ports="25")]))
    found = server(before)
    assert found.pop("Ours") == ["stealth"]
    assert {name.rpartition("-")[2] for name in found["Port planner"]} == {"22", "443"}
    assert server(before)["Port planner"] == found["Port planner"], "twice is once"
    later = server(after)
    assert later["Ours"] == ["stealth"]
    assert {name.rpartition("-")[2] for name in later["Port planner"]} == {"25", "443"}


def test_a_group_has_just_the_members_that_the_last_revision_says(server):
    """The API knows no set-if-exists of a group: a command with a word too many fails, and all of the script."""
    for addresses in (["10.0.0.1", "10.0.0.2", "10.0.0.3"], ["10.0.0.1", "10.0.0.2"]):
        text = render("checkpoint", plan([host("A", *addresses), ENDS[1]], [flow("A", "B")]))
        assert "Port planner" in server(text)
        members = [f"V4-A_{number}" for number, _ in enumerate(addresses, 1)]
        assert server.list_objects()["V4-A_all"] == ("group", *members)


KINDS = {"host": "10.0.0.1", "network": "10.0.0.0/24", "address-range": "0.0.0.0/0"}


@pytest.mark.slow
@pytest.mark.parametrize("more", [(), ("10.9.0.1",)])
def test_an_address_that_becomes_one_of_another_kind_takes_the_place_of_the_old_one(server, more):
    """Names are unique in a domain: the second of a name was refused, and all of the script."""
    name = "V4-A_1" if more else "V4-A"
    for kind in ("host", "network", "address-range", "network", "host"):
        server(render("checkpoint", plan([host("A", KINDS[kind], *more), ENDS[1]], [flow("A", "B")])))
        objects = server.list_objects()
        assert objects[name] == (kind,)
        assert [one for one in objects if one.startswith(f"{name}_") and one != "V4-A_all"] == []


@pytest.mark.slow
def test_an_old_address_that_the_site_uses_stays_under_another_name(server):
    for kind in ("host", "network"):
        server(render("checkpoint", plan([host("A", KINDS[kind]), ENDS[1]], [flow("A", "B")])))
        if kind == "host":
            server.use("V4-A")
    objects = server.list_objects()
    assert objects["V4-A"] == ("network",)
    [old] = [one for one in objects if one.startswith("V4-A_")]
    assert objects[old] == ("host",)


def test_where_a_command_fails_nothing_is_published(server):
    text = render("checkpoint", plan(ENDS, [flow("A", "B")]))
    assert server(text, fails="add service-tcp") == {"Ours": ["stealth"]}


@pytest.mark.slow
def test_where_the_old_rules_can_not_be_read_nothing_is_published(server, tmp_path):
    """Else the new ones would stand beside them, and what was closed would stay open."""
    before = render("checkpoint", plan(ENDS, [flow("A", "B", ports="22")]))
    after = render("checkpoint", plan(ENDS, [flow("A", "B", ports="443")]))
    kept = server(before)
    assert server(after, fails="show access-rulebase") == kept
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("env", "python3", "mktemp", "rm"):
        (programs / name).symlink_to(shutil.which(name))
    assert server(after, says="jq is missing", programs=programs) == kept
    (programs / "jq").write_text("#!/bin/sh\nexit 1\n")
    (programs / "jq").chmod(0o755)
    assert server(after, fails="by jq", programs=programs) == kept
    assert server(after) != kept


@pytest.mark.slow
def test_a_domain_is_made_once_and_one_of_the_site_is_used_as_it_is(server):
    """`add dns-domain` has no set-if-exists."""
    ends = [host("A", "10.0.0.1"), *(host(f"B{n}", f"{name}.example.com", zone="DMZ") for n, name in enumerate(
        ("own", "new"), 1))]  # fmt: skip
    text = render("checkpoint", plan(ends, [flow("A", "B1"), flow("A", "B2")]))
    assert server(text) == server(text) != {"Ours": ["stealth"]}


def test_a_domain_of_the_site_that_stands_for_what_is_below_it_opens_nothing(server):
    ends = [host("A", "10.0.0.1"), host("B", "wide.example.com", zone="DMZ")]
    text = render("checkpoint", plan(ends, [flow("A", "B")]))
    assert server(text, says=".wide.example.com of this server stands for what is below it") == {"Ours": ["stealth"]}


SIDES = {"Internal": "in", "DMZ": "dmz"}
TWO = {
    "FW1": {"zones": SIDES | {"One": "clients", "Internet": "wan"}, "options": {"layer": "L1"}},
    "FW2": {"zones": SIDES | {"Two": "clients", "Partner": "wan"}, "options": {"layer": "L2"}},
}


def scripts(walls=None, **more):
    """The scripts of a plan whose firewalls have clients and a zone of anybody each, which the other hasn't."""
    clients = {f"{zone}{number}": (zone, f"10.{place}.0.{number}") for place, zone in enumerate(("One", "Two"), 1)
               for number in range(1, 14)}  # fmt: skip
    ends = [
        *(host(name, address, zone=zone) for name, (zone, address) in clients.items()),
        host("Web", "192.0.2.10", zone="DMZ"), host("PS", "10.9.0.1"),
        host("World", "any", zone="Internet", group=True), host("Partners", "any", zone="Partner", group=True),
    ]  # fmt: skip
    flows = [flow(name, "PS") for name in clients]
    flows += [flow(name, end, ports="25") for name in ("World", "Partners") for end in ("Web", "PS")]
    kinds = {"One": "internal", "Two": "internal", "Internal": "internal", "DMZ": "dmz", "Internet": "internet",
             "Partner": "internet"}  # fmt: skip
    document = write_plan(*ends, additional_flows=flows, zones=kinds.items(), firewalls=[
        {"name": name, "format": "checkpoint", **facts, **more.get(name, {})} for name, facts in (walls or TWO).items()
    ])  # fmt: skip
    document["zones"][-1]["networks"] = ["203.0.113.0/24", "198.51.100.0/24"]
    return [text.decode() for text in write_devices(evaluate(document)).values()]


def test_of_two_firewalls_on_one_server_none_changes_what_rules_of_the_other_name(server):
    """Objects are of the whole domain: groups of one name had the members of the script that was run last."""
    first, second = scripts()
    server(first)
    before = server.list_objects()
    server(second)
    after = server.list_objects()
    assert {name: after[name] for name in before} == before
    assert sum(name.endswith("_src") for name in after) == 2
    told = r"(?m)^set_(?:group|object add \S+ name) (\S+) (.*)"
    mine, others = dict(re.findall(told, first)), dict(re.findall(told, second))
    assert mine.keys() & others.keys() == {"V4-PS", "V4-Web"}
    assert all(mine[name] == others[name] for name in ("V4-PS", "V4-Web"))


def test_a_firewall_alone_has_names_without_a_mark_of_its_own():
    [text] = scripts({"FW1": TWO["FW1"]})
    assert re.search(r"(?m)^set_group V4-INT-INT2-\d+_src ", text)
    assert "set_group V4-elsewhere_1_all " in text


SEEN = {"published": {"Web": "203.0.113.10"}}


@pytest.mark.parametrize(
    ("more", "translated", "said"),
    [
        ({}, [["false"], ["false"]], False),
        ({"FW1": SEEN}, [["true"], []], False),
        ({"FW2": SEEN}, [[], ["true"]], False),
        ({"FW1": SEEN, "FW2": SEEN}, [["true"], ["true"]], False),
        ({"FW1": SEEN, "FW2": {"published": {"Web": "203.0.113.11"}}}, [["true"], ["true"]], True),
    ],
)
def test_who_is_published_stays_so_in_the_script_of_another_firewall(more, translated, said):
    """It said that the host is translated no longer, and an address that the outside uses was gone."""
    texts = scripts(**more)
    assert [re.findall(r"host name V4-Web .* nat-settings.auto-rule (\w+)", text) for text in texts] == translated
    assert ["under another address, too: V4-Web" in head(text) for text in texts] == [said, said]


def test_the_head_says_where_two_firewalls_have_one_layer():
    """Each fills the section of that."""
    layers = "Another Check Point firewall of the plan has the layer Network, too."
    for options, said in (({}, True), ({"layer": "L3"}, False)):
        texts = scripts(FW1={"options": {}}, FW2={"options": options})
        assert [layers in head(text) for text in texts] == [said, said]


def head(text):
    """The words of the comments at the beginning of a script."""
    return " ".join(re.sub(r"(?m)^# *", "", text.partition("\n\n")[0]).split())
