"""Options of the firewalls of a plan: what each device calls its lists, its virtual domain, its device group."""

import re
from xml.etree import ElementTree

import pytest

from planner.engine import evaluate_report
from planner.engine.compare import compare_reports
from planner.plan.devices import DEVICES
from planner.plan.document import check_stored, dump_plan
from planner.report import CHANGE_FORMATS, FORMATS, NotExpressible
from planner.report.said.edition import Edition
from ports.queries import shipped_matrix
from tests.each import each
from tests.report.firewall.test_changes import EDITIONS, loaded, told, way_back
from tests.report.firewall.test_permits import DAY, check, flow, host, plan
from tests.report.firewall.test_published import unpack_one
from tests.report.samples import evaluate_once, write_plan

ZONES = {"Internal": "inside", "DMZ": "dmz"}
ENDS = [host("A", "10.0.0.1", "fd00::1"), host("B", "192.0.2.1", "2001:db8::1", zone="DMZ")]
GIVEN = {
    "lists": "inside=inside_access_in, dmz=DMZ-IN", "vdom": "edge", "device-group": "Branch offices",
    "log-setting": "To SIEM", "chain": "vault",
    "table": "inet mine", "layer": "Edge Network",
}  # fmt: skip


def firewall(kind, *flows, **options):
    row = {"name": "FW", "format": kind, "zones": ZONES, "options": options}
    return plan(ENDS, list(flows) or [flow("A", "B"), flow("B", "A", ports="25")], firewalls=[row])


def lines_of(kind, **options):
    report = firewall(kind, **options)
    return "\n".join(told(text_of(report)))


def text_of(report, edition=None):
    ((_, data),) = FORMATS["firewalls"].write_folder(report, edition).items()
    return data.decode()


@pytest.mark.parametrize("kind", ["asa", "ios"])
def test_access_lists_are_called_as_the_plan_says(kind):
    text = text_of(firewall(kind, lists="inside=inside_access_in"))
    assert "inside_access_in" in text
    assert "FROM-inside" not in text
    assert "FROM-dmz" in text, "the other one keeps its name"
    bind = {"asa": "access-group inside_access_in in interface inside", "ios": "ip access-group inside_access_in in"}
    assert f"! {bind[kind]}\n" in text


def test_a_fortigate_is_told_within_its_virtual_domain():
    lines = lines_of("fortigate", vdom="edge").splitlines()
    assert lines[:2] == ["config vdom", "edit edge"]
    assert lines[-2:] == ["end", "end"]
    assert "\n".join(lines[2:-1]) == lines_of("fortigate")


def test_a_change_of_a_fortigate_and_its_way_back_are_within_it_too():
    before, after = (firewall("fortigate", flow("A", "B", ports=port), vdom="edge") for port in ("22", "443"))
    text = unpack_one(CHANGE_FORMATS["firewalls"].render(compare_reports(before, after), EDITIONS))
    for lines in (told(text), way_back(text).splitlines()):
        assert lines[:2] == ["config vdom", "edit edge"]
        assert lines[-1] == "end"
    same = unpack_one(CHANGE_FORMATS["firewalls"].render(compare_reports(after, after), EDITIONS))
    assert not told(same)


def test_a_panorama_is_told_in_its_device_group():
    plain = lines_of("paloalto-set").splitlines()
    lines = lines_of("paloalto-set", **{"device-group": "Branch offices"}).splitlines()
    place = 'set device-group "Branch offices" '
    assert all(line.startswith(place) for line in lines)
    assert [line.replace(place, "set ").replace(" pre-rulebase ", " rulebase ") for line in lines] == plain
    assert f"{place}pre-rulebase security rules " in "\n".join(lines)
    root = ElementTree.fromstring(text_of(firewall("paloalto", **{"device-group": "Branch offices"})))
    (group,) = root.iterfind("devices/entry/device-group/entry")
    assert group.get("name") == "Branch offices"
    assert group.find("pre-rulebase/security/rules/entry") is not None
    assert root.find("devices/entry/vsys") is None


@pytest.mark.parametrize(
    ("options", "rules"),
    [({}, "rulebase"), ({"device-group": "Branch offices"}, 'device-group "Branch offices" pre-rulebase')],
)
def test_the_head_for_a_palo_alto_names_the_rulebase_that_the_rules_are_in(options, rules):
    head = " ".join(text_of(firewall("paloalto-set", **options)).replace("\n#", " ").split())
    assert f": move {rules} security rules NAME before YOURS" in head
    head = " ".join(text_of(firewall("paloalto", **options)).split())
    assert f" service, tag and {rules.split()[-1]}. " in head


def test_a_palo_alto_forwards_its_logs_by_the_profile_that_the_plan_names():
    plain = lines_of("paloalto-set").splitlines()
    lines = lines_of("paloalto-set", **{"log-setting": "To SIEM"}).splitlines()
    more = [line for line in lines if line not in plain]
    rules = {line.split(" log-end")[0] for line in plain if line.endswith(" log-end yes")}
    assert len(rules) == 4  # both ways, in both families
    assert set(more) == {f'{rule} log-setting "To SIEM"' for rule in rules}
    root = ElementTree.fromstring(text_of(firewall("paloalto", **{"log-setting": "To SIEM"})))
    assert {one.text for one in root.iter("log-setting")} == {"To SIEM"}
    (silent,) = FORMATS["firewalls"].write_folder(
        plan(ENDS, [flow("A", "B")], firewalls=[
            {"name": "FW", "format": "paloalto-set", "zones": ZONES, "log": False, "options": {"log-setting": "x"}}
        ])
    ).values()  # fmt: skip
    assert b"log-setting" not in silent


def test_routeros_fills_the_chain_that_the_plan_names():
    text = text_of(firewall("mikrotik", chain="vault"))
    assert "chain=vault action=accept" in text
    assert re.findall(r"(?:chain|jump-target)=\"?port-planner", text) == []


def test_check_point_fills_the_layer_that_the_plan_names():
    assert "layer='Edge Network'\n" in text_of(firewall("checkpoint", layer="Edge Network"))


@pytest.mark.parametrize("kind", ["asa", "ios", "paloalto-set", "checkpoint", "mikrotik", "nftables", "iptables"])
def test_a_change_takes_a_device_that_has_options_from_one_revision_to_the_other(kind):
    options = {name: GIVEN[name] for name in DEVICES[kind].options}
    before, after = (firewall(kind, flow("A", "B", ports=port), **options) for port in ("22", "443"))
    text = unpack_one(CHANGE_FORMATS["firewalls"].render(compare_reports(before, after), EDITIONS))
    assert loaded(kind, text_of(before), text) == loaded(kind, text_of(after))
    assert loaded(kind, text_of(after), way_back(text)) == loaded(kind, text_of(before))


PLACES = [
    (kind, name) for kind, device in DEVICES.items() for name, option in device.options.items() if option.is_place
]
"""What says where on a device a file is."""


@each(("kind", "name"), PLACES)
def test_a_change_to_another_place_on_the_device_is_refused(kind, name):
    before, after = firewall(kind), firewall(kind, **{name: GIVEN[name]})
    for old, new in ((before, after), (after, before)):
        with pytest.raises(NotExpressible, match=rf"FW is elsewhere on its device now \(.*{name} "):
            CHANGE_FORMATS["firewalls"].render(compare_reports(old, new), EDITIONS)


@each(("kind", "name"), PLACES)
def test_a_file_says_what_an_earlier_revision_opened_elsewhere_on_the_device(kind, name):
    before, after = firewall(kind, **{name: GIVEN[name]}), firewall(kind)
    text = text_of(after, Edition(date=DAY, earlier=(before, before)))
    (said,) = re.findall(r"told elsewhere on this device \(([^)]*)\)", re.sub(r"\n[#!] +[|]? *", " ", text))
    assert f"{name} {GIVEN[name]}" in said
    for earlier in ((), (after,)):
        assert "elsewhere on" not in text_of(after, Edition(date=DAY, earlier=earlier))


@each(("kind", "name"), [(kind, name) for kind, name in PLACES if DEVICES[kind].options[name].default])
def test_a_place_that_is_named_as_it_is_anyway_is_the_same(kind, name):
    before, after = firewall(kind), firewall(kind, **{name: DEVICES[kind].options[name].default})
    assert "elsewhere" not in text_of(after, Edition(date=DAY, earlier=(before,)))
    assert not told(unpack_one(CHANGE_FORMATS["firewalls"].render(compare_reports(before, after), EDITIONS)))


@pytest.mark.parametrize(("kind", "chain"), [("nftables", "forward"), ("mikrotik", "dstnat"), ("iptables", "FORWARD")])
def test_of_a_stored_firewall_whose_chain_is_the_device_s_own_no_file_is_made(kind, chain):
    document = dump_plan(firewall(kind).plan)
    document = document | {"firewalls": [document["firewalls"][0] | {"options": {"chain": chain}}]}
    report = evaluate_report(shipped_matrix(), check_stored(document, matrix=shipped_matrix()))
    with pytest.raises(NotExpressible, match=rf"it would empty {chain}, .* the firewall FW another value\. Allowed"):
        FORMATS["firewalls"].write_folder(report, None)
    with pytest.raises(NotExpressible, match=f"it would empty {chain}, "):
        CHANGE_FORMATS["firewalls"].render(compare_reports(report, report), EDITIONS)


def test_of_a_stored_firewall_whose_table_is_a_word_of_nft_no_file_is_made():
    document = dump_plan(firewall("nftables").plan)
    document = document | {"firewalls": [document["firewalls"][0] | {"options": {"table": "ip ge"}}]}
    report = evaluate_report(shipped_matrix(), check_stored(document, matrix=shipped_matrix()))
    with pytest.raises(NotExpressible, match=r"nft makes no table ip ge, .* option table of the firewall FW another"):
        FORMATS["firewalls"].write_folder(report, None)


@pytest.mark.parametrize(("table", "other"), [("ip mine", "IPv6"), ("ip6 mine", "IPv4")])
def test_a_table_of_one_family_gets_what_is_of_it_and_the_head_names_the_rest(table, other, tmp_path):
    report = firewall("nftables", flow("A", "B"), flow("B", "A", ports="25"), table=table)
    text = text_of(report)
    check("nft", text, tmp_path)
    whole = lines_of("nftables", table="inet mine").replace("inet mine", table).splitlines()
    address = {"IPv6": "fd00::1", "IPv4": "10.0.0.1"}[other]
    assert told(text) == [line for line in whole if address not in line]
    rules = "; ".join(rule.id for rule in report.rules)
    left_out = (
        f"# Not of {'IPv4' if other == 'IPv6' else 'IPv6'}, which is all that the table {table} holds: {rules}.\n"
    )
    assert left_out in text
    assert "2 of 2 rules pass it and are in it, as 2 entries." in text
    change = unpack_one(
        CHANGE_FORMATS["firewalls"].render(compare_reports(firewall("nftables", table=table), report), EDITIONS)
    )
    assert "there is nothing to do" in change
    before = firewall("nftables", flow("A", "B"), table=table)
    change = unpack_one(CHANGE_FORMATS["firewalls"].render(compare_reports(before, report), EDITIONS))
    assert left_out in change
    assert told(change) == told(text)


@pytest.mark.parametrize("table", ["ip mine", "ip6 mine"])
def test_a_default_deny_has_a_table_of_both_families_whatever_the_site_s_own_is(table):
    def denying(**options):
        ((_, data),) = (
            FORMATS["firewalls"].write_folder(firewall("nftables", **options), None, default_deny=True).items()
        )
        return data.decode()

    assert denying(table=table) == denying()


@pytest.mark.parametrize("table", ["ip mine", "ip6 mine", "bridge mine", "inet mine"])
def test_nft_reads_a_rule_without_addresses_in_a_table_of_any_family(table, tmp_path):
    ends = [host(name, "any", zone=zone, group=True) for name, zone in (("A", "Internet"), ("B", "Elsewhere"))]
    document = write_plan(
        *ends,
        zones=(("Internet", "internet"), ("Elsewhere", "internet")),
        additional_flows=[flow("A", "B"), flow("A", "B", "icmp")],
        firewalls=[
            {"name": "FW", "format": "nftables", "zones": {"Internet": "wan", "Elsewhere": "lan"},
             "options": {"table": table}}
        ],
    )  # fmt: skip
    text = text_of(evaluate_once(document))
    assert len(told(text)) == {"ip": 7, "ip6": 5}.get(table.split()[0], 9)
    # A kernel can lack what tracks connections on bridges.
    check("nft", re.sub(r" ct state \S+", "", text) if table == "bridge mine" else text, tmp_path)
