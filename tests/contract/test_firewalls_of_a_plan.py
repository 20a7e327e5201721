"""Section 8 of the contract, firewalls of a plan: what they say, each fault at its place, flows that none sees."""

from tests.each import each

from .documents import SYNTAXES, assert_one_fault
from .helpers import changed, faults, host, make_plan, report

FORMATS = ["asa", "fortigate", "paloalto", "srx", "nftables", "iptables"]
FIREWALL = {
    "name": "FW-HQ",
    "format": "nftables",
    "zones": {"Internet": "wan1", "DMZ": "port2", "Internal": "port1"},
    "log": False,
    "options": {"chain": "vault", "table": "inet filter"},
    "published": {"PS": "203.0.113.10"},
}
BASE = make_plan(
    host("PS", "web-primary", zone="DMZ"),
    host("SQL", "database"),
    host("Public", "website-user", zone="Internet"),
    host("Internal", "mail-server"),
) | {"firewalls": [FIREWALL]}


@SYNTAXES
def test_a_plan_with_firewalls_is_sound(syntax):
    assert faults(BASE, syntax) == []
    assert faults(BASE | {"firewalls": []}, syntax) == []
    assert faults(BASE | {"firewalls": None}, syntax) == []


@SYNTAXES
@each("name", FORMATS)
def test_a_firewall_needs_name_format_and_zones_alone(name, syntax):
    bare = {"name": "FW", "format": name, "zones": {}}
    assert faults(BASE | {"firewalls": [bare]}, syntax) == []
    nulls = bare | {"log": None, "options": None, "published": None}
    assert faults(BASE | {"firewalls": [nulls]}, syntax) == []


FAULTS = {
    "no name": (("firewalls", 0, "name"), "", "firewalls[0].name", ["1", "255"]),
    "an unknown format": (("firewalls", 0, "format"), "sonicos", "firewalls[0].format", ["sonicos", *FORMATS]),
    "a format that is for hosts": (("firewalls", 0, "format"), "windows", "firewalls[0].format", ["windows"]),
    "zones that are a list": (("firewalls", 0, "zones"), ["DMZ"], "firewalls[0].zones", ["mapping"]),
    "an unknown zone": (("firewalls", 0, "zones", "PS"), "port3", "firewalls[0].zones.PS", ["PS", "DMZ", "Internal"]),
    "a zone in another case": (("firewalls", 0, "zones", "dmz"), "port3", "firewalls[0].zones.dmz", ["dmz", "DMZ"]),
    "an interface that is a list": (("firewalls", 0, "zones", "DMZ"), ["a"], "firewalls[0].zones.DMZ", ["a"]),
    "an interface with a line break": (("firewalls", 0, "zones", "DMZ"), "a\nb", "firewalls[0].zones.DMZ", []),
    "a log that is a word": (("firewalls", 0, "log"), "often", "firewalls[0].log", ["often", "true", "false"]),
    "an unknown option": (
        ("firewalls", 0, "options", "policy"),
        "x",
        "firewalls[0].options.policy",
        ["policy", "chain", "table"],
    ),
    "a chain that is none": (("firewalls", 0, "options", "chain"), "a b", "firewalls[0].options.chain", ["a b"]),
    "a chain with a command": (
        ("firewalls", 0, "options", "chain"),
        "vault; flush ruleset",
        "firewalls[0].options.chain",
        ["vault; flush ruleset"],
    ),
    "a table without its family": (("firewalls", 0, "options", "table"), "filter", "firewalls[0].options.table", []),
    "an unknown endpoint": (
        ("firewalls", 0, "published", "DMZ"),
        "203.0.113.1",
        "firewalls[0].published.DMZ",
        ["DMZ", "PS", "SQL"],
    ),
    "a network that is published": (
        ("firewalls", 0, "published", "PS"),
        "203.0.113.0/24",
        "firewalls[0].published.PS",
        ["203.0.113.0/24"],
    ),
    "a name that is published": (
        ("firewalls", 0, "published", "PS"),
        "ps.example.com",
        "firewalls[0].published.PS",
        ["ps.example.com"],
    ),
    "an unknown key": (
        ("firewalls", 0, "interfaces"),
        {},
        "firewalls[0].interfaces",
        ["interfaces", "name", "format", "zones", "log", "options", "published"],
    ),
    "a word": (("firewalls", 0), "FW", "firewalls[0]", ["FW"]),
    "firewalls that are a mapping": (("firewalls",), FIREWALL, "firewalls", []),
}


@SYNTAXES
@each("name", FAULTS)
def test_a_fault_is_told_at_its_place_with_what_was_found_and_what_is_allowed(name, syntax):
    path, value, places, words = FAULTS[name]
    assert_one_fault(changed(BASE, path, value), syntax, places, words)


@SYNTAXES
@each("name", ["FW-HQ", "fw-hq"])
def test_names_differ_in_more_than_case(name, syntax):
    twins = BASE | {"firewalls": [FIREWALL, FIREWALL | {"name": name}]}
    assert_one_fault(twins, syntax, "firewalls[1].name", [name, "firewalls[0]"])


@SYNTAXES
def test_an_accent_is_one_name_however_it_is_encoded(syntax):
    twins = BASE | {"firewalls": [FIREWALL | {"name": name} for name in ("Zürich", "Zu\u0308rich")]}
    assert_one_fault(twins, syntax, "firewalls[1].name", ["firewalls[0]"])


@SYNTAXES
def test_a_firewall_may_be_called_as_a_zone_or_an_endpoint_is(syntax):
    assert faults(BASE | {"firewalls": [FIREWALL | {"name": name} for name in ("DMZ", "PS")]}, syntax) == []


# --- flows that no firewall sees -------------------------------------------------------------------------------------


def unseen(*firewalls, base=BASE):
    """The endpoints of the finding; None where there is none."""
    findings = report(base | {"firewalls": list(firewalls)})["findings"]
    found = [finding for finding in findings if finding["code"] == "no-firewall"]
    assert [(finding["severity"], finding["subject"]) for finding in found] in ([], [("warning", None)])
    return found[0]["endpoints"] if found else None


def fw(**zones):
    return {"name": f"FW {sorted(zones)}", "format": "srx", "zones": zones}


def test_a_plan_without_firewalls_asks_for_none():
    assert unseen() is None


def test_all_flows_are_seen_where_each_zone_has_its_interface():
    assert unseen(FIREWALL) is None


def test_zones_behind_one_interface_pass_nothing_between_each_other():
    assert unseen(fw(Internet="wan", DMZ="lan", Internal="lan")) == ["Internal", "PS", "SQL"]


def test_a_zone_that_is_not_there_is_not_seen():
    assert unseen(fw(Internet="wan", DMZ="lan")) == ["Internal", "PS", "SQL"]
    assert unseen(fw(Internet="wan", Internal="lan")) == ["Internal", "PS", "Public", "SQL"]


def test_one_of_several_firewalls_is_enough():
    assert unseen(fw(Internet="wan", DMZ="lan"), fw(DMZ="a", Internal="b")) is None
    assert unseen(fw(Internet="wan", DMZ="lan", Internal="lan"), fw(DMZ="a", Internal="b")) is None


def test_what_is_excluded_needs_no_firewall():
    gone = {"source": "PS", "destination": "SQL", "reason": "Elsewhere"}
    mail = {"source": "PS", "destination": "Internal", "reason": "None is sent"}
    assert unseen(fw(Internet="wan", DMZ="lan"), base=BASE | {"exclusions": [gone, mail]}) is None
