"""Windows Firewall of one host: the JSON that our script writes of Get-NetFirewallRule and its filters. Pure.

Syntax: Microsoft, “Get-NetFirewallRule”, “New-NetFirewallRule” and “Set-NetFirewallProfile” (module NetSecurity), and
the classes MSFT_NetFirewallRule, MSFT_NetProtocolPortFilter and so on, by whose numbers ConvertTo-Json writes words.
A rule's filters may stand in it, or in mappings within it. Rules that block win over those that allow, in whatever
order; then comes the default of the profile. Inbound rules are read: they decide about connections to the host. Which
host that is, `reachable` says; without it every flow is taken as one to this host.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from planner.engine.existing.model import Entry, Ruleset, Sides, Stage, Unreadable, Verdict
from planner.engine.existing.parts.addresses import (
    ANYBODY,
    Addresses,
    all_but,
    literal,
    read_list,
    unite_all,
    vague,
)
from planner.engine.existing.parts.count import Count
from planner.engine.existing.parts.entries import make_entries
from planner.engine.existing.parts.json_text import fold, list_of, load_json, say
from planner.engine.existing.parts.services import (
    ANYTHING,
    PROTOCOL_NUMBERS,
    Service,
    Services,
    of_icmp,
    read_each,
    read_number,
    read_port,
    read_protocol,
    unknown_service,
)
from planner.engine.spans import Spans

_ANY = frozenset({"any", "*", ""})
_WORDS: Mapping[str, Mapping[str, str]] = {
    "enabled": {"1": "true", "2": "false"},
    "direction": {"1": "inbound", "2": "outbound"},
    "action": {"0": "notconfigured", "2": "allow", "4": "block"},
    "defaultinboundaction": {"0": "notconfigured", "2": "allow", "4": "block"},
    "networkcategory": {"0": "public", "1": "private", "2": "domain"},
}
"""By property the words of its numbers."""
_FLAG = {"0": "false", "1": "true", "2": "notconfigured"}
"""The numbers of a profile's own properties (GpoBoolean)."""
_PROFILES = {1: "domain", 2: "private", 4: "public"}
_CATEGORIES = {"domainauthenticated": "domain"}
_NARROW: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("program", "service", "localuser", "remoteuser", "remotemachine", "interfacetype"), _ANY),
    **dict.fromkeys(("package", "owner", "policyappid", "packagefamilyname", "remotedynamickeywordaddresses"), _ANY),
    **dict.fromkeys(("platform", "platforms"), _ANY | {"6.0+", "6.1+", "6.2+"}),  # no older Windows has these cmdlets
    "authentication": frozenset({"notrequired", "0", ""}),
    "encryption": frozenset({"notrequired", "0", ""}),
    "overrideblockrules": frozenset({"false", "0", ""}),
    "dynamictarget": frozenset({"any", "0", ""}),
    "dynamictransport": frozenset({"any", "0", ""}),
}
"""By property what narrows nothing; everything else of it is not understood."""
_FILTERS = frozenset({"protocol", "localport", "remoteport", "icmptype", "localaddress", "remoteaddress",
                      "interfacealias", *_NARROW})  # fmt: skip
_NEEDED = ("protocol", "remoteaddress", "program")
"""A property of each filter that narrows most rules; a file without it says nothing of whom a rule is for."""
_OF_RULE = ("remotedynamickeywordaddresses", "policyappid", "packagefamilyname", "platform")
"""What narrows a rule and is a property of its own. An earlier script of ours asked the filters for the first of them,
where it is always null, and nobody for the others."""
_MAY_BE_LOCAL: Mapping[str, str] = {
    **dict.fromkeys(("local", "1"), "a local rule"),
    **dict.fromkeys(("none", "0", ""), "what may be a local rule"),
}
"""By the store that a rule is said to come from; it is said where somebody asked for it alone."""
_ZERO_IS_ANY = frozenset({"interfacetype"})
_DEEP = 3
"""How deep filters are looked for within a rule."""


ELSEWHERE = "connections to others than "
"""How the entry begins for what goes to other hosts than this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What a file says of the host itself."""

    name: str
    """As it calls itself; empty where the file doesn't say it."""
    bar: str
    """Why a further local rule would open nothing there, in a sentence; empty where it would."""


def read(text: str) -> Ruleset:
    """Read the rules of a host. Raises Unreadable."""
    return _open(text).read()


def find_host(text: str) -> Known:
    """What a file that can be read says of the host itself."""
    return _open(text).describe()


def _open(text: str) -> "_Host":
    document = load_json(text)
    if isinstance(document, Mapping):
        head = fold(document)
        rows = head.get("rules", [document] if "direction" in head else None)
    else:
        head, rows = {}, document
    rows = _unwrap(rows)
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise Unreadable("The JSON has no rules of a Windows firewall: a list of them, or a mapping with rules.")
    Count().take(len(rows))  # no file of ours has as many, whatever they are for
    rules = [_collect(row) for row in rows]
    if not rules or not any("direction" in rule for rule, _ in rules):
        raise Unreadable("The JSON has no rules of a Windows firewall: none has a Direction.")
    return _Host(head, rules)


def _unwrap(value: Any) -> Any:
    """A list that PowerShell wrote as a mapping of value and Count."""
    if isinstance(value, Mapping) and {key.casefold() for key in value} == {"value", "count"}:
        return fold(value)["value"]
    return value


def _collect(row: Mapping[str, Any]) -> tuple[dict[str, list[str]], list[str]]:
    """The properties of a rule and of its filters, each as its texts; and which of them differ or are missing."""
    found: dict[str, list[str]] = {}
    twice: list[str] = []
    asks_filter = False
    todo: deque[tuple[int, Mapping[str, Any]]] = deque([(0, row)])
    while todo:
        depth, part = todo.popleft()
        fold(part)  # where a key is there twice, it says so
        for key, value in part.items():
            name, plain = key.casefold(), _unwrap(value)
            inner = [one for one in list_of(plain) if isinstance(one, Mapping)]
            if inner:
                if depth < _DEEP and not name.startswith("cim"):
                    todo += [(depth + 1, one) for one in inner]
                continue
            if depth and name not in _FILTERS:
                continue
            texts = [_text(one) for one in list_of(plain) if one is not None]
            if plain is None:
                asks_filter = asks_filter or (depth > 0 and name == _OF_RULE[0])
                continue
            if name in _FILTERS and found.get(name, texts) != texts:
                twice.append(f"{key} {say(', '.join(texts))} in another filter")
            found.setdefault(name, texts)
    if asks_filter and _OF_RULE[0] not in fold(row):
        twice.append(f"{', '.join(_OF_RULE)}: not in the file")
    return found, twice


def _text(value: Any) -> str:
    return str(value).casefold() if isinstance(value, bool) else str(value).strip()


class _Host:
    def __init__(self, head: Mapping[str, Any], rules: list[tuple[dict[str, list[str]], list[str]]]) -> None:
        self.rules = rules
        self.count = Count()
        self.said = say(head.get("computer") or "")
        self.name = self.said or "host"
        self.addresses = self._read_own(head)
        self.profiles = self._read_profiles(head)
        connections = [_text(one).casefold() for one in list_of(_unwrap(head.get("connections")))]
        active = [_CATEGORIES.get(one, _WORDS["networkcategory"].get(one, one)) for one in connections]
        known = set(active) <= set(_PROFILES.values())
        self.active = frozenset(active) if active and known else frozenset(_PROFILES.values())

    def _read_own(self, head: Mapping[str, Any]) -> Addresses | None:
        """The addresses of the host; None where the file doesn't say them."""
        said = (_text(one).partition("%")[0].partition("/")[0] for one in list_of(_unwrap(head.get("reachable"))))
        found = [one for one in map(literal, said) if one]
        return unite_all(found) if found else None

    def _read_profiles(self, head: Mapping[str, Any]) -> dict[str, dict[str, str]]:
        found = {}
        for row in list_of(_unwrap(head.get("profiles"))):
            if isinstance(row, Mapping):
                said = {key: _text(value).casefold() for key, value in fold(row).items()}
                if said.get("name", "") in found:
                    raise Unreadable(f"The JSON has the profile {say(said.get('name', ''))} twice.")
                found[said.get("name", "")] = said
        return found

    def read(self) -> Ruleset:
        off = [name for name in sorted(self.active) if self._flag(name, "enabled") == "false"]
        entries: list[Entry] = []
        if len(off) < len(self.active):
            rows = [(rule, twice) for rule, twice in self.rules if _word(rule, "direction") != "outbound"]
            made = [entry for rule, twice in rows for entry in self._read_rule(rule, twice)]
            entries = [one for one in made if one.verdict != "accept"] + [
                one for one in made if one.verdict == "accept"
            ]
        default, default_name = self._default(off)
        sides = {name for entry in entries if entry.enters for name in entry.enters.names}
        return Ruleset(
            format="windows",
            stages=(
                Stage(
                    name=f"inbound rules of {self.name}",
                    entries=(*self._others(), *entries),
                    default=default,
                    default_name=default_name,
                ),
            ),
            chains={},
            sides=frozenset(sides),
            obscure=(f"the firewall is off in the profile {', '.join(off)} only",)
            if 0 < len(off) < len(self.active)
            else (),
        )

    def describe(self) -> Known:
        """What is known of it beside its rules."""
        shut = [name for name in sorted(self.active) if self._shut(name)]
        local = [name for name in sorted(self.active) if self._flag(name, "allowlocalfirewallrules") == "false"]
        bar = (
            f"The profile {', '.join(shut)} lets nothing in, whatever rules say"
            if shut
            else f"In the profile {', '.join(local)} group policy says that local rules don't count"
            if local
            else ""
        )
        return Known(name=self.said, bar=bar)

    def _flag(self, profile: str, name: str) -> str:
        said = self.profiles.get(profile, {}).get(name, "")
        return _FLAG.get(said, said)

    def _default(self, off: list[str]) -> tuple[Verdict, str]:
        """What becomes of a connection that no rule is about."""
        if off and len(off) == len(self.active):
            return "accept", f"firewall off in the profile {', '.join(off)}"
        found = set()
        for profile in self.active:
            said = self.profiles.get(profile, {}).get("defaultinboundaction", "")
            word = _WORDS["defaultinboundaction"].get(said, said)
            found.add("block" if word in {"", "notconfigured"} or self._shut(profile) else word)
        if found == {"block"}:
            return "drop", "default inbound action Block"
        if found == {"allow"}:
            return "accept", "default inbound action Allow"
        return "obscure", "default inbound action, which differs by profile"

    def _shut(self, profile: str) -> bool:
        """Whether a profile lets nothing in, whatever rules say."""
        return self._flag(profile, "allowinboundrules") == "false"

    def _others(self) -> Iterator[Entry]:
        """What goes to other hosts, where it is known which host this is: another firewall decides."""
        if self.addresses is not None:
            yield from make_entries(
                self.count,
                name=f"{ELSEWHERE}{self.name}",
                verdict="obscure",
                sources=ANYBODY,
                destinations=all_but(self.addresses),
                services=ANYTHING,
                obscure=(f"{self.name} has no such address: another firewall decides",),
            )

    # ---- a rule ----

    def _read_rule(self, rule: Mapping[str, list[str]], twice: list[str]) -> Iterator[Entry]:
        if _word(rule, "enabled") in {"false", "no"}:
            return
        obscure = [*twice, *self._list_narrow(rule)]
        if _word(rule, "direction") not in {"inbound", "in"}:
            obscure.append(f"Direction {say(', '.join(rule.get('direction', ())))}")
        if _word(rule, "enabled") not in {"true", "yes"}:
            obscure.append(f"Enabled {say(', '.join(rule.get('enabled', ())))}")
        missing = [name for name in _NEEDED if name not in rule]
        if missing:
            obscure.append(f"{', '.join(missing)}: not in the file")
        action = _word(rule, "action")
        verdict: Verdict = {"allow": "accept", "block": "drop"}.get(action, "obscure")  # type: ignore[assignment]
        if action == "notconfigured":
            return
        if verdict == "obscure":
            obscure.append(f"Action {say(action)}")
        obscure += self._list_profiles(rule, verdict)
        title = "".join(rule.get("displayname", ())) or "".join(rule.get("name", ())) or "without a name"
        yield from make_entries(
            self.count,
            name=f'rule "{say(title, 120)}"',
            verdict=verdict,
            sources=self._read_side(rule, "remoteaddress"),
            destinations=self._read_side(rule, "localaddress"),
            services=_read_services(rule),
            obscure=obscure,
            enters=_read_interfaces(rule),
            comment=say("".join(rule.get("description", ())), 1000),
        )

    def _read_side(self, rule: Mapping[str, list[str]], name: str) -> Addresses:
        texts = _split(rule.get(name, ()))
        if name not in rule or any(one.casefold() in _ANY for one in texts):
            return ANYBODY
        return read_list(texts, lambda one: f"{name} {say(one)}", self.count) or vague(f"{name} without a value")

    def _list_narrow(self, rule: Mapping[str, list[str]]) -> Iterator[str]:
        """Programs, services, users and the like, for which alone a rule is."""
        for name, nothing in _NARROW.items():
            said = [one for one in rule.get(name, ()) if one.casefold() not in nothing]
            if said and not (name in _ZERO_IS_ANY and said == ["0"]):
                yield f"{name} {say(', '.join(said))}"

    def _list_profiles(self, rule: Mapping[str, list[str]], verdict: Verdict) -> Iterator[str]:
        """The profiles of a rule, where it isn't for all that are in force; and rules that don't count."""
        said = ",".join(rule.get("profile") or rule.get("profiles") or ()).casefold()
        words = {one.strip() for one in said.split(",")} - {""}
        if words and words <= {str(number) for number in range(8)}:
            number = int(max(words))
            words = {name for bit, name in _PROFILES.items() if number & bit} if number else {"any"}
        if words and "any" not in words and "all" not in words and not self.active <= words:
            yield f"Profile {say(said)}"
        if verdict == "accept" and any(self._shut(profile) for profile in self.active):
            yield "a profile that lets nothing in, whatever rules say"
        store = _word(rule, "policystoresourcetype")
        if store in _MAY_BE_LOCAL and any(
            self._flag(profile, "allowlocalfirewallrules") == "false" for profile in self.active
        ):
            yield f"{_MAY_BE_LOCAL[store]} where group policy says that these don't count"


def _word(rule: Mapping[str, list[str]], name: str) -> str:
    said = "".join(rule.get(name, ())).casefold()
    return _WORDS.get(name, {}).get(said, said)


def _read_interfaces(rule: Mapping[str, list[str]]) -> Sides | None:
    names = [one for one in rule.get("interfacealias", ()) if one]
    return None if not names or any(one.casefold() in _ANY for one in names) else Sides(names=frozenset(names))


def _split(texts: Iterable[str]) -> list[str]:
    return [one.strip() for text in texts for one in text.split(",") if one.strip()]


def _read_services(rule: Mapping[str, list[str]]) -> Services:
    """Protocol, ports and types of ICMP."""
    protocol = _word(rule, "protocol")
    ports, remote = (_split(rule.get(name, ())) for name in ("localport", "remoteport"))
    is_said = bool(ports)
    ports, remote = ([] if any(one.casefold() in _ANY for one in said) else said for said in (ports, remote))
    protocol = {"icmpv4": "icmp", "1": "icmp", "58": "icmpv6"}.get(protocol, protocol)
    if protocol in {"icmp", "icmpv6"}:
        return _read_types(rule, PROTOCOL_NUMBERS[protocol])
    if protocol in {"", "any", "256"}:
        return unknown_service("ports of any protocol") if ports or remote else ANYTHING
    try:
        whole = read_protocol(protocol)
        sources = Spans.of(span for one in remote for span in read_port(one)) if remote else whole.source_ports
    except ValueError:
        return unknown_service(f"protocol {say(protocol)} remoteport {say(', '.join(remote))}")
    if not ports:
        if not is_said and protocol in {"tcp", "udp", "6", "17"}:
            return unknown_service("localport: not in the file")
        return Services(clear=(replace(whole, source_ports=sources),))
    whole = replace(whole, source_ports=sources)
    return read_each(
        ports,
        lambda one: replace(whole, ports=read_port(one)),
        lambda one: f"localport {say(one)} of {say(protocol)}",
        within=whole,
    )


def _read_types(rule: Mapping[str, list[str]], protocol: int) -> Services:
    texts = _split(rule.get("icmptype", ()))
    whole = of_icmp(None, protocol=protocol)
    if not texts or any(one.casefold() in _ANY for one in texts):
        return Services(clear=(whole,))

    def read_type(text: str) -> Service:
        kind, _, code = text.partition(":")
        number = read_number(code, 255) if code and code != "*" else None
        return of_icmp(read_number(kind, 255), number, protocol=protocol)

    return read_each(texts, read_type, lambda one: f"icmptype {say(one)}", within=whole)
