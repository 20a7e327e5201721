"""Every fault has a code, and no program goes by its sentence."""

import ast
import re
from pathlib import Path

import pytest

from planner.plan import limits
from planner.plan.document import PlanError, check_plan, check_stored, dump_plan, read_plan
from planner.plan.faults import NAME_TAKEN, Fault
from planner.plan.recheck import recheck_plan
from planner.plan.stored import look_through
from planner.web.forms.topology import place_faults as place_in_form
from ports.queries import shipped_matrix

ROOT = Path(__file__).resolve().parents[2]
MATRIX = shipped_matrix()
SOUND = {
    "format": 1,
    "name": "P",
    "zones": [{"name": "A", "kind": "internal"}],
    "endpoints": [{"name": "one", "zone": "A", "roles": ["web-primary"]}],
}


def endpoint(**fields):
    return SOUND | {"endpoints": [{"name": "one", "zone": "A", "roles": ["web-primary"]} | fields]}


def flow(**fields):
    plain = {"source": "one", "destination": "one", "protocol": "tcp", "ports": "1", "reason": "R"}
    return SOUND | {"additional_flows": [{key: value for key, value in (plain | fields).items() if value is not None}]}


def never(**fields):
    plain = {"from": {"zone": "A"}, "to": {"endpoint": "one"}, "reason": "R"}
    return SOUND | {"never": [plain | fields]}


def firewall(**fields):
    return SOUND | {"firewalls": [{"name": "FW", "format": "nftables", "zones": {"A": "lan"}} | fields]}


def excluded(**fields):
    return SOUND | {"exclusions": [{"source": "one", "destination": "one", "reason": "R"} | fields]}


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ([], "no-mapping"),
        (SOUND | {"format": 2}, "format"),
        (SOUND | {"zones": [], "endpoints": []}, "no-zone"),
        (SOUND | {"endpoints": 5}, "no-list"),
        (SOUND | {"ports": 5}, "no-mapping"),
        (SOUND | {"colour": 5}, "unknown-key"),
        (SOUND | {"ports": {"ldap": 5}}, "fixed-service"),
        (SOUND | {"ports": {"ssh": 0}}, "port"),
        (SOUND | {"zones": [*SOUND["zones"], {"name": "a", "kind": "dmz"}]}, "name-taken"),
        (SOUND | {"zones": [{"name": "A"}]}, "key-missing"),
        (endpoint(name=""), "name-length"),
        (endpoint(name=" x"), "name-space"),
        (endpoint(name="a\0b"), "control-characters"),
        (endpoint(name=5), "text"),
        (endpoint(zone="B"), "no-such-zone"),
        (endpoint(group="yes"), "flag"),
        (endpoint(roles=["barista"]), "unknown-value"),
        (endpoint(roles=["web-primary", "web-passive"]), "exclusive-roles"),
        (endpoint(addresses=["10.0.0.7/24"]), "host-bits"),
        (endpoint(addresses=["10.0.0.999"]), "address"),
        (endpoint(addresses=["Any"]), "address"),  # which would be a good DNS name
        (endpoint(addresses=["any"]), "any-not-allowed"),
        (endpoint(managed_by=["two"]), "no-such-endpoint"),
        (endpoint(roles=["database"], managed_by=["one"]), "no-manager"),
        (flow(source="two"), "no-such-endpoint"),
        (flow(protocol="icmp"), "icmp-ports"),
        (flow(ports=None), "ports-missing"),
        (flow(reason=" "), "reason-missing"),
        (SOUND | {"zones": [{"name": "A", "kind": "internal", "networks": ["10.0.0.7"]}]}, "network"),
        (never(**{"from": {}}), "side"),
        (never(to={"zone": "A", "endpoint": "one"}), "side"),
        (never(to={"zone": "B"}), "no-such-zone"),
        (never(to="one"), "no-mapping"),
        (never(ports="1"), "protocol-missing"),
        (never(protocol="icmp", ports="1"), "icmp-ports"),
        (excluded(ports="1"), "protocol-missing"),
        (excluded(protocol="tcp"), "ports-missing"),
        (firewall(zones={"B": "lan"}), "no-such-zone"),
        (firewall(options={"colour": "red"}), "unknown-option"),
        (firewall(options={"chain": "a chain; drop"}), "option-value"),
        (firewall(options={"chain": "forward"}), "option-value"),
        (firewall(options={"chain": "accept"}), "option-value"),
        (firewall(options={"table": "inet accept"}), "option-value"),
        (firewall(options={"table": "ip pkttype"}), "option-value"),
        (firewall(published={"one": "10.0.0.0/24"}), "address"),
        (firewall(published={"two": "10.0.0.1"}), "no-such-endpoint"),
        (
            endpoint(addresses=["any", "10.0.0.1"], group=True) | {"zones": [{"name": "A", "kind": "internet"}]},
            "any-alone",
        ),
        (SOUND | {"corrections": ["ldap-tcp"], "as_documented": ["ldap-tcp"]}, "in-both"),
        (endpoint(choices={"sql-listener": [True]}), "unknown-value"),
    ],
)
def test_a_fault_has_the_code_of_its_kind(document, code):
    with pytest.raises(PlanError) as caught:
        check_plan(document, matrix=MATRIX)
    assert [fault.code for fault in caught.value.faults] == [code]


@pytest.mark.parametrize(
    ("kind", "first", "chains"),
    [
        ("nftables", "forward", "forward FORWARD input ingress queue"),
        ("mikrotik", "dstnat", "forward srcnat dstnat output"),
        ("iptables", "FORWARD", "FORWARD INPUT POSTROUTING ACCEPT LOG"),
    ],
)  # fmt: skip
def test_a_chain_that_the_device_has_itself_is_refused_with_those_that_it_has(kind, first, chains):
    for chain in chains.split():
        document = firewall(format=kind, options={"chain": chain})
        with pytest.raises(PlanError) as caught:
            check_plan(document, matrix=MATRIX)
        (fault,) = caught.value.faults
        assert fault.where == "firewalls[0].options.chain"
        assert fault.message.startswith(f"'{chain}' can't stand here; allowed is ")
        assert f"({first}, " in fault.message


def test_a_table_may_be_called_as_a_hook_but_not_as_a_word_of_nft_unless_it_is_stored():
    for table in ("inet filter", "inet forward", "ip INPUT"):
        check_plan(firewall(options={"table": table}), matrix=MATRIX)
    old = firewall(options={"table": "inet ge"})
    assert check_stored(old, matrix=MATRIX).firewalls[0].options == {"table": "inet ge"}
    with pytest.raises(PlanError, match=r"'inet le' can't stand here; allowed is a family .* no word of nft"):
        check_plan(firewall(options={"table": "inet le"}), matrix=MATRIX, stored=look_through(old))


def test_a_stored_plan_keeps_a_chain_that_a_new_one_may_not_name():
    old = firewall(options={"chain": "forward"})
    plan = check_stored(old, matrix=MATRIX)
    named = dump_plan(plan) | {"name": "Other"}
    stored = look_through(old)
    assert check_plan(named, matrix=MATRIX, stored=stored).firewalls == plan.firewalls
    assert recheck_plan(named, before=dump_plan(plan), plan=plan, matrix=MATRIX, stored=stored).name == "Other"
    with pytest.raises(PlanError):
        check_plan(firewall(options={"chain": "input"}), matrix=MATRIX, stored=stored)


@pytest.mark.parametrize(
    ("part", "row", "sentence"),
    [
        ("additional_flows", {"source": "one", "destination": "one", "protocol": "icmp"}, "what this flow is for."),
        ("exclusions", {"source": "one", "destination": "one"}, "why this isn't needed here."),
        ("never", {"from": {"zone": "A"}, "to": {"zone": "A"}}, "why this must stay closed."),
    ],
)
def test_a_reason_that_says_nothing_is_asked_for_what_it_is_to_tell(part, row, sentence):
    document = endpoint() | {part: [row | {"reason": " \n"}]}
    with pytest.raises(PlanError) as caught:
        check_plan(document, matrix=MATRIX)
    (fault,) = caught.value.faults
    assert (fault.where, fault.code) == (f"{part}[0].reason", "reason-missing")
    assert fault.message == f"A reason is needed: say in a few words {sentence}"


def test_where_a_key_has_to_be_a_null_of_yaml_is_the_text_that_it_is():
    data = b"format: 1\nname: ~\nzones: [{name: null, kind: dmz}]\nendpoints: []\n"
    plan = read_plan(data, matrix=MATRIX, syntax="yaml")
    assert (plan.name, plan.zones[0].name) == ("~", "null")


@pytest.mark.parametrize(
    ("there", "written"), [("Caf\u00e9", "Cafe\u0301"), ("Internal", "internal"), ("STRASSE", "straße")]
)
def test_a_name_that_is_written_with_other_characters_or_capitals_is_told_as_that(there, written):
    def place(name, **more):
        return {"name": name, "zone": there} | more

    document = {
        "format": 1,
        "name": "P",
        "zones": [{"name": there, "kind": "internal"}],
        "endpoints": [
            place(f"1 {there}", roles=["web-primary"]),
            place("2", zone=written),
            place("3", managed_by=[f"1 {written}"]),
        ],
        "never": [{"from": {"zone": "Nowhere"}, "to": {"endpoint": f"1 {written}"}, "reason": "Policy"}],
    }
    with pytest.raises(PlanError) as caught:
        check_plan(document, matrix=MATRIX)
    also = "is written with other characters or capitals: take it over exactly."
    found = {fault.where: fault.message for fault in caught.value.faults}
    assert found["endpoints[1].zone"] == (f"There is no zone {written!r}; the zones are {there!r}. {there!r} {also}")
    assert found["endpoints[2].managed_by[0]"] == (
        f"There is no endpoint {f'1 {written}'!r}; allowed are {f'1 {there}'!r}. {f'1 {there}'!r} {also}"
    )
    assert found["never[0].to.endpoint"].endswith(f" {f'1 {there}'!r} {also}")
    assert found["never[0].from.zone"] == f"There is no zone 'Nowhere'; the zones are {there!r}."


def test_more_entries_than_a_mapping_may_have_are_told_first():
    with pytest.raises(PlanError) as caught:
        check_plan(firewall(zones={f"Z{number}": "lan" for number in range(limits.ITEMS + 1)}), matrix=MATRIX)
    assert caught.value.faults[0].code == "too-many"


@pytest.mark.parametrize(
    "document",
    [
        never(), never(protocol="tcp"), never(protocol="icmp"), never(protocol="tcp", ports="1-5"), excluded(),
        excluded(protocol="icmp"), firewall(options={"chain": "vault"}, published={"one": "192.0.2.1"}),
        endpoint(choices={"sql-listener": True}), SOUND | {"as_documented": ["ldap-tcp"]},
    ],
)  # fmt: skip
def test_beside_each_fault_stands_what_is_sound(document):
    plan = check_plan(document, matrix=MATRIX)
    assert check_plan(dump_plan(plan), matrix=MATRIX) == plan


@pytest.mark.parametrize(("data", "code"), [(b"{", "syntax"), (b'{"format": 1, "format": 1}', "repeated-key")])
def test_a_fault_of_the_text_has_a_code_too(data, code):
    with pytest.raises(PlanError) as caught:
        read_plan(data, matrix=MATRIX, syntax="json")
    assert caught.value.faults[0].code == code


def test_a_name_that_is_taken_is_known_by_its_code_whatever_the_sentence_says():
    fault = Fault("endpoints[1].name", "Anything.", NAME_TAKEN)
    assert place_in_form([fault], SOUND, "endpoints", 1)[0][1].startswith("There is an endpoint of that name already")


def test_nothing_in_the_code_looks_into_a_sentence():
    """No `"…" in fault.message`, no `str(error).startswith(…)`: sentences are for people, and change."""
    found = []
    for path in sorted((ROOT / "planner").rglob("*.py")):
        code = path.read_text("utf-8")
        if not re.search(r"\bmessage\b|\bstr\((error|fault)\)", code):
            continue
        for node in ast.walk(ast.parse(code)):
            if isinstance(node, ast.Compare) and any(
                isinstance(sign, ast.In | ast.NotIn | ast.Eq) for sign in node.ops
            ):
                sides = [node.left, *node.comparators]
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                sides = [node.func.value] if node.func.attr in ("startswith", "endswith", "find", "index") else []
            else:
                continue
            texts = [ast.unparse(side) for side in sides]
            if any(re.search(r"\bmessage$|^str\((error|fault)\)$", text) for text in texts):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)}")
    assert found == []


@pytest.mark.parametrize(("side", "found"), [({}, "neither"), ({"zone": "Z", "endpoint": "E"}, "zone and endpoint")])
def test_a_side_that_names_none_or_both_is_told_with_what_was_found(side, found):
    never = [{"from": side, "to": {"zone": "Z"}, "reason": "Closed"}]
    document = {"format": 1, "name": "X", "zones": [{"name": "Z", "kind": "dmz"}], "endpoints": [], "never": never}
    document["endpoints"] = [{"name": "E", "zone": "Z"}]
    with pytest.raises(PlanError) as caught:
        check_plan(document, matrix=MATRIX)
    told = {fault.code: fault.message for fault in caught.value.faults}
    assert told["side"] == f"This names one zone or one endpoint, by the key zone or endpoint; found {found}."


def test_the_first_three_faults_are_told_each_once_without_their_places():
    faults = [
        Fault(where=f"zones[{place}]", message=said) for place, said in enumerate(("One.", "Two.", "One.", "Three."))
    ]
    assert PlanError(faults).brief == ("One.", "Two.")
