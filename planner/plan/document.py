"""The plan document: typed, validated, with its JSON Schema.

The types follow from the matrix: its roles, choices and services are the values that a document may contain. A
document is read in one go: whatever is wrong with it is reported together, each fault with its place. Values that
were read are frozen dataclasses; nothing after this module has to doubt them.
"""

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Annotated, Any, Literal, NamedTuple, cast, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    create_model,
    model_validator,
)
from pydantic_core import ErrorDetails, PydanticCustomError

from planner.plan import syntax
from planner.plan.kinds import KINDS
from planner.plan.syntax import Path, Syntax
from ports.matrix import PROTOCOLS, Choice, Matrix, read_ports

FORMAT = 1
ANY = "any"
"""The address of a group that can be anywhere on the internet; it is never assumed."""

MAX_ITEMS = 20_000
"""Most entries of a list within an endpoint."""
MAX_ROWS = 50_000
"""Most zones, endpoints and additional flows of a plan."""

_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """A part of the network between firewalls. `kind` is one of planner.plan.kinds.KINDS."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A machine, or with `group` many alike, in one zone. An empty `addresses` means not known yet."""

    name: str
    zone: str
    addresses: tuple[str, ...] = ()
    group: bool = False
    roles: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()
    sessions: tuple[str, ...] = ()
    managed_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AdditionalFlow:
    """A flow that the site needs beyond the vendor's document. `ports` is None for ICMP only."""

    source: str
    destination: str
    protocol: Literal["tcp", "udp", "icmp"]
    reason: str
    ports: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A plan document that has been checked against a matrix.

    `choices` holds what the document says, an option or for a choice of many a tuple of options; what it doesn't say
    is the matrix's default. `ports` holds overrides, normalised.
    """

    name: str
    zones: tuple[Zone, ...]
    endpoints: tuple[Endpoint, ...]
    description: str = ""
    choices: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    ports: Mapping[str, str] = field(default_factory=dict)
    corrections: tuple[str, ...] = ()
    additional_flows: tuple[AdditionalFlow, ...] = ()


class Fault(NamedTuple):
    """One thing that is wrong with a document: its place, and a sentence with what was found and what is allowed."""

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


class PlanError(ValueError):
    """The document is no plan. `faults` has everything that is wrong with it, in the document's order."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


def read_plan(data: bytes, *, matrix: Matrix, syntax: Syntax = "yaml") -> Plan:
    """Read a plan document from JSON or YAML in UTF-8, at most `planner.plan.syntax.MAX_BYTES` bytes.

    Returns the checked plan. Raises PlanError with every fault of the document; a document that can't be parsed has
    one fault, at its line and column.
    """
    return check_plan(_parse(data, syntax), matrix=matrix, text=syntax == "yaml")


def check_plan(tree: object, *, matrix: Matrix, text: bool = False) -> Plan:
    """Check a parsed document against the matrix and return the plan.

    `text`: scalars are text as written (YAML), and the schema gives the type; otherwise types are JSON's own.
    Raises PlanError with every fault.
    """
    if not isinstance(tree, dict):
        what = "it is empty" if tree in (None, "") else f"found {_shown(tree)}"
        raise PlanError([Fault("document", f"A plan is a mapping with format, name, zones and endpoints; {what}.")])
    faults = [(path, "This key is written more than once; keep one of them.") for path in syntax.repeated_keys(tree)]
    faults += _find_reference_faults(tree, matrix)
    plan = None
    try:
        plan = plan_model(matrix).model_validate(tree, context={"text": text})
    except ValidationError as error:
        faults += [(_path(details), _sentence(details, matrix)) for details in error.errors(include_url=False)]
    if faults or plan is None:
        order = _document_order(tree)
        faults.sort(key=lambda fault: order(fault[0]))
        raise PlanError(dict.fromkeys(Fault(_where(path), message) for path, message in faults))
    return cast(_Document, plan).frozen()


def dump_plan(plan: Plan) -> dict[str, Any]:
    """The plan as plain data in the order of the format, without what is empty; `check_plan` reads it back."""
    document: dict[str, Any] = {"format": FORMAT, "name": plan.name}
    if plan.description:
        document["description"] = plan.description
    document["zones"] = [{"name": zone.name, "kind": zone.kind} for zone in plan.zones]
    document["endpoints"] = [_dump_fields(endpoint) for endpoint in plan.endpoints]
    if plan.choices:
        document["choices"] = {
            slug: list(chosen) if isinstance(chosen, tuple) else chosen for slug, chosen in plan.choices.items()
        }
    if plan.ports:
        document["ports"] = dict(plan.ports)
    if plan.corrections:
        document["corrections"] = list(plan.corrections)
    if plan.additional_flows:
        document["additional_flows"] = [_dump_fields(flow) for flow in plan.additional_flows]
    return document


def plan_schema(matrix: Matrix) -> dict[str, Any]:
    """The JSON Schema (2020-12) of plan documents under this matrix.

    It holds what a schema can say: keys, types, vocabulary. References, duplicate names and addresses are checked by
    `check_plan` alone.
    """
    schema = plan_model(matrix).model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Plan document"}


def name_key(name: str) -> str:
    """What two names have in common when they count as the same: Unicode NFC, then case folded."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def address_key(address: str) -> str:
    """One text for every way to write an address: 10.0.0.1/32 is 10.0.0.1, 2001:DB8::1 is 2001:db8::1."""
    try:
        network = ipaddress.ip_network(address)
    except ValueError:
        return address.casefold()
    return str(network.network_address) if network.num_addresses == 1 else str(network)


# ---- types of the document, made from the matrix ----


class _Part(BaseModel):
    """A mapping of the document: unknown keys are errors, and null means absent where a key may be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _read_nulls(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        required = {info.alias or name for name, info in cls.model_fields.items() if info.is_required()}
        known = {info.alias or name for name, info in cls.model_fields.items()}
        return {
            _readable(key): _without_nulls(value)
            for key, value in data.items()
            if key in required or key not in known or not (value is None or isinstance(value, syntax.Null))
        }


def _readable(key: object) -> object:
    """A key of JSON with half a surrogate pair as text that can be shown; pydantic can't, and stops at it."""
    return key.encode("utf-8", "backslashreplace").decode() if isinstance(key, str) and not key.isascii() else key


def _without_nulls(value: object) -> object:
    """YAML's plain null as the text that it is, where text is what counts."""
    if isinstance(value, syntax.Null):
        return str(value)
    if isinstance(value, list):
        return [str(item) if isinstance(item, syntax.Null) else item for item in value]
    return value


class _Document(_Part):
    """What every plan document is, whatever the matrix; `plan_model` adds the vocabulary."""

    def frozen(self) -> Plan:
        """The plan as frozen dataclasses."""
        data: Any = self
        return Plan(
            name=data.name,
            description=data.description,
            zones=tuple(Zone(name=zone.name, kind=zone.kind) for zone in data.zones),
            endpoints=tuple(
                Endpoint(**{name: getattr(endpoint, name) for name in Endpoint.__dataclass_fields__})
                for endpoint in data.endpoints
            ),
            choices={
                (info.alias or name): getattr(data.choices, name)
                for name, info in type(data.choices).model_fields.items()
                if name in data.choices.model_fields_set
            },
            ports={
                (info.alias or name): getattr(data.ports, name)
                for name, info in type(data.ports).model_fields.items()
                if name in data.ports.model_fields_set
            },
            corrections=data.corrections,
            additional_flows=tuple(
                AdditionalFlow(**{name: getattr(flow, name) for name in AdditionalFlow.__dataclass_fields__})
                for flow in data.additional_flows
            ),
        )


def _fault(message: str) -> PydanticCustomError:
    # Braces would be read as a template by pydantic.
    return PydanticCustomError("plan", "{sentence}", {"sentence": message})


def _is_text(info: ValidationInfo) -> bool:
    """Whether scalars are text as written, and the schema gives the type (YAML)."""
    return bool(info.context and info.context["text"])


def _read_format(value: object, info: ValidationInfo) -> object:
    allowed = "1" if _is_text(info) else 1
    if type(value) is not type(allowed) or value != allowed:
        raise _fault(f"The format must be the integer 1, found {_shown(value)}.")
    return FORMAT


def _read_bool(value: object, info: ValidationInfo) -> object:
    if _is_text(info) and isinstance(value, str):
        value = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}.get(
            value, value
        )
    if not isinstance(value, bool):
        raise _fault(f"This must be true or false, found {_shown(value)}.")
    return value


def _read_text(value: object) -> str:
    if not isinstance(value, str):
        raise _fault(f"This must be text, found {_shown(value)}.")
    return str(value)


def _read_name(value: object) -> str:
    name = _read_text(value)
    if not 1 <= len(name) <= 255:
        raise _fault(f"A name has 1 to 255 characters, found {len(name)}.")
    if name != name.strip():
        raise _fault(f"A name has no white space at its ends, found {_shown(name)}.")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in name):
        raise _fault(f"A name has no control characters, found {_shown(name)}.")
    return name


def _read_prose(value: object) -> str:
    text = _read_text(value)
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\t\n\r" for c in text):
        raise _fault("This text has control characters; only line breaks and tabs are allowed.")
    return text


def _read_reason(value: object) -> str:
    text = _read_prose(value)
    if not text.strip():
        raise _fault("A reason is needed: say in a few words what this flow is for.")
    return text


def _read_port(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise _fault(f"This must be a port (1 to 65535) or a range such as 49152-65535, found {_shown(value)}.")
    try:
        return read_ports(value)
    except ValueError as error:
        raise _fault(f"{_shown(value)} {error}.") from None


def _read_address(value: object) -> str:
    address = _read_text(value)
    if address == ANY or _is_ip(address):
        return address
    host, slash, prefix = address.partition("/")
    if slash and _is_ip(host) and prefix.isascii() and prefix.isdigit():
        try:
            network = ipaddress.ip_network(address, strict=False)
        except ValueError:
            raise _fault(f"{_shown(address)} is no network: the prefix is too long.") from None
        if network.network_address != ipaddress.ip_address(host):
            raise _fault(f"The network {_shown(address)} has host bits set; the network is {network}.")
        return address
    if address.casefold() == ANY:
        raise _fault(f"{_shown(address)} is no address; for everyone on the internet write {ANY}, in lower case.")
    labels = address.split(".")
    if len(address) > 253 or labels[-1].isdigit() or not all(map(_LABEL.fullmatch, labels)):
        raise _fault(
            f"{_shown(address)} is no address; allowed are IPv4 and IPv6 addresses, "
            "networks such as 10.0.0.0/24, and DNS names."
        )
    return address


def _is_ip(text: str) -> bool:
    try:
        return "%" not in text and bool(ipaddress.ip_address(text).version)
    except ValueError:
        return False


def _at_most(count: int) -> BeforeValidator:
    """A limit on the length of a list, checked before its entries are."""

    def check(value: object) -> object:
        if isinstance(value, list) and len(value) > count:
            raise _fault(f"At most {count:,} entries are allowed here, found {len(value):,}.")
        return value

    return BeforeValidator(check)


def _once(values: list[Any]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(values))


_Name = Annotated[str, BeforeValidator(_read_name), Field(min_length=1, max_length=255)]
_Prose = Annotated[str, BeforeValidator(_read_prose)]
_Reason = Annotated[str, BeforeValidator(_read_reason), Field(min_length=1)]
_Port = Annotated[
    str,
    BeforeValidator(_read_port),
    WithJsonSchema(
        {
            "description": "a port (1 to 65535) or a range such as 49152-65535",
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": 65535},
                {"type": "string", "pattern": "^[0-9]+(-[0-9]+)?$"},
            ],
        }
    ),
]
_Address = Annotated[str, BeforeValidator(_read_address)]
_Addresses = Annotated[
    list[_Address],
    AfterValidator(_once),
    _at_most(MAX_ITEMS),
    Field(description="IP addresses, networks, DNS names; or any, alone"),
]
_Names = Annotated[list[_Name], AfterValidator(_once), _at_most(MAX_ITEMS)]


def _one_of(slugs: Iterable[str], before: Callable[[object], object] | None = None) -> Any:
    """A type that admits just these texts; with none, nothing."""
    slugs = tuple(slugs)

    def check(value: object) -> str:
        value = before(value) if before else value
        if not isinstance(value, str) or value not in slugs:
            raise _fault(f"{_shown(value)} is not known here; allowed are {', '.join(slugs) or 'none'}.")
        return str(value)

    return Annotated[str, BeforeValidator(check), WithJsonSchema({"type": "string", "enum": list(slugs)})]


def _list_of(slugs: Iterable[str], before: Callable[[object], object] | None = None) -> Any:
    item: Any = _one_of(slugs, before)
    return Annotated[list[item], AfterValidator(_once), _at_most(MAX_ITEMS)]


def _choice_type(choice: Choice) -> Any:
    def read_json(value: object) -> object:
        """JSON's own types for what looks like them: true and false for yes and no, integers for numerals."""
        if isinstance(value, bool):
            return {True: "yes", False: "no"}[value] if {"yes", "no"} <= set(choice.slugs) else value
        return str(value) if isinstance(value, int) else value

    return (_list_of if choice.many else _one_of)(choice.slugs, read_json)


def plan_model(matrix: Matrix) -> type[BaseModel]:
    """The pydantic model of a plan document under this matrix."""
    return _plan_model(matrix.digest, _ByDigest(matrix))


class _ByDigest:
    """The matrix as an argument that the cache of models doesn't compare: the digest beside it says it all."""

    def __init__(self, matrix: Matrix) -> None:
        self.matrix = matrix

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByDigest)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=8)
def _plan_model(_digest: str, wrapped: _ByDigest) -> type[BaseModel]:
    matrix = wrapped.matrix
    zone = create_model("Zone", __base__=_Part, name=_Name, kind=_one_of(KINDS))
    endpoint = create_model(
        "Endpoint",
        __base__=_Part,
        name=_Name,
        zone=_Name,
        addresses=(_Addresses, ()),
        group=(Annotated[bool, BeforeValidator(_read_bool)], False),
        roles=(_list_of(role.slug for role in matrix.assignable_roles), ()),
        platforms=(_list_of(matrix.platforms), ()),
        operations=(_list_of(matrix.operations), ()),
        sessions=(_list_of(matrix.sessions), ()),
        managed_by=(_Names, ()),
    )
    flow = create_model(
        "AdditionalFlow",
        __base__=_Part,
        source=_Name,
        destination=_Name,
        protocol=_one_of(PROTOCOLS),
        ports=(_Port | None, None),
        reason=_Reason,
    )
    choices = _optional_fields("Choices", {slug: _choice_type(choice) for slug, choice in matrix.choices.items()})
    ports = _optional_fields(
        "Ports", {slug: _Port for slug, service in matrix.services.items() if service.configurable}
    )
    corrections = [slug for slug, caveat in matrix.caveats.items() if caveat.correction]
    return create_model(
        "PlanDocument",
        __base__=_Document,
        format=Annotated[int, BeforeValidator(_read_format), WithJsonSchema({"const": FORMAT})],
        name=_Name,
        description=(_Prose, ""),
        zones=Annotated[list[zone], Field(min_length=1), _at_most(MAX_ROWS)],
        endpoints=Annotated[list[endpoint], _at_most(MAX_ROWS)],
        choices=(choices, Field(default_factory=choices)),
        ports=(ports, Field(default_factory=ports)),
        corrections=(_list_of(corrections), ()),
        additional_flows=(Annotated[list[flow], _at_most(MAX_ROWS)], ()),
    )


def _optional_fields(name: str, types: Mapping[str, Any]) -> Any:
    """A mapping whose keys are slugs: any of them may be there."""
    fields: dict[str, Any] = {
        f"field_{index}": (kind | None, Field(default=None, alias=slug))
        for index, (slug, kind) in enumerate(types.items())
    }
    return create_model(name, __base__=_Part, **fields)


# ---- what one part of a document says about another ----


def _find_reference_faults(tree: Mapping[str, Any], matrix: Matrix) -> list[tuple[Path, str]]:
    """Duplicate names, references to nothing, and fields that contradict each other, in a document of any shape."""
    zones = _rows(tree.get("zones"))
    endpoints = _rows(tree.get("endpoints"))
    kinds = {name: zone.get("kind") for _, zone in zones if (name := _text(zone.get("name"))) is not None}
    roles = {name: _texts(endpoint.get("roles")) for _, endpoint in endpoints if (name := _text(endpoint.get("name")))}
    managers = {name for name, own in roles.items() if matrix.managing_roles & set(own)}
    known = _Known(
        kinds=kinds, zones=_some(kinds), endpoints=frozenset(roles), managers=frozenset(managers),
        managers_listed=_some([name for name in roles if name in managers]),
    )  # fmt: skip
    faults = [*_find_twins("zones", zones), *_find_twins("endpoints", endpoints)]
    for index, endpoint in endpoints:
        faults += _find_endpoint_faults(index, endpoint, known, matrix)
    for index, flow in _rows(tree.get("additional_flows")):
        faults += _find_flow_faults(index, flow, roles)
    return faults


def _find_twins(key: str, rows: Iterable[tuple[int, Mapping[str, Any]]]) -> Iterator[tuple[Path, str]]:
    seen: dict[str, int] = {}
    for index, row in rows:
        name = _text(row.get("name"))
        if name is None:
            continue
        first = seen.setdefault(name_key(name), index)
        if first != index:
            yield (
                (key, index, "name"),
                f"The name {_shown(name)} is there already, in {key}[{first}]; names differ in more than case.",
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What references can lead to, and how to say so."""

    kinds: Mapping[str, object]
    zones: str
    endpoints: frozenset[str]
    managers: frozenset[str]
    managers_listed: str


def _find_endpoint_faults(
    index: int, endpoint: Mapping[str, Any], known: _Known, matrix: Matrix
) -> Iterator[tuple[Path, str]]:
    place = ("endpoints", index)
    zone = _text(endpoint.get("zone"))
    if zone is not None and zone not in known.kinds:
        yield (*place, "zone"), f"There is no zone {_shown(zone)}; the zones are {known.zones}."
    addresses = _texts(endpoint.get("addresses"))
    if ANY in addresses:
        if len(set(addresses)) > 1:
            yield (*place, "addresses"), f"The address {ANY} stands alone; leave the others away, or it."
        allowed = [kind.slug for kind in KINDS.values() if kind.allows_any]
        if endpoint.get("group") not in (True, "true", "True", "TRUE") or known.kinds.get(zone or "") not in allowed:
            sentence = (
                f"The address {ANY} is for a group (group: true) in a zone of kind {' or '.join(allowed)} only; "
                "an address that is not known yet is left empty."
            )
            yield (*place, "addresses"), sentence
    own = _texts(endpoint.get("roles"))
    for role in matrix.roles.values():
        held = sorted(set(own) & matrix.holders[role.slug])
        if role.exclusive and len(held) > 1:
            yield (
                (*place, "roles"),
                f"An endpoint is one {role.label} at most, found {', '.join(held)}; keep one of them.",
            )
    for position, name in enumerate(_texts(endpoint.get("managed_by"))):
        if name in known.managers:
            continue
        what = (
            f"{_shown(name)} has none of the roles that manage others ({', '.join(sorted(matrix.managing_roles))})"
            if name in known.endpoints
            else f"There is no endpoint {_shown(name)}"
        )
        yield (*place, "managed_by", position), f"{what}; allowed are {known.managers_listed}."


def _find_flow_faults(
    index: int, flow: Mapping[str, Any], roles: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[Path, str]]:
    place = ("additional_flows", index)
    for end in ("source", "destination"):
        name = _text(flow.get(end))
        if name is not None and name not in roles:
            yield (*place, end), f"There is no endpoint {_shown(name)}; the endpoints are {_some(roles)}."
    ports = flow.get("ports")
    absent = ports is None or isinstance(ports, syntax.Null)
    if flow.get("protocol") == "icmp" and not absent:
        yield (*place, "ports"), f"ICMP has no ports, found {_shown(ports)}; leave the key away."
    if flow.get("protocol") in ("tcp", "udp") and absent:
        yield (*place, "ports"), "A port or range is needed; only icmp goes without."


def _rows(value: object) -> list[tuple[int, Mapping[str, Any]]]:
    """Index and content of those items of a list that are mappings; of a list that is too long, none."""
    if not isinstance(value, list) or len(value) > MAX_ROWS:
        return []
    return [(index, row) for index, row in enumerate(value) if isinstance(row, dict)]


def _text(value: object) -> str | None:
    return str(value) if isinstance(value, str) else None


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value if isinstance(item, str)) if isinstance(value, list) else ()


# ---- sentences ----


def _parse(data: bytes, kind: Syntax) -> object:
    try:
        return syntax.parse(data, kind)
    except syntax.SyntaxFault as fault:
        raise PlanError([Fault(fault.where, str(fault))]) from None


def _sentence(details: ErrorDetails, matrix: Matrix) -> str:
    """What a pydantic error means to the author of the document."""
    found = _shown(details["input"])
    match details["type"]:
        case "plan":
            return str(details["ctx"]["sentence"])
        case "missing":
            return "This key is needed and missing."
        case "extra_forbidden":
            key, known = str(details["loc"][-1]), _known_keys(_path(details)[:-1], plan_model(matrix))
            if details["loc"][0] == "ports" and key in matrix.services:
                return f"The service {key} is fixed; services whose port can be changed are {', '.join(known)}."
            return f"This key is not known here; allowed are {', '.join(known) or 'none'}."
        case "list_type":
            return f"This must be a list, found {found}."
        case "model_type" | "dict_type" | "model_attributes_type":
            return f"This must be a mapping of keys to values, found {found}."
        case "too_short":
            return "At least one zone is needed, found none."
        case _:
            return f"{details['msg']}, found {found}."


def _known_keys(path: Path, model: type[BaseModel]) -> list[str]:
    """The keys that the mapping at this path may have."""
    for part in path:
        if isinstance(part, str):
            kind: Any = model.model_fields[part].annotation
            model = get_args(kind)[0] if get_args(kind) else kind
    return [info.alias or name for name, info in model.model_fields.items()]


def _path(details: ErrorDetails) -> Path:
    return tuple(part for part in details["loc"] if part != "[key]")


def _where(path: Path) -> str:
    """endpoints[3].zone for ("endpoints", 3, "zone")."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            name = part if part.isprintable() and len(part) <= 60 else _shown(part)
            text += f".{name}" if text else name
    return text or "document"


def _document_order(tree: object) -> Callable[[Path], tuple[int, ...]]:
    """Sort key: where a path leads in the document as it was written; a missing key comes after those there."""
    positions: dict[int, dict[object, int]] = {}

    def order(path: Path) -> tuple[int, ...]:
        found, here = [], tree
        for part in path:
            if isinstance(here, dict):
                if id(here) not in positions:
                    positions[id(here)] = {_readable(key): index for index, key in enumerate(here)}
                found.append(positions[id(here)].get(_readable(part), len(here)))
                here = here.get(part)
            else:
                found.append(part if isinstance(part, int) else 0)
                here = here[part] if isinstance(here, list) and isinstance(part, int) and part < len(here) else None
        return tuple(found)

    return order


def _shown(value: object) -> str:
    """What was found, short and harmless: unprintable characters escaped, long values cut."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if value is None or isinstance(value, syntax.Null):
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = ascii(value[:80]) if isinstance(value, str) and not value[:80].isprintable() else repr(value)
    return text if len(text) <= 80 else text[:78] + "…"


def _some(names: Collection[str]) -> str:
    """The first few of many names, and how many more there are."""
    listed = [_shown(name) for name in islice(names, 8)]
    if len(names) > len(listed):
        return f"{', '.join(listed)} and {len(names) - len(listed)} more"
    return ", ".join(listed) or "none yet"


def _dump_fields(value: Endpoint | AdditionalFlow) -> dict[str, Any]:
    """The fields of an endpoint or a flow that say something."""
    items = ((name, getattr(value, name)) for name in type(value).__dataclass_fields__)
    return {name: list(item) if isinstance(item, tuple) else item for name, item in items if item}
