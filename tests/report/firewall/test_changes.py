"""A change request as configuration, told to small models of the devices: from revision to revision and back."""

import copy
import io
import re
import zipfile
from functools import cache, lru_cache
from itertools import combinations

import pytest

from planner.engine import evaluate_report
from planner.engine.compare import compare_reports
from planner.plan.document import check_plan, dump_plan
from planner.report import CHANGE_FORMATS, FORMATS, NotExpressible
from planner.report.firewall import iptables
from planner.report.said.edition import Editions
from ports.queries import shipped_matrix
from tests.each import each
from tests.examples import EXAMPLES, UNANSWERED, report_on
from tests.report.firewall.network import run
from tests.report.firewall.reading_devices import split
from tests.report.firewall.test_permits import flow, host, plan
from tests.report.samples import HOSTILE_NAMES, evaluate_once, hostile

MATRIX = shipped_matrix()
EDITIONS = Editions(before="revision 1", after="revision 2")
CONFIGURING = sorted(name for name, kind in CHANGE_FORMATS.items() if kind.configures and not kind.part)


def told(text):
    """The lines of a file that a device doesn't skip."""
    return [line for line in text.splitlines() if line and line[0] not in "#!"]


def way_back(text):
    return "\n".join(re.sub(r"^[#!] back: ", "", line) for line in text.splitlines() if re.match(r"[#!] back: ", line))


# ---- small models of devices: state, and what lines make of it ----


KEPT = re.compile(r"\bdeny ip(?:v6)? host (127\.0\.0\.1|::1) host \1\Z")
"""What stays in an access list that would be left without an entry: no packet meets it, as if it weren't there."""


def tell_cisco(state, lines):
    """Blocks of lines under a head, and access lists whose entries are one with the same one that is inactive."""
    head = None
    for line in lines:
        if KEPT.search(line):
            continue
        if line == "exit":
            head = None
        elif line.startswith(" no "):
            state[head].remove(f" {line[4:]}")
        elif line.startswith(" "):
            kind = line.split()[0]
            if kind in ("host", "subnet", "fqdn", "range", "description", "nat") and not head.startswith(
                "object-group network"
            ):
                state[head] = [one for one in state[head] if one.split()[0] != kind and kind == "description"]
            if line not in state[head]:
                state[head].append(line)
        elif line.startswith("no access-list "):
            state["lists"].pop(line[3:].removesuffix(" inactive"))
        elif line.startswith("no "):
            del state[line[3:]]
        elif line.startswith("access-list "):
            state.setdefault("lists", {})[line.removesuffix(" inactive")] = line
        else:
            head = line
            state.setdefault(head, [])


def tell_sections(state, lines):
    """Sections with their entries in order: a new one comes last, and `move` puts one before another."""
    section = edit = None
    for line in lines:
        words = split(line)
        match words:
            case ["config", *name]:
                section = state.setdefault(" ".join(name), {})
            case ["edit", name]:
                edit = section.setdefault(name, {})
            case ["set", "type", kind] if edit.get("type") != [kind]:
                edit.clear()  # an address of another type keeps none of the old one's values
                edit["type"] = [kind]
            case ["set", key, *values]:
                edit[key] = values
            case ["delete", name]:
                del section[name]
            case ["move", name, "before", other]:
                moved, rest = section.pop(name), [*section.items()]
                place = [key for key, _ in rest].index(other)
                section.clear()
                section.update([*rest[:place], (name, moved), *rest[place:]])
            case ["next"] | ["end"]:
                edit = None
            case _:
                raise AssertionError(line)


ONE = {"ip-netmask", "fqdn", "description", "action", "disabled", "log-end", "negate-source", "negate-destination",
       "comments", "protocol", "destination-port", "icmp-type", "pool", "port"}  # fmt: skip


def tell_tree(state, lines):
    """Statements as paths. A value of a key that has one takes the place of the one before."""
    for line in lines:
        verb, *path = split(line)
        path = tuple(path)
        if verb == "set":
            single = path[-2] in ONE or (path[-3] == "address" and path[-2] != "static")
            if single:
                state -= {one for one in state if one[:-1] == path[:-1]}
            state.add(path)
        elif verb == "delete":
            gone = {one for one in state if one[: len(path)] == path}
            assert gone, f"nothing to take back: {line}"
            state -= gone
            state -= {("inactive", *path)}
        elif verb == "deactivate":
            state.add(("inactive", *path))
        else:
            assert verb == "activate", line
            state.remove(("inactive", *path))


def find_lost(lines):
    """A line that takes away what a line before it has set; none, of statements that make a tree."""
    set_before = set()
    for line in lines:
        verb, *path = split(line)
        if verb == "set":
            set_before |= {tuple(path[:end]) for end in range(1, len(path) + 1)}
        elif verb == "delete" and tuple(path) in set_before:
            return line
    return None


def tell_whole(state, lines):
    """A chain that is loaded whole: what is there afterwards is the file."""
    if lines:
        state[:] = lines


def tell_router(state, lines):
    """RouterOS: each family's menu is filled anew."""
    for menu in {line.split()[0] for line in lines}:
        state[menu] = [line for line in lines if line.split()[0] == menu]


MODELS = {
    "asa": (dict, tell_cisco), "ios": (dict, tell_cisco), "fortigate": (dict, tell_sections),
    "paloalto-set": (set, tell_tree), "srx": (set, tell_tree), "mikrotik": (dict, tell_router),
    "checkpoint": (list, tell_whole), "nftables": (list, tell_whole), "iptables": (list, tell_whole),
}  # fmt: skip

WHOLE = {"checkpoint", "mikrotik", "nftables", "iptables"}
"""Those that load all at once, and name no sides of a firewall but those that any is behind."""


def loaded(name, *texts):
    make, tell = MODELS[name]
    state = make()
    for text in texts:
        assert tell is not tell_tree or not find_lost(told(text))
        tell(state, told(text))
    return tidy(state)


def tidy(state):
    """The state without what is empty, blocks in any order."""
    if isinstance(state, dict):
        return {
            key: sorted(value) if isinstance(value, list) else tidy(value) for key, value in state.items() if value
        }
    return state


def change(name, before, after):
    return CHANGE_FORMATS[name].render(compare_reports(before, after), EDITIONS).decode()


@lru_cache(64)
def file(name, report):
    return FORMATS[name].render(report).decode()


def grow(plan, *, without=()):
    """The plan with a remote site more, an address more, decided, and without some endpoints."""
    document = dump_plan(plan)
    document["zones"] = [*document["zones"], {"name": "Lima", "kind": "remote-site"}]
    document["endpoints"] = [copy.deepcopy(one) for one in document["endpoints"] if one["name"] not in without]
    document["endpoints"].append(
        {
            "name": "Lima agent",
            "zone": "Lima",
            "addresses": ["172.30.0.5", "172.30.0.9"],
            "roles": ["remote-site-agent"],
        }
    )
    document["endpoints"][0]["addresses"] = ["10.99.0.1", "10.99.0.7", "fd00:99::1"]
    document["choices"] = {}
    return evaluate_report(MATRIX, check_plan(document, matrix=MATRIX))


@cache
def grow_example(slug):
    return grow(report_on(EXAMPLES[slug]).plan)


@pytest.mark.parametrize("slug", EXAMPLES)
@each("name", CONFIGURING)
def test_a_change_takes_a_device_from_one_revision_to_the_other_and_back(slug, name):
    before = report_on(EXAMPLES[slug])
    after = grow_example(slug)
    text = change(name, before, after)
    assert loaded(name, file(name, before), text) == loaded(name, file(name, after))
    assert loaded(name, file(name, after), way_back(text)) == loaded(name, file(name, before))
    assert loaded(name, file(name, before), text, way_back(text)) == loaded(name, file(name, before))


@each("name", CONFIGURING)
def test_what_is_decided_is_enabled_and_undecided_again_on_the_way_back(name):
    before = report_on(UNANSWERED["everything"])
    after = report_on(EXAMPLES["everything"])
    text = change(name, before, after)
    assert loaded(name, file(name, before), text) == loaded(name, file(name, after))
    assert loaded(name, file(name, after), way_back(text)) == loaded(name, file(name, before))


@each("name", CONFIGURING)
def test_a_new_name_is_a_new_object_and_the_old_one_goes(name):
    """A device knows the old name, whatever the comparison says of it."""
    ends, flows = [host("A", "10.0.0.1"), host("B", "192.0.2.1", zone="DMZ")], [flow("A", "B")]
    before = plan(ends, flows)
    after = plan([host("Z", "10.0.0.1"), ends[1]], [flow("Z", "B")])
    text = change(name, before, after)
    assert loaded(name, file(name, before), text) == loaded(name, file(name, after))


@each("name", CONFIGURING)
def test_where_nothing_differs_there_is_nothing_to_tell(name):
    report = report_on(EXAMPLES["dmz"])
    text = change(name, report, report)
    assert "there is nothing to do" in text
    assert not told(text)
    assert not way_back(text)


ADDRESSES = {
    "address": ["192.0.2.1"], "network": ["192.0.2.0/24"], "name": ["b.example.com"], "of IPv6": ["2001:db8::1"],
    "addresses": ["192.0.2.1", "192.0.2.9"], "networks": ["192.0.2.0/28", "192.0.2.64/28"],
    "names": ["b.example.com", "c.example.com"], "of both": ["192.0.2.1", "2001:db8::1"],
}  # fmt: skip


@cache
def at(kind):
    """The report of a host in the DMZ that has addresses of a kind."""
    ends = [host("A", "10.0.0.1", "fd00::1"), host("B", *ADDRESSES[kind], zone="DMZ")]
    return plan(ends, [flow("A", "B"), flow("B", "A")])


@each("name", sorted({*CONFIGURING} - WHOLE))
def test_an_endpoint_may_get_addresses_of_any_other_kind(name):
    for old, new in combinations(ADDRESSES, 2):
        text = change(name, at(old), at(new))
        assert loaded(name, file(name, at(old)), text) == loaded(name, file(name, at(new))), (old, new)
        assert loaded(name, file(name, at(new)), way_back(text)) == loaded(name, file(name, at(old))), (new, old)


def test_a_change_closes_last_what_it_opens_first():
    ends = [host("A", "10.0.0.1"), host("B", "192.0.2.1", zone="DMZ")]
    before, after = plan(ends, [flow("A", "B", ports="22")]), plan(ends, [flow("A", "B", ports="443")])
    lines = told(change("asa", before, after))
    first_no = next(number for number, line in enumerate(lines) if line.startswith("no "))
    assert all(line.startswith("no ") for line in lines[first_no:])
    assert lines[first_no].startswith("no access-list "), "an object goes after the entries that name it"


@each("name", CONFIGURING)
@each("hostile_name", [*HOSTILE_NAMES, "x\nno access-list FROM-INT", "'; rm -rf /; '"])
def test_hostile_names_are_harmless(name, hostile_name):
    document = hostile(hostile_name.replace("\n", " "))
    document["endpoints"][1]["addresses"] = ["192.0.2.1"]
    after = evaluate_once(document)
    before = plan([host("A", "10.0.0.1"), host("B", "192.0.2.1", zone="DMZ")], [flow("A", "B")])
    names = Editions(before=hostile_name, after=hostile_name)
    text = CHANGE_FORMATS[name].render(compare_reports(before, after), names).decode()
    assert loaded(name, file(name, before), text) == loaded(name, file(name, after))


LOADED = {
    "nftables": (
        ["add table inet filter", "add chain inet filter own { type filter hook forward priority 0; policy drop; }",
         "add chain inet filter port_planner", "add rule inet filter own jump port_planner"],
        ["nft -f", "nft list ruleset"],
    ),
    "iptables": (
        ["*filter", ":FORWARD DROP", ":PORT-PLANNER -", "-A FORWARD -j PORT-PLANNER", "COMMIT"],
        ["iptables-restore --noflush", "iptables -S", "ip6tables-restore --noflush", "ip6tables -S"],
    ),
}  # fmt: skip
"""What a site has of its own, then for each program how it loads a file and says what it has."""


@pytest.mark.parametrize("name", LOADED)
def test_the_kernel_takes_the_change_twice_and_the_way_back(name, tmp_path):
    """Beside a firewall that drops, it has what the file of each revision gives it, and nothing is left over."""
    before = report_on(EXAMPLES["dmz"])
    after = grow(before.plan, without=("PRP01",))
    text = change(name, before, after)
    own, programs = LOADED[name]
    rules = {
        "own": "\n".join(own),
        "old": file(name, before),
        "new": file(name, after),
        "to": text,
        "back": way_back(text),
    }
    for key, content in rules.items():
        (tmp_path / key).write_text(f"{content}\n")
    for load, say in zip(programs[::2], programs[1::2], strict=True):
        said = ""
        for steps in (["own", "old"], ["to"], ["to"], ["back"]):
            said += "".join(f"{load} {tmp_path}/{step}; " for step in steps) + f"{say}; echo ----; "
        old, new, again, returned, _ = run("unshare", "-n", "sh", "-ec", said).split("----\n")
        fresh = f"{load} {tmp_path}/own; {load} {tmp_path}/new; {say}"
        assert new == again == run("unshare", "-n", "sh", "-ec", fresh)
        assert returned == old
        assert (old != new) == ("ip6" not in load), "of IPv6 the example has nothing"


def test_a_change_of_more_lines_than_a_device_takes_is_refused(monkeypatch):
    ends = [host("A", "10.0.0.1", "10.0.0.2"), host("B", "192.0.2.1", "192.0.2.2", zone="DMZ")]
    before, after = plan(ends, [flow("A", "B", ports="22")]), plan(ends, [flow("A", "B")])
    change("iptables", before, after)
    monkeypatch.setattr(iptables, "MOST_LINES", 3)
    with pytest.raises(NotExpressible, match="4 in all, and 3 are allowed"):
        change("iptables", before, after)


# ---- a change for each firewall of the plan ----

ZONES = {"Internal": "trust", "DMZ": "dmz", "Internet": "untrust"}
ENDS = [host("A", "10.0.0.1", "fd00::1"), host("B", "192.0.2.1", "2001:db8::1", zone="DMZ")]


def with_firewalls(*kinds, zones=ZONES, port="443", **more):
    firewalls = [{"name": f"FW {kind}", "format": kind, "zones": zones} | more for kind in kinds]
    return plan(ENDS, [flow("A", "B", ports=port), flow("B", "A", "udp", "53")], firewalls=firewalls)


def changes_of(before, after):
    data = CHANGE_FORMATS["firewalls"].render(compare_reports(before, after), EDITIONS)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def of(kind, report):
    """The file of the firewall of a kind; empty where the plan has none."""
    found = FORMATS["firewalls"].write_folder(report) if report.plan.firewalls else {}
    return next((text.decode() for name, text in found.items() if name.startswith(f"FW-{kind}.")), "")


@each("name", CONFIGURING)
def test_each_firewall_of_the_plan_gets_its_change_under_its_own_names(name):
    before, after = with_firewalls(name), with_firewalls(name, zones=ZONES | {"DMZ": "port7"}, port="8443")
    ((file_name, text),) = changes_of(before, after).items()
    assert file_name == f"FW-{name}.change.txt"
    assert f"Firewall FW {name}." in text
    if name not in WHOLE:
        assert "port7" in text
    assert loaded(name, of(name, before), text) == loaded(name, of(name, after))
    assert loaded(name, of(name, after), way_back(text)) == loaded(name, of(name, before))


@each("name", sorted({*CONFIGURING} - WHOLE))
def test_a_firewall_that_comes_or_goes_is_told_all_or_takes_all_back(name):
    before, after = with_firewalls(), with_firewalls(name)
    (text,) = changes_of(before, after).values()
    assert loaded(name, text) == loaded(name, of(name, after))
    (text,) = changes_of(after, before).values()
    assert not loaded(name, of(name, after), text)


@each("name", sorted({*CONFIGURING} - {"checkpoint"}))
def test_a_firewall_that_is_gone_is_told_nothing_where_no_file_of_it_could_be_written(name):
    """None of it is known, and it isn't said to be told all of it."""
    wrong = with_firewalls(name, zones=ZONES | {"Internal": "a side, that nobody's device could have"})
    (text,) = changes_of(wrong, with_firewalls()).values()
    words = " ".join(re.sub(r"^\W+", "", line) for line in text.splitlines())
    assert not told(text)
    assert "Of the first no file can be written; if an earlier one was loaded, take it back by its own head." in words
    assert "No firewall of this name is left in the plan." in words
    assert "told all of it" not in words


@each("name", CONFIGURING)
def test_a_firewall_that_is_gone_is_said_to_be_gone(name):
    before = with_firewalls(name)
    empty = plan(ENDS, [], firewalls=[{"name": "FW", "format": name, "zones": ZONES}])
    for report, is_told in ((before, True), (empty, False)):
        (text,) = changes_of(report, with_firewalls()).values()
        words = " ".join(re.sub(r"^\W+", "", line) for line in text.splitlines())
        assert "No firewall of this name is left in the plan" in words
        assert ("told all of it" in words) == (not is_told and name not in WHOLE), name


@each("name", CONFIGURING)
def test_a_firewall_that_was_replaced_under_its_name_says_what_it_is_now(name):
    """The file that takes the old device back doesn't say that the plan has no such firewall."""
    other = "asa" if name != "asa" else "fortigate"
    files = changes_of(with_firewalls(name, name="FW-EDGE"), with_firewalls(other, name="FW-EDGE"))
    assert sorted(files) == ["FW-EDGE-2.change.txt", "FW-EDGE.change.txt"]
    words = " ".join(re.sub(r"^\W+", "", line) for line in files["FW-EDGE-2.change.txt"].splitlines())
    assert f"In the plan this is another device now, of the format {other}:" in words
    assert f"what takes back all that the one of the format {name} was told" in words
    assert "No firewall of this name is left" not in "".join(files.values())


def test_what_has_no_firewall_or_one_that_cannot_say_a_change_is_refused():
    with pytest.raises(NotExpressible, match="the plan has no firewalls"):
        changes_of(with_firewalls(), with_firewalls())
    with pytest.raises(NotExpressible, match="disable the rules of the old one"):
        changes_of(with_firewalls(), with_firewalls("opnsense"))


def test_a_device_that_was_told_by_xml_is_told_a_change_by_lines():
    before, after = with_firewalls("paloalto"), with_firewalls("paloalto", port="8443")
    ((name, text),) = changes_of(before, after).items()
    assert name == "FW-paloalto.change.txt"
    ((_, expected),) = changes_of(with_firewalls("paloalto-set"), with_firewalls("paloalto-set", port="8443")).items()
    assert told(text) == told(expected)
    assert any(line.startswith("delete ") for line in told(text))
    assert way_back(text) == way_back(expected)


@pytest.mark.parametrize(("old", "new"), [("paloalto", "paloalto-set"), ("paloalto-set", "paloalto")])
def test_a_palo_alto_is_one_device_by_xml_and_by_lines(old, new):
    ((name, text),) = changes_of(with_firewalls(old, name="PA"), with_firewalls(new, port="8443", name="PA")).items()
    lines = with_firewalls("paloalto-set", name="PA"), with_firewalls("paloalto-set", port="8443", name="PA")
    ((_, expected),) = changes_of(*lines).items()
    assert name == "PA.change.txt"
    assert told(text) == told(expected)


@each("name", CONFIGURING)
def test_a_firewall_that_has_another_name_is_told_what_differs(name):
    before, after = with_firewalls(name, name="FW-HQ"), with_firewalls(name, port="8443")
    ((file_name, text),) = changes_of(before, after).items()
    ((_, old),) = FORMATS["firewalls"].write_folder(before).items()
    assert file_name == f"FW-{name}.change.txt"
    words = " ".join(re.sub(r"^\W+", "", line) for line in text.splitlines())
    assert f"Firewall FW {name}, before FW-HQ. Taken for one device with another name." in words
    assert f"If it has been replaced, load the whole file of FW {name} instead." in words
    assert loaded(name, old.decode(), text) == loaded(name, of(name, after))


@each("name", sorted({*CONFIGURING} - {"checkpoint"}))
def test_a_revision_of_which_no_file_could_be_written_has_told_a_device_nothing(name):
    wrong = with_firewalls(name, zones=ZONES | {"Internal": "a side, that nobody's device could have"})
    after = with_firewalls(name)
    ((_, text),) = changes_of(wrong, after).items()
    assert loaded(name, text) == loaded(name, of(name, after))
    with pytest.raises(NotExpressible):
        changes_of(after, wrong)


# ---- the way back of a whole file ----


@each("name", sorted({*CONFIGURING} - WHOLE))
@pytest.mark.parametrize("slug", ["everything", "remote-sites"])
def test_the_head_of_a_file_has_the_lines_that_take_it_back(slug, name):
    report = report_on(UNANSWERED[slug])
    text = file(name, report)
    assert way_back(text)
    assert loaded(name, text)
    assert not loaded(name, text, way_back(text))
    lines = text.splitlines()
    assert max(n for n, line in enumerate(lines) if " back: " in line) < lines.index(told(text)[0])
