"""Check Point: a script of mgmt_cli that fills a section of the access layer, in one session, or changes nothing.

Syntax: Check Point Management API Reference, “add host”, “add network”, “add dns-domain”, “add group”, “set group”,
“add service-tcp”, “add access-section”, “add access-rule”. The rules of the section are taken away and set anew before
anything is published, so that a later revision leaves just what it says. What fails within $( ) ends nothing by
itself, as bash has no `set -e` there: so it says `|| exit`.
"""

import copy
import hashlib
import ipaddress
import re
import shlex
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from weakref import WeakKeyDictionary

from planner.engine.report import Report
from planner.plan.devices import DEVICES
from planner.report.firewall.addresses import Addresses
from planner.report.firewall.devices.items import Item
from planner.report.firewall.devices.openings import Opening, Plan, find_groups, name_singles
from planner.report.firewall.devices.statements import Rest, find_rests, is_said_already, list_objects
from planner.report.firewall.devices.writer import Sides, Writer
from planner.report.firewall.permits import Permit
from planner.report.firewall.published import find_publishing
from planner.report.firewall.words import clean

SECTION = "Port planner"
LAYER = DEVICES["checkpoint"].options["layer"].default
_COMMENT = 1000
_ADDRESS = "set_object"


def list_items(plan: Plan) -> list[Item]:
    """The script as a whole: objects, then the section with its rules. To take it back is the same with none."""
    plan = _set_apart(plan)
    layer = shlex.quote(plan.options.get("layer", LAYER))
    start = (f"layer={layer}", *_START)
    rests = find_rests(plan)
    script = (*start, *_set_objects(plan, rests), *_EMPTY, *_set_rules(plan, rests), *_END)
    return [Item(key="script", lines=script, undo=(*start, *_EMPTY, *_END))]


class _Beside:
    """The Check Point firewalls of a plan, which one management server may have: it has one object of a name."""

    def __init__(self, report: Report, addresses: Addresses) -> None:
        publishing = find_publishing(report)
        firewalls = [one for one in report.plan.firewalls if one.format == "checkpoint"]
        self.several = len(firewalls) > 1
        self.layers = Counter(one.options.get("layer", LAYER) for one in firewalls)
        """How many of them have a layer."""
        self.seen: dict[str, dict[str, None]] = defaultdict(dict)
        """By object of an endpoint's own address: as what they publish it."""
        self.publishers: dict[str, dict[str, None]] = defaultdict(dict)
        """By the same: which of them do."""
        for firewall in firewalls:
            for one in publishing.by_firewall[firewall.name][0].values():
                for name in addresses.members[one.endpoint].get(one.family, ()):
                    self.seen[name][one.seen] = None
                    self.publishers[name][firewall.name] = None


_beside: WeakKeyDictionary[Report, _Beside] = WeakKeyDictionary()
"""Objects of endpoints are called the same in the file of each of a report's firewalls."""


def _look_beside(plan: Plan) -> _Beside:
    report = plan.permits.report
    if (beside := _beside.get(report)) is None:
        beside = _beside[report] = _Beside(report, plan.permits.addresses)
    return beside


def _set_apart(plan: Plan) -> Plan:
    """The plan with names of the firewall's own for what others of the plan fill otherwise under the same name:
    groups, and what an any leaves out."""
    firewall = plan.permits.firewall
    if firewall is None or not _look_beside(plan).several:
        return plan
    mark = f"-{hashlib.sha256(firewall.name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"

    def call(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(re.sub(r"(_part\d+)?\Z", rf"{mark}\1", name, count=1) for name in names)

    openings = tuple(
        replace(one, permit=replace(one.permit, other_sources=call(one.permit.other_sources),
                                    other_destinations=call(one.permit.other_destinations)))
        for one in plan.openings
    )  # fmt: skip
    permits, addresses = copy.copy(plan.permits), copy.copy(plan.permits.addresses)
    others = {
        name: None for one in plan.openings for name in (*one.permit.other_sources, *one.permit.other_destinations)
    }
    called = zip(call(tuple(others)), others, strict=True)
    addresses.objects = {**addresses.objects, **{new: addresses.objects[name] for new, name in called}}
    permits.addresses, permits.suffix = addresses, permits.suffix + mark
    return replace(plan, permits=permits, openings=openings)


_START = """\
set -euo pipefail
layer=${LAYER:-$layer}
section='Port planner'
PATH="$PATH:${CPDIR:-/opt}/jq"
if ! command -v jq >/dev/null; then
    echo 'jq is missing, with which the rules that are there are read: nothing is changed' >&2
    exit 1
fi
session=$(mktemp)
published=no
finish() {
    if [ "$published" = no ]; then mgmt_cli discard -s "$session" >/dev/null 2>&1 || true; fi
    mgmt_cli logout -s "$session" >/dev/null 2>&1 || true
    rm -f "$session"
}
trap finish EXIT
# shellcheck disable=SC2086 # several words
mgmt_cli login ${LOGIN:--r true} >"$session"
ask() { mgmt_cli "$@" -s "$session" --format json; }
run() { ask "$@" >/dev/null; }
set_domain() {
    if ! found=$(ask show dns-domain name "$1" 2>/dev/null); then
        run add dns-domain name "$1" is-sub-domain false ignore-warnings true
    elif [ "$(printf '%s' "$found" | jq '."is-sub-domain"')" != false ]; then
        echo "The domain $1 of this server stands for what is below it, too: nothing is changed" >&2
        exit 1
    fi
}
gone=
set_object() {
    if run "$@" 2>/dev/null; then return; fi
    for kind in host network address-range; do
        if [ "$kind" != "$2" ] && found=$(ask show "$kind" name "$4" 2>/dev/null); then
            uid=$(printf '%s' "$found" | jq -er .uid) || exit 1
            run set "$kind" uid "$uid" new-name "$4_${uid%%-*}" ignore-warnings true
            gone="$gone $kind/$uid"
        fi
    done
    run "$@"
}
set_group() {
    if run show group name "$1" 2>/dev/null; then
        run set group name "$@" ignore-warnings true
    else
        run add group name "$@" ignore-warnings true
    fi
}
""".splitlines()

_EMPTY = """\
if ! run show access-section name "$section" layer "$layer" 2>/dev/null; then
    run add access-section name "$section" layer "$layer" position top
fi
list_rules() {
    offset=0 total=1
    while [ "$offset" -lt "$total" ]; do
        page=$(ask show access-rulebase name "$layer" offset "$offset" limit 500) || exit 1
        total=$(printf '%s' "$page" | jq -e .total) || exit 1
        printf '%s' "$page" | jq -r --arg section "$section" \\
            '.rulebase[]? | select(.type == "access-section" and .name == $section) | .rulebase[]? | .uid' || exit 1
        offset=$((offset + 500))
    done
}
old=$(list_rules)
for rule in $old; do
    run delete access-rule uid "$rule" layer "$layer"
done
""".splitlines()

_END = """\
for one in $gone; do
    run delete "${one%%/*}" uid "${one#*/}" 2>/dev/null || true
done
run publish
published=yes
""".splitlines()


def _set_objects(plan: Plan, rests: Mapping[str, Mapping[str, Rest]]) -> Iterator[str]:
    # A domain is one object for both families.
    domains = {one: None for name, members in plan.objects.items() if plan.is_name(name) for one in members}
    yield from (f"set_domain {shlex.quote(f'.{one}')}" for one in domains)
    for name, members in list_objects(plan, (one for sides in rests.values() for one in sides.values())).items():
        if plan.is_name(name):
            continue
        if len(members) == 1:
            yield _address(name, members[0], **_publish(plan, name))
        else:
            singles = name_singles(name, members)
            yield from map(_address, singles, members)
            yield _group(f"{name}_all", singles)
    for members, name in _list_groups(plan).items():
        yield _group(name, [plan.call(one) for one in members])
    services = {str(one.permit.service): one.permit for one in plan.openings if one.permit.service.ports}
    for _, permit in sorted(services.items()):
        protocol, ports = permit.service
        yield _run(f"add service-{protocol}", name=_name_service(permit), port=ports or "", match_for_any="false")


def _run(command: str, *, run: str = "run", **settings: str) -> str:
    """A command that sets an object, whether it is there or not. An underscore is a hyphen."""
    said = _say({key.replace("_", "-"): value for key, value in settings.items()})
    return " ".join([run, command, *said, "set-if-exists true ignore-warnings true"])


def _say(settings: Mapping[str, str]) -> list[str]:
    return [word for key, value in settings.items() for word in (key, shlex.quote(value))]


def _publish(plan: Plan, name: str) -> dict[str, str]:
    """The translation of a host, with which rules that name it let in what is for the address that is seen.

    Where the file is for a firewall, a host that none of the plan's publishes any more says so.
    """
    seen = next((one for one in plan.translations if one.name == name), None)
    if seen is None:
        firewall = plan.permits.firewall
        publishers = _look_beside(plan).publishers.get(name, ())
        if firewall is None or len(publishers) > (firewall.name in publishers):
            return {}
        is_host = ipaddress.ip_network(plan.permits.addresses.objects.get(name, ("::/0",))[0]).num_addresses == 1
        return {"nat_settings.auto_rule": "false"} if is_host else {}
    return {
        "nat_settings.auto_rule": "true",
        "nat_settings.method": "static",
        f"nat_settings.ipv{seen.family}_address": seen.seen,
    }


def _address(name: str, value: str, **more: str) -> str:
    """What sets an address under its name. One of another kind that has it goes, or is called otherwise."""
    network = ipaddress.ip_network(value)
    first, last, length = str(network[0]), str(network[-1]), network.prefixlen
    if not length:
        return _run("add address-range", run=_ADDRESS, name=name, ip_address_first=first, ip_address_last=last)
    if network.num_addresses == 1:
        return _run("add host", run=_ADDRESS, name=name, ip_address=first, **more)
    return _run("add network", run=_ADDRESS, name=name, subnet=first, mask_length=str(length))


def _group(name: str, members: Sequence[str]) -> str:
    """A group of these members alone; the API knows no set-if-exists of groups."""
    return " ".join(["set_group", shlex.quote(name), *_say(_number("members", members))])


def _number(key: str, values: Iterable[str]) -> dict[str, str]:
    return {f"{key}.{number}": value for number, value in enumerate(values, 1)}


def _list_groups(plan: Plan) -> Mapping[tuple[str, ...], str]:
    """Groups of many members. Of domains there are none."""
    return {
        members: name for members, name in find_groups(plan).items() if not any(plan.is_name(one) for one in members)
    }


def _name_service(permit: Permit) -> str:
    """PP-tcp-443: ours, so that no service of the site's is changed."""
    return f"PP-{str(permit.service).replace(' ', '-')}" if permit.service.ports else "echo-request"


def _set_rules(plan: Plan, rests: Mapping[str, Mapping[str, Rest]]) -> Iterator[str]:
    groups = _list_groups(plan)
    for opening in plan.openings:
        if not is_said_already(plan, opening):
            yield _rule(plan, opening, groups, rests.get(opening.name, {}))
    if plan.default_deny:
        settings = {"name": "default-deny", "action": "Drop", "track.type": "Log" if plan.logs else "None"}
        yield _add_rule(settings)


def _rule(plan: Plan, opening: Opening, groups: Mapping[tuple[str, ...], str], rests: Mapping[str, Rest]) -> str:
    permit = opening.permit
    settings = {"name": opening.name}
    for key, members, others in (
        ("source", permit.sources, permit.other_sources),
        ("destination", permit.destinations, permit.other_destinations),
    ):
        if key in rests:
            name, networks = rests[key]
            settings[f"{key}.1"] = f"{name}_all" if len(networks) > 1 else name
            continue
        names = list(_call(plan, others if members is None else members, groups))
        settings |= _number(key, names or ["Any"])
        if members is None and others:
            settings[f"{key}-negate"] = "true"
    settings |= {
        "service.1": _name_service(permit),
        "action": "Accept",
        "enabled": "false" if opening.disabled else "true",
        "track.type": "Log" if plan.logs else "None",
        "comments": opening.fit(_COMMENT),
    }
    return _add_rule(settings)


def _add_rule(settings: Mapping[str, str]) -> str:
    return " ".join(['run add access-rule layer "$layer" position.bottom "$section"', *_say(settings)])


def _call(plan: Plan, names: tuple[str, ...], groups: Mapping[tuple[str, ...], str]) -> Iterator[str]:
    if names in groups:
        yield groups[names]
        return
    for name in names:
        if plan.is_name(name):
            yield from (f".{one}" for one in plan.permits.addresses.objects[name])
        else:
            yield plan.call(name)


def _load(plan: Plan) -> Iterator[object]:
    layer = clean(plan.options.get("layer", LAYER))
    yield (
        "Run it with bash on the management server: bash FILE, then install the policy. LAYER names another access "
        f"layer than {layer}; LOGIN says how to log in, -r true without it (root on the server), as in LOGIN='-m "
        "10.0.0.1 -u admin'."
    )
    yield (
        f"It fills the section {SECTION} of that layer, at its top until you move it, and touches no other rule. Run "
        "again it leaves the same, and the file of another revision leaves just what that says. All is published at "
        "the end, or nothing. To take it back delete the section with its rules. Objects stay; their names begin with "
        "V4-, V6- and PP-, those of domains with a dot."
    )
    if plan.translations:
        yield (
            "Who is published has a static translation (automatic NAT) on every gateway of the policy. It holds both "
            "ways: what such a host opens to the outside leaves with the published address."
        )
        beside = _look_beside(plan)
        otherwise = dict.fromkeys(one.name for one in plan.translations if len(beside.seen[one.name]) > 1)
        if otherwise:
            yield (
                "Another Check Point firewall of the plan publishes under another address, too: "
                f"{', '.join(otherwise)}. A host has one translation: where one management server has both firewalls, "
                "that of the script that was run last. Write the other one there by hand."
            )
    if plan.permits.firewall is not None:
        if _look_beside(plan).layers[plan.options.get("layer", LAYER)] > 1:
            yield (
                f"Another Check Point firewall of the plan has the layer {layer}, too. Where one management server "
                "has both, the script of one takes the rules of the other away: give each a layer of its own."
            )
        yield "Rules name no zones: addresses say where they are, and any is none of the other zones'."
    if plan.default_deny:
        yield "The last rule of the section drops whatever comes so far: all rules after the section."


CHECKPOINT = Writer(
    name="checkpoint", label="Check Point", mark="#", list_items=list_items, load=_load, takes_names=True, longest=60,
    end="", takes_back=False,
    sides=Sides(pattern=re.compile(r"[\s\S]*"), allowed="anything"),
)  # fmt: skip
