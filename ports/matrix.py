"""The port matrix as frozen values: what a vendor's document asks for.

Pure: neither Django nor I/O. `build_matrix` turns plain records (fixture entries or database rows) into one
checked `Matrix`; `find_faults` says in sentences what is wrong with records that are none.
The vocabulary that requirements are written in is documented in docs/matrix-format.md.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

ZONE_KINDS = ("internal", "dmz", "internet", "cloud", "remote-site")
PROTOCOLS = ("tcp", "udp", "icmp")
ROLE_KINDS = ("server", "people", "group")
ICONS = (
    "server", "globe", "data", "directory", "mail", "bridge", "agent", "people", "phone", "device", "host",
)  # fmt: skip
"""What roles and platforms can look like in diagrams. `planner.report.diagram.icons` draws them."""
SEVERITIES = ("error", "decision", "warning", "info")
QUESTION_KINDS = ("one", "many", "list")
PLACEHOLDER = "{name}"
"""Stands for a name of a list in the names of what there is once for each of them."""

_SLUG = re.compile(r"[a-z0-9][a-z0-9-]*")
_NUMBER = re.compile(r"[A-Za-z0-9]+(?:[.-][A-Za-z0-9]+)*")
_PORTS = re.compile(r"0*([0-9]{1,5})(?:-0*([0-9]{1,5}))?")


def read_ports(text: str) -> str:
    """Normalise a port or a range of ports.

    Takes ASCII digits ("443") or two numbers joined by a hyphen ("49152-65535"), each in 1-65535 (RFC 6335,
    section 6), with or without leading zeros. Returns the text without leading zeros; "a-a" becomes "a".
    Raises ValueError with a sentence when the text is neither, a number is out of range or a range runs backwards.
    """
    match = _PORTS.fullmatch(text)
    if match is None:
        raise ValueError("is neither a port (1 to 65535) nor a range such as 49152-65535")
    first = int(match[1])
    last = int(match[2]) if match[2] is not None else first
    if not (1 <= first <= 65535 and 1 <= last <= 65535):
        raise ValueError("is outside 1 to 65535")
    if first > last:
        raise ValueError("is a range that runs backwards; the first port must not be above the last")
    return str(first) if first == last else f"{first}-{last}"


def port_span(ports: str) -> tuple[int, int]:
    """First and last port (1-65535) of normalised ports such as "443" or "49152-65535"."""
    first, _, last = ports.partition("-")
    return int(first), int(last or first)


def section_key(section: str) -> tuple[int, tuple[int, ...], str]:
    """Sort key that orders section numbers as numbers: "2" before "3.1" before "16"; names come last."""
    parts = section.split(".")
    if all(part.isascii() and part.isdigit() for part in parts):
        return (0, tuple(map(int, parts)), "")
    return (1, (), section)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A section of the vendor document: its number and heading."""

    number: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """What an endpoint does. A role of kind "group" stands for every role that names it in `is_a`."""

    slug: str
    name: str
    kind: Literal["server", "people", "group"]
    label: str
    icon: str = ""
    """One of ICONS, or empty for none in particular."""
    description: str = ""
    is_a: tuple[str, ...] = ()
    exclusive: bool = False
    """For a group: an endpoint may hold one of its roles at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """A kind of managed system."""

    slug: str
    name: str
    icon: str = ""
    """One of ICONS, or empty for none in particular."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """Something the product does to a managed system."""

    slug: str
    name: str
    section: str
    needs_platform: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A kind of remote session that people open to a managed system."""

    slug: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A named protocol and destination port. `ports` is "443", "49152-65535", or None for ICMP."""

    slug: str
    name: str
    protocol: Literal["tcp", "udp", "icmp"]
    ports: str | None
    configurable: bool = False
    listener: str = ""
    """Services of one listener share one socket: two names for it on one endpoint are no conflict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One answer to a choice, and what follows from it."""

    slug: str
    name: str
    consequence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A decision that the document leaves to its reader.

    `default` None: an alternative that starts undecided. `many`: a set of options, otherwise exactly one.
    """

    slug: str
    name: str
    question: str
    sections: tuple[str, ...]
    options: tuple[Option, ...]
    many: bool = False
    default: tuple[str, ...] | None = None

    @property
    def slugs(self) -> tuple[str, ...]:
        """The slugs of the options, in the document's order."""
        return tuple(option.slug for option in self.options)

    def option(self, slug: str) -> Option:
        """The option with that slug; KeyError if there is none."""
        for option in self.options:
            if option.slug == slug:
                return option
        raise KeyError(slug)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceIs:
    """Holds when one of `options` is chosen; with no options, when nothing is chosen."""

    choice: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RolePresent:
    """Holds when some endpoint of the plan has the role."""

    role: str


Condition = ChoiceIs | RolePresent


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One service of a requirement, perhaps only under a choice."""

    service: str
    when: ChoiceIs | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Which managed endpoints a requirement leads to: all fields that are set must hold."""

    operation: str | None = None
    platform: str | None = None
    session: str | None = None
    without_sessions: tuple[str, ...] = ()
    without_platforms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """How the sources of a target are found when it isn't simply every endpoint with a role.

    In this order, the first that yields any: the target's own `managed_by` (if the pairing honours it); endpoints
    with role `near` in the target's zone; endpoints with role `fallback` outside zones of the kinds `fallback_not_in`.
    A source with role `near` adds `near_section` to what it is cited for.
    """

    slug: str
    name: str
    managed_by: bool
    near: str
    fallback: str
    fallback_not_in: tuple[str, ...] = ()
    near_section: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """Sources, destinations, services and conditions of one row or sentence of the document."""

    slug: str
    section: str
    topic: str
    name: str
    summary: str
    asks: tuple[Ask, ...]
    source: str | None = None
    destination: str | None = None
    pairing: str | None = None
    target: Target | None = None
    when: tuple[Condition, ...] = ()
    correction: str | None = None
    """Slug of the caveat whose applied correction brings this requirement in."""

    @property
    def reason(self) -> "Reason":
        """Why a flow of this requirement is there."""
        return Reason(topic=self.topic, text=self.name)


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Reason:
    """Why a flow is there, in the reader's words; reasons of one topic can be listed together."""

    topic: str
    text: str

    def __str__(self) -> str:
        return f"{self.topic}: {self.text}" if self.topic else self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """When a caveat bears on a plan: `when` holds and, unless `always`, one of the others is met."""

    always: bool = False
    sections: tuple[str, ...] = ()
    """Sections that some flow is cited for."""
    roles: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    when: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Caveat:
    """Where the document is probably wrong, ambiguous or silent. `correction` None: information only."""

    slug: str
    sections: tuple[str, ...]
    title: str
    text: str
    about: About
    correction: str | None = None
    service_ports: tuple[tuple[str, str], ...] = ()
    """Ports that the correction gives to services: (service slug, ports)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A flow worth a warning: every field that is set must hold."""

    service: str | None = None
    source_role: str | None = None
    source_kind: str | None = None
    destination_role: str | None = None
    destination_kind: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A finding that follows from the matrix.

    Raised when all of `when` holds and no endpoint has any role of `needs` (if given); with an `opening`, when a flow
    matches it as well.
    """

    code: str
    severity: str
    subject: str
    message: str
    advice: str
    when: tuple[Condition, ...] = ()
    needs: tuple[str, ...] = ()
    opening: Opening | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneTemplate:
    """A zone that an answer needs. One of this kind that is there already is used, else one is made.

    `near`: rather the zone in which an endpoint with this role stands. `own`: a zone apart, used only under its name.
    """

    key: str
    """What endpoints of the same effect call it."""
    name: str
    kind: str
    own: bool = False
    near: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointTemplate:
    """An endpoint that an answer brings; its zone is a key of the same effect.

    `with_role`: only where some endpoint has that role; `without_role`: only where none has.
    """

    name: str
    zone: str
    roles: tuple[str, ...] = ()
    group: bool = False
    platforms: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    with_role: str | None = None
    without_role: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What an answer adds to endpoints that are there: to all with a role, or to all with one of some platforms."""

    to_role: str | None = None
    to_platforms: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """Zones and endpoints that there are once for each name that was given to a question of kind "list"."""

    of: str
    zones: tuple[ZoneTemplate, ...]
    endpoints: tuple[EndpointTemplate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What an answer does to a plan. An empty one does nothing."""

    zones: tuple[ZoneTemplate, ...] = ()
    endpoints: tuple[EndpointTemplate, ...] = ()
    grants: tuple[Grant, ...] = ()
    choices: tuple[tuple[str, str | tuple[str, ...]], ...] = ()
    """Choice and what is chosen: one option, or for a choice of many a tuple of them."""
    each: Repeat | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer that a question offers, and what follows from it."""

    slug: str
    name: str
    consequence: str
    effect: Effect


@dataclass(frozen=True, slots=True, kw_only=True)
class Follows:
    """Holds when one of `options` is the answer to an earlier question; with none, when its list isn't empty."""

    question: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question whose answers describe a topology.

    `kind`: "one" of the options, "many" of them, or a "list" of names. `module`: something to switch on and off in a
    plan as well; it is on while an endpoint has one of `roles`. `off` is the option that says it isn't there.
    """

    slug: str
    title: str
    topic: str
    text: str
    kind: Literal["one", "many", "list"]
    options: tuple[Answer, ...]
    default: tuple[str, ...]
    module: bool = False
    off: str | None = None
    roles: tuple[str, ...] = ()
    each: Repeat | None = None
    when: Follows | None = None

    @property
    def slugs(self) -> tuple[str, ...]:
        """The slugs of the options, in the document's order."""
        return tuple(option.slug for option in self.options)

    def option(self, slug: str) -> Answer:
        """The option with that slug; KeyError if there is none."""
        for option in self.options:
            if option.slug == slug:
                return option
        raise KeyError(slug)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """Everything one vendor document asks for, checked: every slug that is named exists."""

    product: str
    document: str
    received: str
    digest: str
    """SHA-256 (hexadecimal) of all facts below: it changes when any of them does."""
    sections: tuple[Section, ...]
    roles: Mapping[str, Role]
    platforms: Mapping[str, Platform]
    operations: Mapping[str, Operation]
    sessions: Mapping[str, Session]
    services: Mapping[str, Service]
    choices: Mapping[str, Choice]
    pairings: Mapping[str, Pairing]
    requirements: tuple[Requirement, ...]
    caveats: Mapping[str, Caveat]
    checks: tuple[Check, ...]
    holders: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Role slug -> slugs of the roles that are it: itself, and for a group its members."""
    questions: Mapping[str, Question] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """One line that names the matrix: product, document, date received and the start of the digest."""
        return f"{self.product} {self.document}, as received {self.received} ({self.digest[:8]})"

    @property
    def assignable_roles(self) -> tuple[Role, ...]:
        """The roles that an endpoint can be given, in the matrix's order."""
        return tuple(role for role in self.roles.values() if role.kind != "group")

    @property
    def managing_roles(self) -> frozenset[str]:
        """Slugs of the roles that may stand in `managed_by`."""
        return frozenset(
            slug
            for pairing in self.pairings.values()
            if pairing.managed_by
            for role in (pairing.near, pairing.fallback)
            for slug in self.holders[role]
        )

    def section_title(self, number: str) -> str:
        """The heading of a section, or an empty text for one that the matrix doesn't list."""
        return next((section.title for section in self.sections if section.number == number), "")


class MatrixError(ValueError):
    """The records are no matrix. `faults` has one sentence for each thing that is wrong."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


Record = Mapping[str, Any]
Records = Mapping[str, Sequence[Record]]

FIELDS: dict[str, dict[str, type | tuple[type, ...]]] = {
    "portmatrix": {"product": str, "document": str, "received": str},
    "section": {"number": str, "title": str},
    "role": {
        "slug": str, "name": str, "kind": str, "label": str, "icon": str, "description": str, "is_a": list,
        "exclusive": bool,
    },
    "platform": {"slug": str, "name": str, "icon": str},
    "operation": {"slug": str, "name": str, "section": str, "needs_platform": bool},
    "session": {"slug": str, "name": str},
    "service": {"slug": str, "name": str, "protocol": str, "ports": str, "configurable": bool, "listener": str},
    "choice": {
        "slug": str, "name": str, "question": str, "sections": list, "options": list, "many": bool,
        "default": (list, type(None)),
    },
    "pairing": {
        "slug": str, "name": str, "managed_by": bool, "near": str, "fallback": str, "fallback_not_in": list,
        "near_section": str,
    },
    "requirement": {
        "slug": str, "section": str, "topic": str, "name": str, "summary": str, "services": list, "source": str,
        "destination": str, "pairing": str, "target": dict, "when": list, "correction": str,
    },
    "caveat": {
        "slug": str, "sections": list, "title": str, "text": str, "about": dict, "correction": str,
        "service_ports": dict,
    },
    "check": {
        "code": str, "severity": str, "subject": str, "message": str, "advice": str, "when": list, "needs": list,
        "opening": dict,
    },
    "question": {
        "slug": str, "title": str, "topic": str, "text": str, "kind": str, "module": bool, "off": str, "roles": list,
        "when": dict, "default": list, "options": list, "each": dict,
    },
}  # fmt: skip
"""The kinds of record and the type of each of their fields. Text that doesn't apply is empty."""

_ZONES = [{"key": str, "name": str, "kind": str, "own": bool, "near": str}]
_ENDPOINTS = [
    {"name": str, "zone": str, "roles": [str], "group": bool, "platforms": [str], "operations": [str],
     "sessions": [str], "addresses": [str], "with_role": str, "without_role": str},
]  # fmt: skip
_GRANTS = [
    {"to_role": str, "to_platforms": [str], "roles": [str], "platforms": [str], "operations": [str],
     "sessions": [str]},
]  # fmt: skip
_EACH = {"of": str, "zones": _ZONES, "endpoints": _ENDPOINTS}
_EFFECT = {"zones": _ZONES, "endpoints": _ENDPOINTS, "grants": _GRANTS, "choices": {"": object}, "each": _EACH}
_CONDITIONS = [{"role": str, "choice": str, "options": [str]}]
_CONTENTS: dict[tuple[str, str], Any] = {
    ("role", "is_a"): [str],
    ("choice", "sections"): [str],
    ("choice", "options"): [{"slug": str, "name": str, "consequence": str}],
    ("choice", "default"): [str],
    ("pairing", "fallback_not_in"): [str],
    ("requirement", "target"): {
        "operation": str, "platform": str, "session": str, "without_sessions": [str], "without_platforms": [str],
    },
    ("requirement", "services"): [{"service": str, "choice": str, "options": [str]}],
    ("requirement", "when"): _CONDITIONS,
    ("caveat", "sections"): [str],
    ("caveat", "about"): {
        "always": bool, "sections": [str], "roles": [str], "services": [str], "requirements": [str],
        "when": _CONDITIONS,
    },
    ("caveat", "service_ports"): {"": str},
    ("check", "when"): _CONDITIONS,
    ("check", "needs"): [str],
    ("check", "opening"): {"": str},
    ("question", "roles"): [str],
    ("question", "when"): {"question": str, "options": [str]},
    ("question", "default"): [str],
    ("question", "options"): [{"slug": str, "name": str, "consequence": str, "effect": _EFFECT}],
    ("question", "each"): _EACH,
}  # fmt: skip
"""What stands inside a list or mapping; the key "" is for any other key. Which keys there may be is checked later."""

_KEYS = {"section": "number", "check": "code", "portmatrix": "product"}


def record_key(kind: str) -> str:
    """The field that names a record of this kind within its matrix."""
    return _KEYS.get(kind, "slug")


def build_matrix(records: Records) -> Matrix:
    """Build the checked matrix from plain records.

    `records` maps each kind of `FIELDS` to its records in their order; further keys of a record are ignored.
    Raises MatrixError with all faults when anything is missing, unknown or out of range.
    """
    faults = find_faults(records)
    if faults:
        raise MatrixError(faults)
    head = records["portmatrix"][0]
    roles = {row["slug"]: _role(row) for row in records.get("role", ())}
    return Matrix(
        product=head["product"],
        document=head["document"],
        received=head["received"],
        digest=digest_records(records),
        sections=tuple(
            Section(number=row["number"], title=row["title"])
            for row in sorted(records.get("section", ()), key=lambda row: section_key(row["number"]))
        ),
        roles=roles,
        platforms={row["slug"]: Platform(**_only("platform", row)) for row in records.get("platform", ())},
        operations={row["slug"]: Operation(**_only("operation", row)) for row in records.get("operation", ())},
        sessions={row["slug"]: Session(**_only("session", row)) for row in records.get("session", ())},
        services={row["slug"]: _service(row) for row in records.get("service", ())},
        choices={row["slug"]: _choice(row) for row in records.get("choice", ())},
        pairings={row["slug"]: _pairing(row) for row in records.get("pairing", ())},
        requirements=tuple(_requirement(row) for row in records.get("requirement", ())),
        caveats={row["slug"]: _caveat(row) for row in records.get("caveat", ())},
        checks=tuple(_check(row) for row in records.get("check", ())),
        holders=_holders(roles.values()),
        questions={row["slug"]: _question(row) for row in records.get("question", ())},
    )


def digest_records(records: Records) -> str:
    """SHA-256 (hexadecimal) over the known fields of all records; their order counts where the report shows it."""
    facts = {kind: [_only(kind, row) for row in records.get(kind, ())] for kind in FIELDS}
    text = json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def find_faults(records: Records) -> list[str]:
    """Everything that keeps the records from being a matrix, one sentence each; empty when nothing does."""
    faults = list(_find_shape_faults(records))
    return faults or list(_find_content_faults(records)) or list(_find_reference_faults(records))


def _only(kind: str, row: Record) -> dict[str, Any]:
    return {name: row[name] for name in FIELDS[kind]}


def _role(row: Record) -> Role:
    return Role(**{**_only("role", row), "is_a": tuple(row["is_a"])})


def _service(row: Record) -> Service:
    return Service(**{**_only("service", row), "ports": read_ports(row["ports"]) if row["ports"] else None})


def _choice(row: Record) -> Choice:
    return Choice(
        **{
            **_only("choice", row),
            "sections": tuple(row["sections"]),
            "options": tuple(Option(**option) for option in row["options"]),
            "default": None if row["default"] is None else tuple(row["default"]),
        }
    )


def _pairing(row: Record) -> Pairing:
    return Pairing(
        **{
            **_only("pairing", row),
            "fallback_not_in": tuple(row["fallback_not_in"]),
            "near_section": row["near_section"] or None,
        }
    )


def _condition(data: Mapping[str, Any]) -> Condition:
    if "role" in data:
        return RolePresent(role=data["role"])
    return ChoiceIs(choice=data["choice"], options=tuple(data["options"]))


def _ask(data: Mapping[str, Any]) -> Ask:
    when = ChoiceIs(choice=data["choice"], options=tuple(data["options"])) if "choice" in data else None
    return Ask(service=data["service"], when=when)


def _target(data: Mapping[str, Any]) -> Target | None:
    fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
    return Target(**fields) if fields else None


def _requirement(row: Record) -> Requirement:
    return Requirement(
        slug=row["slug"],
        section=row["section"],
        topic=row["topic"],
        name=row["name"],
        summary=row["summary"],
        asks=tuple(_ask(ask) for ask in row["services"]),
        source=row["source"] or None,
        destination=row["destination"] or None,
        pairing=row["pairing"] or None,
        target=_target(row["target"]),
        when=tuple(_condition(condition) for condition in row["when"]),
        correction=row["correction"] or None,
    )


def _caveat(row: Record) -> Caveat:
    about: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in row["about"].items()}
    about["when"] = tuple(_condition(condition) for condition in about.get("when", ()))
    return Caveat(
        slug=row["slug"],
        sections=tuple(row["sections"]),
        title=row["title"],
        text=row["text"],
        about=About(**about),
        correction=row["correction"] or None,
        service_ports=tuple((slug, read_ports(ports)) for slug, ports in sorted(row["service_ports"].items())),
    )


def _check(row: Record) -> Check:
    return Check(
        **{
            **_only("check", row),
            "when": tuple(_condition(condition) for condition in row["when"]),
            "needs": tuple(row["needs"]),
            "opening": Opening(**row["opening"]) if row["opening"] else None,
        }
    )


def _question(row: Record) -> Question:
    return Question(
        **{
            **_only("question", row),
            "off": row["off"] or None,
            "roles": tuple(row["roles"]),
            "when": Follows(question=row["when"]["question"], options=tuple(row["when"]["options"]))
            if row["when"]
            else None,
            "default": tuple(row["default"]),
            "options": tuple(Answer(**{**option, "effect": _effect(option["effect"])}) for option in row["options"]),
            "each": _repeat({"of": row["slug"], **row["each"]}) if row["each"] else None,
        }
    )


def _effect(data: Mapping[str, Any]) -> Effect:
    return Effect(
        zones=_templates(ZoneTemplate, data.get("zones", ())),
        endpoints=_templates(EndpointTemplate, data.get("endpoints", ())),
        grants=_templates(Grant, data.get("grants", ())),
        choices=tuple(
            (choice, tuple(chosen) if isinstance(chosen, list) else chosen)
            for choice, chosen in data.get("choices", {}).items()
        ),
        each=_repeat(data["each"]) if data.get("each") else None,
    )


def _repeat(data: Mapping[str, Any]) -> Repeat:
    return Repeat(
        of=data["of"],
        zones=_templates(ZoneTemplate, data.get("zones", ())),
        endpoints=_templates(EndpointTemplate, data.get("endpoints", ())),
    )


def _templates[T](kind: Callable[..., T], rows: Iterable[Mapping[str, Any]]) -> tuple[T, ...]:
    return tuple(kind(**{k: tuple(v) if isinstance(v, list) else v for k, v in row.items()}) for row in rows)


def _holders(roles: Iterable[Role]) -> dict[str, frozenset[str]]:
    holders: dict[str, set[str]] = {}
    for role in roles:
        holders.setdefault(role.slug, set())
        if role.kind != "group":
            holders[role.slug].add(role.slug)
        for group in role.is_a:
            holders.setdefault(group, set()).add(role.slug)
    return {slug: frozenset(members) for slug, members in holders.items()}


def _find_shape_faults(records: Records) -> Iterator[str]:
    """Unknown kinds, missing fields, wrong types, bad and repeated slugs."""
    for kind in records:
        if kind not in FIELDS:
            yield f"Unknown kind of record '{kind}'; allowed are {_listed(FIELDS)}."
    if len(records.get("portmatrix", ())) != 1:
        yield f"There must be one portmatrix record, not {len(records.get('portmatrix', ()))}."
    for kind, fields in FIELDS.items():
        seen: set[str] = set()
        key = record_key(kind)
        for row in records.get(kind, ()):
            name = row.get(key)
            where = f"{kind} '{name}'"
            for field_name, types in fields.items():
                if field_name not in row:
                    yield f"{where}: the field '{field_name}' is missing."
                elif not isinstance(row[field_name], types):
                    yield f"{where}: the field '{field_name}' has the wrong type, {type(row[field_name]).__name__}."
            if not isinstance(name, str):
                continue
            if name in seen:
                yield f"{where} is there twice."
            seen.add(name)
            if kind == "section":
                if not _NUMBER.fullmatch(name):
                    yield f"{where}: '{name}' is no section number such as 3, 3.1 or a."
            elif key != "product" and not _SLUG.fullmatch(name):
                yield f"{where}: '{name}' is no slug (lower-case letters, digits and hyphens)."


def _find_content_faults(records: Records) -> Iterator[str]:
    """Wrong types inside lists and mappings."""
    for (kind, field_name), shape in _CONTENTS.items():
        for row in records.get(kind, ()):
            if row[field_name] is not None:
                for place, value in _find_misfits(row[field_name], shape, field_name):
                    yield f"{kind} '{row[record_key(kind)]}': {place} has the wrong type, {type(value).__name__}."


def _find_misfits(value: Any, shape: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Each place that hasn't the type of the shape, and what stands there."""
    if isinstance(shape, list) and isinstance(value, list):
        for number, item in enumerate(value):
            yield from _find_misfits(item, shape[0], f"{place}[{number}]")
    elif isinstance(shape, dict) and isinstance(value, dict):
        for key, item in value.items():
            if key in shape or "" in shape:
                yield from _find_misfits(item, shape.get(key, shape.get("")), f"{place}.{key}")
    elif not isinstance(value, shape if isinstance(shape, type) else type(shape)):
        yield place, value


def _find_reference_faults(records: Records) -> Iterator[str]:
    """Names of things that don't exist, values outside their range, and gaps in meaning."""
    known: dict[str, set[str]] = {kind: {row[record_key(kind)] for row in records.get(kind, ())} for kind in FIELDS}
    options = {row["slug"]: {option.get("slug") for option in row["options"]} for row in records.get("choice", ())}
    groups = {row["slug"] for row in records.get("role", ()) if row["kind"] == "group"}

    def unknown(where: str, kind: str, slugs: Iterable[str]) -> Iterator[str]:
        for slug in slugs:
            if slug not in known[kind]:
                yield f"{where}: there is no {kind} '{slug}'."

    def outside(where: str, what: str, values: Iterable[Any], allowed: Iterable[str]) -> Iterator[str]:
        allowed = tuple(allowed)
        for value in values:
            if value not in allowed:
                yield f"{where}: '{value}' is no {what}; allowed are {_listed(allowed)}."

    def conditions(where: str, rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
        for row in rows:
            if set(row) == {"role"}:
                yield from unknown(where, "role", [row["role"]])
            elif set(row) == {"choice", "options"}:
                yield from unknown(where, "choice", [row["choice"]])
                if row["choice"] in options:
                    yield from outside(
                        where, f"option of '{row['choice']}'", row["options"], sorted(map(str, options[row["choice"]]))
                    )
            else:
                yield f"{where}: a condition is {{role}} or {{choice, options}}, not {{{', '.join(sorted(row))}}}."

    def ports(where: str, text: str) -> Iterator[str]:
        try:
            read_ports(text)
        except ValueError as error:
            yield f"{where}: the port '{text}' {error}."

    for row in records.get("platform", ()):
        yield from outside(f"platform '{row['slug']}'", "icon", filter(None, [row["icon"]]), ICONS)
    for row in records.get("role", ()):
        where = f"role '{row['slug']}'"
        yield from outside(where, "kind of role", [row["kind"]], ROLE_KINDS)
        yield from outside(where, "icon", filter(None, [row["icon"]]), ICONS)
        yield from unknown(where, "role", row["is_a"])
        for slug in row["is_a"]:
            if slug in known["role"] - groups:
                yield f"{where}: '{slug}' is no group, so nothing can be one of it."
        if row["is_a"] and row["slug"] in groups:
            yield f"{where}: a group can't belong to another group."
    for row in records.get("operation", ()):
        yield from unknown(f"operation '{row['slug']}'", "section", [row["section"]])
    for row in records.get("service", ()):
        where = f"service '{row['slug']}'"
        yield from outside(where, "protocol", [row["protocol"]], PROTOCOLS)
        if row["protocol"] != "icmp":
            yield from ports(where, row["ports"])
        elif row["ports"] or row["configurable"]:
            yield f"{where}: ICMP has no ports, so none can be given or configured."
    for row in records.get("choice", ()):
        where = f"choice '{row['slug']}'"
        yield from unknown(where, "section", row["sections"])
        if not row["options"]:
            yield f"{where} has no options; give it two or more."
        for option in row["options"]:
            if set(option) != {"slug", "name", "consequence"}:
                yield f"{where}: an option has slug, name and consequence, not {_listed(sorted(option))}."
        if len(options[row["slug"]]) != len(row["options"]):
            yield f"{where} has two options of one slug."
        yield from outside(where, "option of it", row["default"] or (), sorted(map(str, options[row["slug"]])))
        if not row["many"] and row["default"] is not None and len(row["default"]) != 1:
            yield f"{where}: the default must be one option, or null for an alternative that starts undecided."
        if row["many"] and row["default"] is None:
            yield f"{where}: a choice of many options needs a default; an empty list means none of them."
    for row in records.get("pairing", ()):
        where = f"pairing '{row['slug']}'"
        yield from unknown(where, "role", [row["near"], row["fallback"]])
        yield from outside(where, "kind of zone", row["fallback_not_in"], ZONE_KINDS)
        yield from unknown(where, "section", [row["near_section"]] if row["near_section"] else [])
    for row in records.get("requirement", ()):
        where = f"requirement '{row['slug']}'"
        if not row["section"]:
            yield f"{where} has no section; say where in the document it stands."
        else:
            yield from unknown(where, "section", [row["section"]])
        yield from _find_end_faults(where, row)
        yield from unknown(where, "role", [row[end] for end in ("source", "destination") if row[end]])
        yield from unknown(where, "pairing", [row["pairing"]] if row["pairing"] else [])
        yield from unknown(where, "caveat", [row["correction"]] if row["correction"] else [])
        yield from conditions(where, row["when"])
        if not row["services"]:
            yield f"{where} asks for no service."
        for ask in row["services"]:
            yield from unknown(where, "service", [ask.get("service")])
            extra = {k: v for k, v in ask.items() if k != "service"}
            if extra and set(extra) != {"choice", "options"}:
                asked = _listed(sorted(ask))
                yield f"{where}: it asks by {{service}} or {{service, choice, options}}, not {{{asked}}}."
            elif extra:
                yield from conditions(where, [extra])
        target = row["target"]
        yield from outside(where, "field of a target", target, Target.__dataclass_fields__)
        yield from unknown(where, "operation", [target["operation"]] if "operation" in target else [])
        yield from unknown(
            where, "platform", [*([target["platform"]] if "platform" in target else []),
                                *target.get("without_platforms", ())],
        )  # fmt: skip
        yield from unknown(
            where, "session", [*([target["session"]] if "session" in target else []),
                               *target.get("without_sessions", ())],
        )  # fmt: skip
    requirement_slugs = {row["slug"] for row in records.get("requirement", ())}
    for row in records.get("caveat", ()):
        where = f"caveat '{row['slug']}'"
        yield from unknown(where, "section", row["sections"])
        about = row["about"]
        yield from outside(where, "field of about", about, About.__dataclass_fields__)
        yield from unknown(where, "section", about.get("sections", ()))
        yield from unknown(where, "role", about.get("roles", ()))
        yield from unknown(where, "service", about.get("services", ()))
        for slug in about.get("requirements", ()):
            if slug not in requirement_slugs:
                yield f"{where}: there is no requirement '{slug}'."
        yield from conditions(where, about.get("when", ()))
        if not any(value for name, value in about.items() if name != "when"):
            yield f"{where} would never be shown; say in 'about' what it is about."
        yield from unknown(where, "service", row["service_ports"])
        for text in row["service_ports"].values():
            yield from ports(where, text)
        corrects = row["service_ports"] or any(
            requirement["correction"] == row["slug"] for requirement in records.get("requirement", ())
        )
        if bool(row["correction"]) != bool(corrects):
            yield f"{where}: a correction needs both its text and something that it changes, or neither."
    for row in records.get("check", ()):
        where = f"check '{row['code']}'"
        yield from outside(where, "severity", [row["severity"]], SEVERITIES)
        yield from conditions(where, row["when"])
        yield from unknown(where, "role", row["needs"])
        opening = row["opening"]
        if not (row["when"] or row["needs"] or opening):
            yield f"{where} would never be raised; say when, what it needs, or for which opening."
        yield from outside(where, "field of an opening", opening, Opening.__dataclass_fields__)
        yield from unknown(where, "role", [opening[k] for k in ("source_role", "destination_role") if k in opening])
        yield from unknown(where, "service", [opening["service"]] if "service" in opening else [])
        kinds = [opening[k] for k in ("source_kind", "destination_kind") if k in opening]
        yield from outside(where, "kind of zone", kinds, ZONE_KINDS)
    yield from _find_question_faults(records)


def _find_question_faults(records: Records) -> Iterator[str]:
    """What is wrong with questions: their own fields, what they name, and effects that no plan could show."""
    known = {kind: {row[record_key(kind)] for row in records.get(kind, ())} for kind in FIELDS}
    earlier: dict[str, Record] = {}
    owners: dict[str, str] = {}
    lists = {row["slug"] for row in records.get("question", ()) if row["kind"] == "list"}
    for row in records.get("question", ()):
        where = f"question '{row['slug']}'"
        slugs = [option.get("slug") for option in row["options"]]
        if row["kind"] not in QUESTION_KINDS:
            yield f"{where}: '{row['kind']}' is no kind of question; allowed are {_listed(QUESTION_KINDS)}."
        elif row["kind"] == "list":
            yield from _find_list_faults(where, row)
        else:
            yield from _find_option_faults(where, row, slugs)
        yield from _find_module_faults(where, row, slugs, records, owners)
        yield from _find_follow_faults(where, row["when"], earlier)
        for option in row["options"]:
            place = f"{where}, option '{option.get('slug')}'"
            effect = option.get("effect", {})
            yield from _find_strangers(place, "an effect", effect, Effect.__dataclass_fields__)
            yield from _find_template_faults(place, effect, records, known)
            yield from _find_grant_faults(place, effect.get("grants", ()), records, known)
            yield from _find_chosen_faults(place, effect.get("choices", {}), records)
            each = effect.get("each")
            if each:
                if each.get("of") not in lists:
                    yield f"{place}: 'each' must say of which question of kind list it is, not {each.get('of')!r}."
                yield from _find_each_faults(place, each, records, known, ("of", "zones", "endpoints"))
        if row["kind"] == "list":
            yield from _find_each_faults(where, row["each"], records, known, ("zones", "endpoints"))
        earlier[row["slug"]] = row


def _find_list_faults(where: str, row: Record) -> Iterator[str]:
    if row["options"] or row["default"]:
        yield f"{where}: a list of names has neither options nor a default."
    if not row["each"].get("zones"):
        yield f"{where}: a list of names needs in 'each' the zone that there is for each of them."


def _find_option_faults(where: str, row: Record, slugs: Sequence[Any]) -> Iterator[str]:
    if row["each"]:
        yield f"{where}: only a list of names has an 'each' of its own; put it into the effect of an option."
    if not slugs:
        yield f"{where} has no options; give it two or more."
    for option in row["options"]:
        if set(option) != {"slug", "name", "consequence", "effect"}:
            yield f"{where}: an option has slug, name, consequence and effect, not {_listed(sorted(option))}."
        elif not _SLUG.fullmatch(option["slug"]):
            yield f"{where}: '{option['slug']}' is no slug (lower-case letters, digits and hyphens)."
    if len(set(slugs)) != len(slugs):
        yield f"{where} has two options of one slug."
    for slug in row["default"]:
        if slug not in slugs:
            yield f"{where}: '{slug}' is no option of it; allowed are {_listed(map(str, slugs))}."
    if row["kind"] == "one" and len(row["default"]) != 1:
        yield f"{where}: the default must be one option; it is what a question that was skipped counts as."


def _find_module_faults(
    where: str, row: Record, slugs: Sequence[Any], records: Records, owners: dict[str, str]
) -> Iterator[str]:
    """`owners`: the module of each role so far; those of this one are added."""
    assignable = {role["slug"] for role in records.get("role", ()) if role["kind"] != "group"}
    for role in row["roles"]:
        if role not in assignable:
            yield f"{where}: '{role}' is no role that an endpoint can be given."
        elif row["module"] and owners.setdefault(role, row["slug"]) != row["slug"]:
            yield f"{where}: the role '{role}' belongs to the module '{owners[role]}' already."
    if row["module"] and not row["roles"]:
        yield f"{where}: a module needs the roles by which it is known."
    if not (row["module"] and row["kind"] == "one"):
        if row["off"]:
            yield f"{where}: only a module with one answer has an option that switches it off."
        return
    off = next((option for option in row["options"] if option.get("slug") == row["off"]), None)
    if off is None:
        yield f"{where}: '{row['off']}' is no option of it; a module needs one that switches it off."
    elif set(off.get("effect", {})) - {"choices"}:
        yield f"{where}: the option '{row['off']}' switches it off, so it may set choices and nothing else."


def _find_follow_faults(where: str, when: Mapping[str, Any], earlier: Mapping[str, Record]) -> Iterator[str]:
    if not when:
        return
    if set(when) != {"question", "options"}:
        yield f"{where}: 'when' is {{question, options}}, not {{{', '.join(sorted(when))}}}."
        return
    parent = earlier.get(when["question"])
    if parent is None or parent["when"]:
        yield f"{where}: '{when['question']}' is no earlier question that is always asked."
    elif parent["kind"] == "list":
        if when["options"]:
            yield f"{where}: '{when['question']}' is a list; leave the options of 'when' empty."
    else:
        slugs = [option.get("slug") for option in parent["options"]]
        if not when["options"]:
            yield f"{where}: 'when' needs the options of '{when['question']}' after which it is asked."
        for slug in when["options"]:
            if slug not in slugs:
                allowed = _listed(map(str, slugs))
                yield f"{where}: '{slug}' is no option of '{when['question']}'; allowed are {allowed}."


def _find_strangers(where: str, what: str, data: Mapping[str, Any], allowed: Iterable[str]) -> Iterator[str]:
    allowed = tuple(allowed)
    for key in data:
        if key not in allowed:
            yield f"{where}: '{key}' is no field of {what}; allowed are {_listed(allowed)}."


def _find_each_faults(
    where: str, each: Mapping[str, Any], records: Records, known: Mapping[str, set[str]], allowed: Iterable[str]
) -> Iterator[str]:
    """What there is for each name needs the name in its own, or all of them would be one."""
    yield from _find_strangers(where, "'each'", each, allowed)
    yield from _find_template_faults(where, each, records, known)
    for template in (*each.get("zones", ()), *each.get("endpoints", ())):
        if template.get("name", "").count(PLACEHOLDER) != 1:
            yield f"{where}: '{template.get('name', '')}' must have {PLACEHOLDER} in it, once."
    for zone in each.get("zones", ()):
        if "own" in zone or "near" in zone:
            yield f"{where}: the zone '{zone.get('key')}' is found by its name, so it has neither own nor near."


def _find_template_faults(
    where: str, effect: Mapping[str, Any], records: Records, known: Mapping[str, set[str]]
) -> Iterator[str]:
    """Zones and endpoints that no plan could have."""
    zones: dict[Any, Any] = {}
    for zone in effect.get("zones", ()):
        yield from _find_strangers(where, "a zone", zone, ZoneTemplate.__dataclass_fields__)
        if not {"key", "name", "kind"} <= zone.keys():
            yield f"{where}: a zone has key, name and kind, not {_listed(sorted(zone))}."
            continue
        if zone["key"] in zones:
            yield f"{where} has two zones with the key '{zone['key']}'."
        zones[zone["key"]] = zone["kind"]
        yield from _find_name_faults(where, zone["name"])
        if zone["kind"] not in ZONE_KINDS:
            yield f"{where}: '{zone['kind']}' is no kind of zone; allowed are {_listed(ZONE_KINDS)}."
        if "near" in zone and zone["near"] not in known["role"]:
            yield f"{where}: there is no role '{zone['near']}'."
        if zone.get("own") and "near" in zone:
            yield f"{where}: the zone '{zone['key']}' is one apart, so it is near no role."
    for endpoint in effect.get("endpoints", ()):
        yield from _find_strangers(where, "an endpoint", endpoint, EndpointTemplate.__dataclass_fields__)
        if not {"name", "zone"} <= endpoint.keys():
            yield f"{where}: an endpoint has name and zone, not {_listed(sorted(endpoint))}."
            continue
        place = f"{where}, endpoint '{endpoint['name']}'"
        yield from _find_name_faults(where, endpoint["name"])
        if endpoint["zone"] not in zones:
            yield f"{place}: there is no zone with the key '{endpoint['zone']}' beside it."
        yield from _find_unknown(place, endpoint, known)
        yield from _find_role_faults(place, endpoint.get("roles", ()), records)
        for name in ("with_role", "without_role"):
            if name in endpoint and endpoint[name] not in known["role"]:
                yield f"{place}: there is no role '{endpoint[name]}'."
        addresses = endpoint.get("addresses", [])
        if addresses and addresses != ["any"]:
            yield f"{place}: the only address it can have is any; nobody knows the others beforehand."
        elif addresses and not (endpoint.get("group") and zones.get(endpoint["zone"]) == "internet"):
            yield f"{place}: the address any is for a group in a zone of kind internet."


def _find_name_faults(where: str, name: str) -> Iterator[str]:
    if not 1 <= len(name) <= 100 or name != name.strip() or any(unicodedata.category(c) in ("Cc", "Cs") for c in name):
        yield (
            f"{where}: {name!a} is no name; one has 1 to 100 characters, none of them control characters, "
            "and no white space at its ends."
        )


def _find_unknown(where: str, data: Mapping[str, Any], known: Mapping[str, set[str]]) -> Iterator[str]:
    for kind in ("role", "platform", "operation", "session"):
        for slug in data.get(f"{kind}s", ()):
            if slug not in known[kind]:
                yield f"{where}: there is no {kind} '{slug}'."


def _find_role_faults(where: str, roles: Sequence[str], records: Records) -> Iterator[str]:
    """Roles that an endpoint can't hold, or not together."""
    for group in (row for row in records.get("role", ()) if row["kind"] == "group"):
        if group["slug"] in roles:
            yield f"{where}: '{group['slug']}' is a group; give it one of its roles."
        held = [row["slug"] for row in records["role"] if group["slug"] in row["is_a"] and row["slug"] in roles]
        if group["exclusive"] and len(held) > 1:
            yield f"{where}: {_listed(held)} exclude each other."


def _find_grant_faults(
    where: str, grants: Sequence[Mapping[str, Any]], records: Records, known: Mapping[str, set[str]]
) -> Iterator[str]:
    for grant in grants:
        yield from _find_strangers(where, "a grant", grant, Grant.__dataclass_fields__)
        if bool(grant.get("to_role")) == bool(grant.get("to_platforms")):
            yield f"{where}: a grant is to a role or to platforms, and not both."
        if not any(grant.get(name) for name in ("roles", "platforms", "operations", "sessions")):
            yield f"{where}: a grant gives roles, platforms, operations or sessions."
        yield from _find_unknown(where, grant, known)
        yield from _find_role_faults(where, grant.get("roles", ()), records)
        for role in [grant["to_role"]] if grant.get("to_role") else []:
            if role not in known["role"]:
                yield f"{where}: there is no role '{role}'."
        for platform in grant.get("to_platforms", ()):
            if platform not in known["platform"]:
                yield f"{where}: there is no platform '{platform}'."


def _find_chosen_faults(where: str, chosen: Mapping[str, Any], records: Records) -> Iterator[str]:
    choices = {row["slug"]: row for row in records.get("choice", ())}
    for slug, value in chosen.items():
        if slug not in choices:
            yield f"{where}: there is no choice '{slug}'."
            continue
        many = choices[slug]["many"]
        if many != isinstance(value, list):
            yield f"{where}: the choice '{slug}' takes {'a list of options' if many else 'one option'}."
            continue
        options = [option.get("slug") for option in choices[slug]["options"]]
        for option in value if many else [value]:
            if option not in options:
                yield f"{where}: '{option}' is no option of '{slug}'; allowed are {_listed(map(str, options))}."


def _find_end_faults(where: str, row: Record) -> Iterator[str]:
    """A requirement must say where connections come from and where they go, each in one way."""
    if bool(row["source"]) == bool(row["pairing"]):
        yield f"{where} needs a source role or a pairing, and not both."
    if bool(row["destination"]) == bool(row["target"]):
        yield f"{where} needs a destination role or a target, and not both."


def _listed(values: Iterable[str]) -> str:
    return ", ".join(values)
