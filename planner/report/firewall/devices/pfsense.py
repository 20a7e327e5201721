"""pfSense: a session of its developer shell, which sets the rules and aliases that are the file's and no others.

pfSense imports nothing but parts of its config.xml, which replace what the site has there. Its shell plays a file of
PHP (`pfSsh.php playback`), as those of its own that add rules (pfsense/pfsense, etc/phpshellsessions). The code below
is the same in every file; what a plan asks for stands in it as JSON. The shell takes lines that begin with “!” or “=”
for something else, so none does.

Fields of rules and aliases are those that filter_generate_user_rule and filter_generate_alias_tables read
(etc/inc/filter.inc).
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from planner.report.firewall.devices.openings import Opening, Plan, Sides, make_plan, say_head, say_unbound
from planner.report.firewall.head import BACK, comment_out, say_way_back, write_file
from planner.report.firewall.permits import Permits
from planner.report.said.edition import Edition
from planner.report.said.text import check_addresses, list_rule_sides

LABEL = "pfSense"
OURS = "PORT-PLANNER"
"""What the description of everything begins with that the file sets, and that it takes away again."""
_SIDES = Sides(
    pattern=re.compile(r"[A-Za-z0-9_]{1,32}"), allowed="what pfSense calls it itself: lan, wan, opt1, or a group"
)
_DESCRIPTION = 255
_TRACKERS = 0x40000000
"""Numbers of rules in the log begin here: pfSense takes the time for its own, which is behind them until 2038."""
_CODE = """\
if (!function_exists('config_set_path') || !is_array($wanted)) {
    echo "Nothing is changed: this takes pfSense 2.7 or newer, and all of the file.\\n";
} else {
    function_exists('config_read_file') ? config_read_file(true) : parse_config(true);
    require_once('filter.inc');
    $ours = 'PORT-PLANNER';
    $is_other = fn($one) => !str_starts_with($one['descr'] ?? '', $ours);
    $rules = array_values(config_get_path('filter/rule', []) ?: []);
    $aliases = array_values(config_get_path('aliases/alias', []) ?: []);
    $known = array_merge(array_keys(config_get_path('interfaces', []) ?: []), ['openvpn', 'enc0', 'l2tp', 'pppoe'],
        array_column(config_get_path('ifgroups/ifgroupentry', []) ?: [], 'ifname'));
    $named = array_filter(array_column($wanted['rules'], 'interface'));
    $strange = array_diff($named, $known);
    $others = array_values(array_filter($aliases, $is_other));
    $taken = array_intersect(array_column($others, 'name'), array_column($wanted['aliases'], 'name'));
    if ($strange || $taken) {
        echo "Nothing is changed. No interface: " . implode(', ', array_unique($strange)) .
            ". Aliases of your own: " . implode(', ', $taken) . ".\\n";
    } else {
        $kept = array_values(array_filter($rules, $is_other));
        $place = count($kept);
        foreach ($rules as $number => $one) {
            if (!$is_other($one)) {
                $place = $number;
                break;
            }
        }
        array_splice($kept, $place, 0, $wanted['rules']);
        config_set_path('filter/rule', $kept);
        config_set_path('aliases/alias', array_merge($others, $wanted['aliases']));
        write_config('Port planner: ' . count($wanted['rules']) . ' rules');
        filter_configure();
        echo count($wanted['rules']) . " rules and " . count($wanted['aliases']) . " aliases are set.\\n";
    }
}"""
_NOTHING: Mapping[str, Sequence[Any]] = {"aliases": (), "rules": ()}


def render_pfsense(permits: Permits, edition: Edition | None, *, default_deny: bool, open_undecided: bool) -> bytes:
    """A session of the shell: a head, what is wanted, the code that sets it. Raises NotExpressible.

    What is undecided is a rule that is disabled. Where no firewall is known rules are floating and hold on all
    interfaces. pfSense denies by itself what none lets through, so there is no default deny.
    """
    check_addresses(LABEL, list_rule_sides(rule for rule in permits.report.rules for _ in rule.services))
    plan = make_plan(permits, label=LABEL, sides=_SIDES, longest=80, default_deny=default_deny,
                     open_undecided=open_undecided)  # fmt: skip
    about = [*say_head(LABEL, plan, edition, _load(plan)), *say_way_back("#", "at the end")]
    back = (f"# {BACK}{line}" for line in _write(_NOTHING))
    return write_file(comment_out("#", about), (*_write(_want(plan)), *back))


def _load(plan: Plan) -> Iterator[object]:
    yield (
        "Put the file into /etc/phpshellsessions as portplanner, then: pfSsh.php playback portplanner. It makes a "
        "backup in the history of configurations first."
    )
    yield (
        f"What it sets has a description that begins with {OURS}. All else stays. Played again it changes nothing; "
        "the file of the next revision takes away what the plan no longer asks for. Name its aliases in no rule of "
        "your own."
    )
    if plan.permits.firewall is None:
        yield "Rules are floating and hold on all interfaces, before those of one interface."
    else:
        yield "New rules come last on their interface; moved before one of your own that denies, they stay there."
    yield from say_unbound(plan)


def _write(wanted: Mapping[str, Sequence[Any]]) -> Iterator[str]:
    """The lines that set what is wanted: a line for each rule and alias, then the code."""
    yield "$wanted = json_decode(<<<'WANTED'"
    for number, (what, listed) in enumerate(wanted.items()):
        yield f'{"," if number else "{"}"{what}": ['
        lines = [json.dumps(one, ensure_ascii=True) for one in listed]
        yield from (f" {line}," for line in lines[:-1])
        yield from (f" {line}" for line in lines[-1:])
        yield "]"
    yield "}"
    yield "WANTED"
    yield ", true);"
    yield from _CODE.replace("PORT-PLANNER", OURS).splitlines()


def _want(plan: Plan) -> dict[str, Sequence[Any]]:
    aliases: dict[tuple[str, ...], dict[str, str]] = {}
    rules = [_rule(plan, one, aliases) for one in plan.openings]
    return {"aliases": tuple(aliases.values()), "rules": tuple(rules)}


def _rule(plan: Plan, opening: Opening, aliases: dict[tuple[str, ...], dict[str, str]]) -> dict[str, Any]:
    permit = opening.permit
    protocol, ports = permit.service
    device = plan.permits.firewall
    sides = [
        _side(plan, opening, members, others, aliases)
        for members, others in (
            (permit.sources, permit.not_sources), (permit.destinations, permit.not_destinations),
        )
    ]  # fmt: skip
    where: dict[str, str] = (
        {"interface": opening.source} if device else {"floating": "yes", "quick": "yes", "direction": "in"}
    )
    return {
        "tracker": str(_TRACKERS + int(_digest(f"{device.name if device else ''}\n{opening.name}"), 16) % _TRACKERS),
        "type": "pass",
        **where,
        "ipprotocol": "inet" if permit.family == 4 else "inet6",
        "protocol": protocol,
        **({} if ports else {"icmptype": "echoreq"}),
        "source": sides[0],
        "destination": {**sides[1], **({"port": ports} if ports else {})},
        "statetype": "keep state",
        **({"disabled": ""} if opening.disabled else {}),
        **({"log": ""} if plan.logs else {}),
        "descr": f"{OURS} {opening.fit(_DESCRIPTION - len(OURS) - 1)}",
    }


def _side(
    plan: Plan,
    opening: Opening,
    members: tuple[str, ...] | None,
    others: tuple[str, ...],
    aliases: dict[tuple[str, ...], dict[str, str]],
) -> dict[str, str]:
    """One side: anybody, an address, or an alias of several; what “any” leaves out is told as what is left."""
    permit, addresses = opening.permit, plan.permits.addresses
    if members is None and not others:
        return {"any": ""}
    found = (
        addresses.find_rest(permit.family, others)
        if members is None
        else [one for name in members for one in addresses.objects[name]]
    )
    values = tuple(dict.fromkeys(_strip(one) for one in found))
    if len(values) == 1 and not plan.is_name((members or ("",))[0]):
        return {"address": values[0]}
    if values not in aliases:
        name = f"PP_{re.sub('[^A-Za-z0-9]+', '_', permit.label)[:19]}_{_digest(' '.join(values))}"
        is_network = any("/" in one for one in values)
        aliases[values] = {
            "name": name,
            "type": "network" if is_network else "host",
            "address": " ".join(map(_mask, values) if is_network else values),
            "descr": f"{OURS} {permit.label}",
        }
    return {"address": aliases[values]["name"]}


def _strip(value: str) -> str:
    """A network of one address as the address."""
    return value.removesuffix("/128" if ":" in value else "/32")


def _mask(value: str) -> str:
    """A host as a network, as an alias of networks takes it; names stay."""
    if "/" in value or not re.fullmatch(r"[0-9.]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*", value):
        return value
    return f"{value}/{128 if ':' in value else 32}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
