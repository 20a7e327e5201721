"""No access list of Cisco's that is bound is ever left without an entry in force, line by line and file by file."""

import re

import pytest

from planner.report.firewall.files import write_devices
from planner.report.gap.delta import render_delta
from planner.report.gap.delta.task import Task
from planner.report.said.edition import Edition
from tests.examples import EXAMPLES, UNANSWERED, report_on
from tests.report.firewall.test_changes import KEPT, changes_of, file, grow_example, told, way_back
from tests.report.firewall.test_changes import change as write_change
from tests.report.firewall.test_delta import EMPTY, compare
from tests.report.firewall.test_hosts_and_archives import unpack
from tests.report.firewall.test_leftovers import DAY, since
from tests.report.firewall.test_permits import ZONES, flow, host, plan
from tests.report.samples import evaluate_once, write_plan

CISCO = ["asa", "ios"]


def paste(lists, text):
    """What each access list has in force, by name, after a file; none that had an entry is ever without."""
    section = ""
    for line in told(text):
        words = line.split()
        if line.startswith(("ip access-list extended ", "ipv6 access-list ")):
            section = words[-1]
            lists.setdefault(section, [])
        elif not line.startswith(" "):
            section = ""
        if words[0] == "access-list":
            name, entry = words[1], " ".join(words[3:])
        elif words[:2] == ["no", "access-list"]:
            name, entry = words[2], f"no {' '.join(words[4:])}"
        elif section and line.startswith(" "):
            name, entry = section, line.strip()
        else:
            continue
        had = lists.setdefault(name, [])
        active = entry.removesuffix(" inactive")
        if entry.startswith("no "):
            if active[3:] in had:
                had.remove(active[3:])
            assert had, f"{line} leaves {name} empty"
        elif active == entry and entry not in had:
            had.append(entry)
        elif active != entry and active in had:
            had.remove(active)
            assert had, f"{line} leaves {name} with nothing in force"
    for name, entries in lists.items():
        assert entries, f"{name} is left empty"
    return lists


def opened(lists):
    """The same without what no packet meets."""
    found = {name: [one for one in entries if not KEPT.search(one)] for name, entries in lists.items()}
    return {name: sorted(entries) for name, entries in found.items() if entries}


def kept(lists):
    """The lists that have nothing else."""
    return sorted(name for name, entries in lists.items() if all(KEPT.search(one) for one in entries))


ENDS = [host("A", "10.0.0.1", "fd00::1"), host("B", "192.0.2.1", "2001:db8::1", zone="DMZ")]
BOTH = plan(ENDS, [flow("A", "B"), flow("B", "A", "udp", "53")])
ONE = plan(ENDS, [flow("A", "B")])
OF_FOUR = plan([host("A", "10.0.0.1"), host("B", "192.0.2.1", zone="DMZ")], [flow("A", "B"), flow("B", "A")])
LOSES = {"asa": ["FROM-DMZ"], "ios": ["FROM-DMZ", "FROM-DMZ-v6"]}


@pytest.mark.parametrize("name", CISCO)
def test_a_list_that_loses_its_last_entry_keeps_one_and_gets_its_own_back(name):
    text = write_change(name, BOTH, ONE)
    lists = paste({}, file(name, BOTH))
    before = opened(lists)
    assert kept(paste(lists, text)) == LOSES[name]
    assert opened(lists) == opened(paste({}, file(name, ONE)))
    assert f"Nothing of the plan is left in force in {', '.join(LOSES[name])}: bound" in re.sub(r"\n! +", " ", text)
    assert paste(lists, way_back(text)) == paste({}, file(name, BOTH)), "nothing of it stays among the others"
    assert opened(lists) == before
    text = write_change(name, ONE, BOTH)
    lists = paste(paste({}, file(name, ONE)), text)
    assert "Nothing of the plan is left" not in text
    assert kept(paste(lists, way_back(text))) == LOSES[name]


def test_a_list_of_ipv6_that_loses_its_last_entry_keeps_one_beside_the_others_of_ipv4():
    lists = paste(paste({}, file("ios", BOTH)), write_change("ios", BOTH, OF_FOUR))
    assert kept(lists) == ["FROM-DMZ-v6", "FROM-INT-v6"]
    assert lists["FROM-DMZ-v6"] == ["deny ipv6 host ::1 host ::1"]


@pytest.mark.parametrize("denies", [False, True])
@pytest.mark.parametrize("name", CISCO)
def test_the_next_revision_leaves_no_list_empty_whichever_one_the_device_has(name, denies):
    text = since(name, ONE, BOTH, default_deny=denies)
    assert kept(paste(paste({}, since(name, BOTH, default_deny=denies)), text)) == ([] if denies else LOSES[name])
    assert kept(paste({}, text)) == ([] if denies else LOSES[name]), "on a device that has none of it"
    # What stays is in nobody's way, and needs no later file to go.
    again = since(name, BOTH, ONE, default_deny=denies)
    lists = paste(paste(paste({}, since(name, BOTH, default_deny=denies)), text), again)
    assert opened(lists) == opened(paste({}, again))


@pytest.mark.parametrize("denies", [False, True])
@pytest.mark.parametrize("name", CISCO)
def test_the_list_of_a_zone_that_is_gone_stays_closed_when_its_denial_goes_too(name, denies):
    ends = [host("A", "10.0.0.1"), host("C", "203.0.113.1", zone="Internet")]
    zones = [zone for zone in ZONES if zone[0] != "DMZ"]
    without = evaluate_once(write_plan(*ends, zones=zones, additional_flows=[flow("A", "C")]))
    lists = paste({}, since(name, BOTH, default_deny=denies))
    gone = [one for one in sorted(lists) if one.startswith("FROM-DMZ")]
    assert gone
    paste(lists, since(name, without, BOTH, default_deny=denies))
    assert {*gone} <= {*kept(lists)}


@pytest.mark.parametrize("denies", [False, True])
@pytest.mark.parametrize("slug", UNANSWERED)
@pytest.mark.parametrize("name", CISCO)
def test_no_file_of_an_example_leaves_a_list_empty(name, slug, denies):
    first, second, third = report_on(UNANSWERED[slug]), report_on(EXAMPLES[slug]), grow_example(slug)
    lists = paste({}, since(name, first, default_deny=denies))
    for text in (
        since(name, second, first, default_deny=denies),
        write_change(name, second, third),
        since(name, third, first, second, default_deny=denies),
        way_back(since(name, third, default_deny=denies)),
    ):
        paste(lists, text)
    bound = re.findall(r"(?m)^! (?:ip access-group|ipv6 traffic-filter|access-group) (\S+) in", since(name, third))
    assert {*bound} <= {*lists}


UNDECIDED = [
    host("Staff", "10.1.0.0/16", "fd01::/64", zone="DMZ", group=True, roles=["launcher-user"]),
    host("W", "10.0.0.5", "fd00::5", group=True, platforms=["windows"], sessions=["teamviewer"]),
]


@pytest.mark.parametrize("name", CISCO)
def test_a_list_with_nothing_but_what_is_undecided_denies_where_it_is_bound(name):
    text = file(name, plan(UNDECIDED, []))
    assert "undecided" in text
    assert kept(paste({}, text)) == LOSES[name]
    lists = paste(paste({}, text), since(name, plan(UNDECIDED, []), open_undecided=True))
    assert not kept(lists)
    assert opened(lists) == opened(paste({}, since(name, plan(UNDECIDED, []), open_undecided=True)))


@pytest.mark.parametrize("name", CISCO)
def test_the_head_names_a_list_that_is_left_with_nothing_but_what_is_undecided(name):
    decided, undecided = plan(UNDECIDED, [], choices={"teamviewer": "443"}), plan(UNDECIDED, [])
    changed, again = write_change(name, decided, undecided), since(name, undecided, decided)
    for text in (changed, again):
        assert kept(paste(paste({}, file(name, decided)), text)) == LOSES[name]
        said = f"Nothing of the plan is left in force in {', '.join(LOSES[name])}: bound"
        assert said in re.sub(r"\n! +", " ", text)
        lines = [line for line in told(text) if KEPT.search(line)]
        assert len(lines) == len({*lines}) == len(LOSES[name])
    for text in (write_change(name, undecided, decided), since(name, undecided, undecided), file(name, undecided)):
        assert "Nothing of the plan is left" not in text


@pytest.mark.parametrize("name", CISCO)
def test_the_head_says_that_nothing_is_denied_but_what_stays_in_a_list(name):
    plain = "! Nothing in here denies anything."
    but = f"{plain[:-1]} but the loopback address to itself."
    undecided = plan(UNDECIDED, [])
    for text in (file(name, undecided), since(name, ONE, BOTH), since(name, undecided, BOTH), file(name, BOTH)):
        denies = any(map(KEPT.search, told(text)))
        assert ((plain in text.splitlines()), (but in text.splitlines())) == (not denies, denies)
    assert but not in since(name, undecided, default_deny=True)


def test_the_archive_of_all_says_so_too_where_a_list_in_it_has_nothing_else():
    said = "Nothing in here denies anything but the loopback address to itself.\n"
    for report, denies in ((BOTH, False), (plan(UNDECIDED, []), True)):
        assert (said in unpack("all-firewalls", report)["README.txt"]) == denies


def test_the_denials_at_the_end_can_be_taken_away_before_a_later_revision_as_the_head_says():
    text = since("ios", ONE, default_deny=True)
    assert "take the denials at the end of the lists away, by no and the line" in re.sub(r"\n! +", " ", text)
    lists = paste({}, text)
    for name, entries in lists.items():
        entries[:] = [one for one in entries if not one.startswith("deny ip") or KEPT.search(one)]
        assert entries, name
    assert kept(lists) == ["FROM-DMZ", "FROM-NET"], "those for IPv6 let neighbour discovery through"


@pytest.mark.parametrize("name", CISCO)
def test_the_way_back_of_a_whole_file_keeps_what_is_bound_closed(name):
    lists = paste({}, file(name, BOTH))
    filled = sorted(lists)
    assert kept(paste(lists, way_back(file(name, BOTH)))) == filled
    assert paste(lists, file(name, BOTH))


@pytest.mark.parametrize("name", CISCO)
def test_a_list_of_the_devices_own_keeps_its_entries_and_one_that_is_renamed_keeps_one(name):
    def write(report):
        [text] = write_devices(report).values()
        return text.decode()

    def at(flows, lists):
        firewall = {"name": "FW", "format": name, "zones": {"Internal": "inside", "DMZ": "dmz"}, "options": lists}
        return plan(ENDS, flows, firewalls=[firewall])

    both, own = [flow("A", "B"), flow("B", "A")], {"lists": "dmz=dmz_in"}
    before, after = at(both, own), at(both[:1], own)
    [text] = write_devices(after, Edition(date=DAY, earlier=(before,))).values()
    lists = {"dmz_in": ["permit ip any any"], "dmz_in-v6": ["permit ipv6 any any"]}
    paste(lists, write(before))
    paste(lists, text.decode())
    assert opened(lists)["dmz_in"] == ["permit ip any any"], "what is kept stands behind what is the device's own"
    [text] = changes_of(at(both, {}), at(both, own)).values()
    lists = paste(paste({}, write(at(both, {}))), text)
    assert kept(lists) == [one.replace("DMZ", "dmz") for one in LOSES[name]]


def test_what_is_missing_goes_into_lists_that_have_entries_and_needs_none_that_stays():
    firewall = {"name": "FW", "format": "asa", "zones": {"Internal": "inside", "DMZ": "port2"}}
    report = plan(UNDECIDED, [], firewalls=[firewall])
    [device] = report.plan.firewalls
    gap = compare(report, EMPTY["asa"], "asa", device)
    text = render_delta(Task(gap=gap, text=EMPTY["asa"], firewall=device)).decode()
    added = [line for line in told(text) if line.startswith("access-list IN-port2 ")]
    assert added
    assert {line.split()[-1] for line in added} == {"inactive"}
    assert "127.0.0.1" not in text
