"""What is missing as configuration of a device, told to it in a small model and read back: everything is open then.

What is there is our own file of a part of the plan, with its denials at the end, so what is added has to come before.
"""

import re
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from planner.engine.existing.decide import compare_with
from planner.engine.existing.devices.srx_tree import read_tree
from planner.engine.existing.readers import READERS
from planner.engine.rules import narrow_boundaries
from planner.plan.fields import Firewall
from planner.report.errors import NotExpressible
from planner.report.gap.delta import render_delta
from planner.report.gap.delta.task import Task
from tests.engine.existing.devices.own_files import report_of, sides_of, write
from tests.report.firewall.test_changes import tell_tree, way_back
from tests.report.firewall.test_changes import told as list_told
from tests.report.firewall.test_permits import flow, host, plan
from tests.report.firewall.test_published import firewalls, text_of

DEVICES = ("fortigate", "asa", "paloalto", "srx")


def lines_of(text):
    return "".join(f"{line}\n" for line in text.splitlines() if line and line[0] not in "#!")


def tell_asa(text, told):
    """Entries at the line that they name, remarks counted; others at the end of their list."""
    lines = text.splitlines()
    for line in lines_of(told).splitlines():
        at = re.match(r"access-list (\S+) line (\d+) ", line)
        if line.startswith("no "):
            gone = lines.index(line[3:])
            del lines[gone]
            while gone < len(lines) and lines[gone].startswith(" "):
                del lines[gone]
        elif at:
            places = [n for n, one in enumerate(lines) if one.startswith(f"access-list {at[1]} ")]
            lines.insert(places[int(at[2]) - 1], line.replace(f"line {at[2]} ", "", 1))
        else:
            lines.append(line)
    return "".join(f"{line}\n" for line in lines)


def tell_paloalto(text, told):
    """Values under the rule or object that they are of; `move` puts a rule before another one."""
    root = ElementTree.fromstring(text)
    place = root.find(".//vsys/entry")
    for line in lines_of(told).splitlines():
        verb, *path = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', line)]
        depth = 4 if path[0] == "rulebase" else 2
        parent = place
        for word in path[: depth - 1]:
            found = parent.find(word)
            parent = ElementTree.SubElement(parent, word) if found is None else found
        entry = parent.find(f"entry[@name='{path[depth - 1]}']")
        if verb == "delete":
            parent.remove(entry)
        elif verb == "move":
            parent.remove(entry)
            other = parent.find(f"entry[@name='{path[depth + 1]}']")
            parent.insert(list(parent).index(other), entry)
        else:
            if entry is None:
                entry = ElementTree.SubElement(parent, "entry", name=path[depth - 1])
            *keys, value = path[depth:]
            for key in keys:
                found = entry.find(key)
                entry = ElementTree.SubElement(entry, key) if found is None else found
            if keys[-1] in ("from", "to", "source", "destination", "service", "application", "static", "tag"):
                ElementTree.SubElement(entry, "member").text = value
            else:
                entry.text = value
    return ElementTree.tostring(root, encoding="unicode")


TELL = {"asa": tell_asa, "paloalto": tell_paloalto}


def tell(name, text, told):
    return TELL.get(name, lambda text, told: text + lines_of(told))(text, told)


def crossing(report):
    return [flow for flow in report.flows if flow.scope == "cross-zone"]


def some_of(report, flows):
    return replace(report, boundaries=narrow_boundaries(report.boundaries, flows))


def there(report, name):
    """Our own file of a flow in three, denials at its end; of an ASA with the lines that bind its lists."""
    text = write(some_of(report, crossing(report)[::3]), name, default_deny=True)
    return re.sub(r"(?m)^! (access-group )", r"\1", text)


def compare(report, text, name, firewall):
    return compare_with(report, READERS[name].read(text), firewall=firewall)


def entries(name, text):
    ruleset = READERS[name].read(text)
    return [(one.name, one.verdict, one.matches) for stage in ruleset.stages for one in stage.entries]


@pytest.mark.parametrize("name", DEVICES)
@pytest.mark.parametrize("slug", ["dmz", "remote-sites"])
def test_with_what_is_missing_everything_is_open_and_nothing_wider_and_the_way_back_leads_back(slug, name):
    report = report_of(slug)
    firewall = Firewall(name="FW", format=name, zones=sides_of(report))
    text = there(report, name)
    gap = compare(report, text, name, firewall)
    assert gap.missing
    assert len(gap.missing) < len(report.rules) or slug != "dmz"
    told = render_delta(Task(gap=gap, text=text, firewall=firewall)).decode()
    after = tell(name, text, told)
    now = compare(report, after, name, firewall)
    assert [one for one in now.flows if one.state != "open"] == []
    assert [one.entry for one in now.wider] == [one.entry for one in gap.wider]
    back = tell(name, after, way_back(told))
    assert entries(name, back) == entries(name, text)
    assert compare(report, back, name, firewall).counts == gap.counts
    again = render_delta(Task(gap=now, text=after, firewall=firewall)).decode()
    assert "Nothing is missing" in again
    assert lines_of(again) == ""


@pytest.mark.parametrize("name", DEVICES)
def test_a_second_delta_meets_nothing_of_the_first(name):
    report = report_of("dmz")
    firewall = Firewall(name="FW", format=name, zones=sides_of(report))
    text = there(report, name)
    gap = compare(some_of_plan(report), text, name, firewall)
    first = render_delta(Task(gap=gap, text=text, firewall=firewall)).decode()
    after = tell(name, text, first)
    full = compare(report, after, name, firewall)
    assert full.missing
    second = render_delta(Task(gap=full, text=after, firewall=firewall)).decode()
    assert "-delta2" in second
    assert compare(report, tell(name, after, second), name, firewall).missing == ()


def some_of_plan(report):
    """The report with two flows of three."""
    flows = crossing(report)
    flows = [*flows[::3], *flows[1::3]]
    return replace(report, flows=tuple(flows), boundaries=narrow_boundaries(report.boundaries, flows))


@pytest.mark.parametrize("name", DEVICES)
def test_what_is_published_is_open_at_the_address_that_others_see(name):
    report = firewalls(name)
    firewall = report.plan.firewalls[0]
    text = EMPTY[name]
    gap = compare(report, text, name, firewall)
    told = render_delta(Task(gap=gap, text=text, firewall=firewall)).decode()
    now = compare(report, tell(name, text, told), name, firewall)
    assert [one for one in now.flows if one.state != "open"] == []
    assert now.wider == ()


OURS = {"Web": "203.0.113.10"}
BOTH = {**OURS, "Plain": "203.0.113.11"}
OTHER = {"Plain": "203.0.113.10"}


@pytest.mark.parametrize("published", [BOTH, OTHER], ids=["a second address", "the same address for another"])
def test_the_way_back_of_an_srx_leaves_the_translations_that_were_there(published):
    """The device has our file for one endpoint: rule-set, rule, pool and services are called as those of the delta."""
    before = EMPTY["srx"] + lines_of(text_of("srx", published=OURS))
    report = firewalls("srx", published=published)
    firewall = report.plan.firewalls[0]
    text = "\n".join(line for line in before.splitlines() if "policy NET-DMZ" not in line)
    told = render_delta(Task(gap=compare(report, text, "srx", firewall), text=text, firewall=firewall)).decode()
    state = set()
    tell_tree(state, list_told(text))
    was = set(state)
    tell_tree(state, [line for line in list_told(told) if not line.startswith("insert ")])
    new = {" ".join(one) for one in state - was}
    rule = "security nat destination rule-set PP-wan1 rule"
    at = f"{rule} PP-{published['Plain'].replace('.', '-')} then destination-nat pool PP-192-0-2-11"
    assert at in new
    assert "security nat destination rule-set PP-wan1 from zone wan1" not in new
    tell_tree(state, list_told(way_back(told)))
    assert state == was


@pytest.mark.parametrize("deactivated", ["applications application", "security nat destination rule-set"])
def test_what_an_srx_has_deactivated_is_activated_where_all_of_it_is_set_again(deactivated):
    """Setting alone leaves it as it is: a policy names what doesn't count, an address leads nowhere."""
    before = EMPTY["srx"] + lines_of(text_of("srx", published=OURS))
    paths = set(re.findall(rf"(?m)^set ({deactivated} \S+) ", before))
    assert paths
    text, told = tell_srx(before + "".join(f"deactivate {path}\n" for path in sorted(paths)), OURS)
    activated = {line for line in told.splitlines() if line.startswith("activate ")}
    assert activated == {f"activate {path}" for path in paths}
    assert "takes effect once it is activated" not in told
    report = firewalls("srx", published=OURS)
    now = compare(report, text + "\n" + lines_of(told), "srx", report.plan.firewalls[0])
    assert [flow for flow in now.flows if flow.state != "open"] == []
    back = way_back(told)
    assert {f"deactivate {path}" for path in paths} <= set(back.splitlines())
    assert read_tree(f"{text}\n{lines_of(told)}\n{back}") == read_tree(text)


@pytest.mark.parametrize("deactivated", ["", " destination-port"], ids=["with the whole", "by itself"])
def test_a_deactivated_value_of_an_srx_that_another_one_takes_the_place_of_is_activated(deactivated):
    """Else the application is none of any port, and the policy that names it lets all of the protocol through."""
    service = f"applications application PP-tcp-443{deactivated}"
    port = "applications application PP-tcp-443 destination-port"
    own = f"set applications application PP-tcp-443 protocol tcp\nset {port} 8443\n"
    text, told = tell_srx(f"{EMPTY['srx']}{own}deactivate {service}\n", OURS)
    assert "deactivated there" not in told
    state = set()
    tell_tree(state, list_told(text))
    was = set(state)
    tell_tree(state, [line for line in list_told(told) if not line.startswith("insert ")])
    assert [" ".join(one) for one in state if "destination-port" in one and "PP-tcp-443" in one] == [f"{port} 443"]
    assert not [one for one in state if one[0] == "inactive"]
    tell_tree(state, list_told(way_back(told)))
    assert state == was
    more = 'set applications application PP-tcp-443 description "theirs"\n'
    _, told = tell_srx(f"{EMPTY['srx']}{own}{more}deactivate {service}\n", OURS)
    assert ("deactivated there" in told) == (not deactivated), "what else is in it stays out of force"


def test_what_others_have_deactivated_on_an_srx_stays_so_and_the_head_says_what_has_no_effect_yet():
    """To activate it would bring back what somebody has put out of force."""
    zones = "security policies from-zone inside to-zone port2"
    _, told = tell_srx(f"{EMPTY['srx']}deactivate {zones}\n", OURS)
    assert "activate " not in lines_of(told)
    [said] = [line for line in told.splitlines() if "deactivated there" in line]
    assert said.startswith(f"# {zones} is deactivated there")
    assert "insert" not in "".join(line for line in lines_of(told).splitlines() if zones in line)


def tell_srx(text, published):
    """The delta for a device whose configuration this is, without our policies; and that configuration."""
    report = firewalls("srx", published=published)
    firewall = report.plan.firewalls[0]
    text = "\n".join(line for line in text.splitlines() if "policy NET-DMZ" not in line)
    return text, render_delta(Task(gap=compare(report, text, "srx", firewall), text=text, firewall=firewall)).decode()


def test_what_an_srx_has_is_known_in_quotes_too_and_what_a_line_has_deleted_is_not():
    before = EMPTY["srx"] + lines_of(text_of("srx", published=OURS))
    quoted = re.sub(r"(rule-set|application) (PP-[\w-]+)", r'\1 "\2"', before)
    deleted = f"{before}\ndelete security nat destination rule-set PP-wan1\n"
    taken_back = "delete security nat destination rule-set PP-wan1"
    for there, goes in ((before, False), (quoted, False), (deleted, True)):
        text, told = tell_srx(there, BOTH)
        back = way_back(told)
        assert (taken_back in back.splitlines()) == goes
        assert "delete applications application PP-tcp-443" not in back
        assert read_tree(f"{text}\n{lines_of(told)}\n{back}") == read_tree(text)


EMPTY = {
    "fortigate": "config firewall policy\n    edit 1\n        set srcintf any\n        set dstintf any\n"
    "        set srcaddr all\n        set dstaddr all\n        set srcaddr6 all\n        set dstaddr6 all\n"
    "        set service ALL\n        set schedule always\n"
    "        set action deny\n    next\nend\n",
    "asa": "".join(
        f"access-list IN-{side} remark nothing\naccess-list IN-{side} extended deny ip any any\n"
        f"access-group IN-{side} in interface {side}\n"
        for side in ("inside", "port2", "wan1")
    ),
    "paloalto": '<config><devices><entry name="localhost.localdomain"><vsys><entry name="vsys1"><rulebase><security>'
    '<rules><entry name="no more"><from><member>any</member></from><to><member>any</member></to>'
    "<source><member>any</member></source><destination><member>any</member></destination>"
    "<service><member>any</member></service><application><member>any</member></application><action>deny</action>"
    "</entry></rules></security></rulebase></entry></vsys></entry></devices></config>",
    "srx": "".join(
        f"set security policies from-zone {here} to-zone {there} policy none match source-address any\n"
        f"set security policies from-zone {here} to-zone {there} policy none match destination-address any\n"
        f"set security policies from-zone {here} to-zone {there} policy none match application any\n"
        f"set security policies from-zone {here} to-zone {there} policy none then deny\n"
        for here in ("inside", "port2", "wan1")
        for there in ("inside", "port2", "wan1")
        if here != there
    ),
}
"""A device that refuses everything by an entry of its own."""


CENTRAL = "config system settings\n    set central-nat enable\nend\n"


@pytest.mark.parametrize("vdom", ["", "edge"])
def test_with_central_nat_policies_name_the_own_address_and_the_virtual_ip_acts_by_itself(vdom):
    report = firewalls("fortigate")
    text = CENTRAL + EMPTY["fortigate"]
    options = {"vdom": vdom} if vdom else {}
    firewall = replace(report.plan.firewalls[0], options=options)
    if vdom:
        text = f"config vdom\nedit {vdom}\n{text}end\n"
    gap = compare(report, text, "fortigate", firewall)
    told = render_delta(Task(gap=gap, text=text, firewall=firewall)).decode()
    assert re.search(r'dstaddr "V4-Web-delta"\n', told)
    assert not re.search(r'dstaddr "V4-Web-delta_seen"', told), "such a policy is refused"
    assert "set extip 203.0.113.10\n" in told
    now = compare(report, tell("fortigate", text, told), "fortigate", firewall)
    assert [one for one in now.flows if one.state != "open"] == []
    other = text.replace("central-nat enable", "central-nat disable")
    told = render_delta(Task(gap=compare(report, other, "fortigate", firewall), text=other, firewall=firewall))
    assert b'dstaddr "V4-Web-delta_seen"' in told


LEVELS = "".join(
    f"interface Ethernet{level}\n nameif {side}\n security-level {level}\n ip address {address} 255.255.255.0\n"
    for side, level, address in (("wan1", 0, "203.0.113.1"), ("port2", 50, "192.0.2.1"), ("inside", 100, "10.0.0.1"))
)


def test_a_translation_of_the_delta_own_is_no_reason_to_say_that_something_is_refused():
    report = firewalls("asa")
    firewall = report.plan.firewalls[0]
    text = LEVELS + EMPTY["asa"]
    gap = compare(report, text, "asa", firewall)
    told = render_delta(Task(gap=gap, text=text, firewall=firewall)).decode()
    now = compare(report, tell("asa", text, told), "asa", firewall)
    assert {one.state for one in now.flows} == {"open"}
    assert "Not opened" not in told
    level = text.replace("security-level 50", "security-level 0")
    told = render_delta(Task(gap=compare(report, level, "asa", firewall), text=level, firewall=firewall)).decode()
    head = " ".join(told.replace("\n! ", " ").split())
    assert "Not opened by this: 2 flows (World to Plain tcp 443, World to Web tcp 443). They are refused by " in head


OF_SIX = "ipv6 access-list SIX permit ip any any\naccess-group SIX in interface wan1\n"


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        ("in interface wan1\n", "in interface wan1 per-user-override\n"),
        ("access-group IN-wan1", f"{OF_SIX}access-group IN-wan1"),
        ("in interface wan1\n", f"in interface wan1\n{OF_SIX}"),
    ],
)
def test_the_list_of_an_interface_is_found_whatever_stands_beside_it(line, lines):
    report = firewalls("asa")
    firewall = report.plan.firewalls[0]
    text = EMPTY["asa"].replace(line, lines)
    gap = compare(report, text, "asa", firewall)
    told = render_delta(Task(gap=gap, text=text, firewall=firewall)).decode()
    assert "has no list of its own" not in " ".join(told.replace("\n! ", " ").split())
    assert re.search(r"(?m)^access-list IN-wan1 line 2 ", told)
    assert "SIX" not in told


ACL = """config firewall acl
    edit 3
        set interface "wan1"
        set srcaddr all
        set dstaddr all
        set service ALL
    next
end
"""


def test_what_can_not_be_opened_by_an_entry_is_named():
    report = firewalls("fortigate", "asa")
    fortigate, asa = report.plan.firewalls
    text = ACL + EMPTY["fortigate"]
    told = render_delta(Task(gap=compare(report, text, "fortigate", fortigate), text=text, firewall=fortigate))
    assert "Not opened by this: " in told.decode()
    assert "acl 3 comes before all" in " ".join(told.decode().replace("\n# ", " ").split())
    text = EMPTY["asa"].replace("access-group IN-wan1 in interface wan1\n", "")
    gap = compare(report, text, "asa", asa)
    told = render_delta(Task(gap=gap, text=text, firewall=asa)).decode()
    assert "has no list of its own, and one would refuse all else." in " ".join(told.replace("\n! ", " ").split())
    assert "wan1" not in lines_of(told)


def test_beside_address_books_of_zones_an_srx_takes_no_global_one():
    """The commit fails as a whole, so nothing is written, and who has them is named."""
    report = firewalls("srx")
    firewall = report.plan.firewalls[0]
    text = EMPTY["srx"] + "set security zones security-zone port2 address-book address Old 192.0.2.99/32\n"
    told = render_delta(Task(gap=compare(report, text, "srx", firewall), text=text, firewall=firewall)).decode()
    assert lines_of(told) == ""
    head = " ".join(told.replace("\n# ", " ").split())
    assert "Not opened by this: " in head
    assert "beside one that a zone has of its own. Move that into it, and compare again: port2." in head
    attached = text.replace("security-zone port2 address-book", "security-zone port2 interfaces")
    told = render_delta(Task(gap=compare(report, attached, "srx", firewall), text=attached, firewall=firewall))
    assert "address-book global" in lines_of(told.decode())


def test_sides_have_to_be_known_and_names_of_others_are_repeated_only_where_they_are_harmless():
    report = firewalls("srx")
    firewall = report.plan.firewalls[0]
    gap = compare(report, EMPTY["srx"], "srx", firewall)
    with pytest.raises(NotExpressible, match="each behind one side"):
        render_delta(Task(gap=gap, text=EMPTY["srx"]))
    mapping = {"inside": "Internal", "port2": "DMZ", "wan1": "Internet"}
    told = render_delta(Task(gap=gap, text=EMPTY["srx"], mapping=mapping)).decode()
    assert "from-zone wan1 to-zone port2 policy" in told
    with pytest.raises(NotExpressible, match="each behind one side"):
        render_delta(Task(gap=gap, text=EMPTY["srx"], mapping={**mapping, "wan2": "Internet"}))
    hostile = EMPTY["srx"].replace("policy none", 'policy "a;b$(c)"')
    with pytest.raises(NotExpressible, match="can't be repeated safely"):
        render_delta(Task(gap=compare(report, hostile, "srx", firewall), text=hostile, firewall=firewall))


def delta_head(kind, report):
    """The sentences for a device of this kind that lets nothing through yet."""
    [firewall] = report.plan.firewalls
    gap = compare(report, EMPTY[kind], kind, firewall)
    told = render_delta(Task(gap=gap, text=EMPTY[kind], firewall=firewall)).decode()
    return " ".join(line.lstrip("#! ") for line in told.split("\n\n")[0].splitlines())


@pytest.mark.parametrize("kind", ["asa", "srx", "fortigate"])
def test_what_a_device_needs_or_refuses_is_said_of_what_is_missing_too(kind):
    wall = {"name": "FW", "format": kind, "zones": {"Internal": "inside", "DMZ": "port2", "Internet": "wan1"}}
    long = f"{'listener' * 6}{'-' * 2}db.example.com"
    ends = [host("A", "10.0.0.1", "fd00::1"), host("Theirs", "my_box.example.com", zone="DMZ"),
            host("Ours", long, zone="DMZ"), host("World", "any", zone="Internet", group=True),
            *(host(f"N{one}", f"fd00:{one:x}::1") for one in range(1, 257))]  # fmt: skip
    needed = {
        "asa": ("An ASA takes no DNS name that has an underscore.", "need a DNS server", "only with inspect icmp"),
        "srx": ("inet6 mode flow-based", "can't be parted: NET-INT-9000-tcp-443-v6-delta.", f"refuses {long}."),
        "fortigate": ("FortiOS 6.4 or newer", "Before 7.2.1 it doesn't know srcaddr6-negate"),
    }  # fmt: skip
    flows = [flow("A", "Theirs"), flow("A", "Ours"), flow("A", "Ours", "icmp"), flow("World", "A")]
    said = delta_head(kind, plan(ends, flows, firewalls=[wall]))
    assert [one for one in needed[kind] if one not in said] == []
    plain = [host("A", "10.0.0.1"), host("B", "192.0.2.1", zone="DMZ")]
    said = delta_head(kind, plan(plain, [flow("A", "B")], firewalls=[wall]))
    assert [one for one in needed[kind] if one in said] == [*needed[kind][:1]] * (kind == "fortigate")
