"""Options of the firewalls of a plan: what each device calls its lists, its virtual domain, its device group."""

import re
from xml.etree import ElementTree

import pytest

from planner.engine.compare import compare_reports
from planner.plan.devices import DEVICES
from planner.report import CHANGE_FORMATS, FORMATS, NotExpressible
from tests.report.firewall.test_changes import EDITIONS, loaded, told, way_back
from tests.report.firewall.test_permits import flow, host, plan
from tests.report.firewall.test_published import unpack_one

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


def text_of(report):
    ((_, data),) = FORMATS["firewalls"].write_folder(report).items()
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


def test_a_change_from_one_virtual_domain_to_another_is_refused():
    before, after = (firewall("fortigate", vdom=name) for name in ("edge", "core"))
    with pytest.raises(NotExpressible, match="another virtual domain"):
        CHANGE_FORMATS["firewalls"].render(compare_reports(before, after), EDITIONS)
