"""How the values of a plan document are read: a reader for each type, some of which take their slugs from the matrix.

A reader takes what a document has, of whatever type, and gives the value or a fault with what was found and what is
allowed. With the context {"text": True} scalars are text as written (YAML), and the reader gives the type.
"""

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    WithJsonSchema,
    create_model,
    model_validator,
)
from pydantic_core import PydanticCustomError

from planner.plan import limits
from planner.plan.faults import shown
from planner.plan.syntax import Null
from ports.matrix import Choice, Matrix, Service, read_ports
from ports.text import CONTROL, CONTROL_BUT_BREAKS, MAX_NAME

FORMAT = 1
ANY = "any"
"""The address of a group that can be anywhere on the internet; it is never assumed."""

_ADDRESSES = 2**15
"""How many addresses are kept as they were read: a plan has thousands, and each edit reads them again."""
_LONGEST = 64
"""Characters; no IP address or network has as many, so that only short texts are kept."""
_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = re.compile(rf"{_OCTET}\.{_OCTET}\.{_OCTET}\.{_OCTET}(?:/(3[0-2]|[12]?[0-9]))?")
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A type of value: how it is read, and what of it other ways in need to know."""

    type: Callable[[Matrix], Any]
    """The annotated type that pydantic reads it by, and describes it by in the JSON Schema."""
    shape: Literal["text", "flag", "list", "names", "mapping", "rows"] = "text"
    """How a cell of a table or a field of a form has it; a list of names may have spaces in its entries."""
    options: Callable[[Matrix], Mapping[str, str]] | None = None
    """The slugs that it may have, with what they are called where one chooses among them; None: anything."""
    words: Callable[[Matrix], Mapping[str, str]] | None = None
    """What its slugs are called in a sentence, where that differs."""
    kind: str = ""
    """The kind of matrix row whose slugs it has, a mapping as its keys; in that of choices the values are options."""

    example: Callable[[Matrix], Any] | None = None
    """A value that a document may have, where that takes slugs of the matrix."""

    def say(self, matrix: Matrix) -> Mapping[str, str]:
        """What its slugs are called in a sentence; those that aren't there are said as they are."""
        words = self.words or self.options
        return words(matrix) if words else {}


def fault(code: str, message: str) -> PydanticCustomError:
    """What a reader raises: a code for programs and a sentence for people."""
    # Braces would be read as a template by pydantic.
    return PydanticCustomError("plan", "{sentence}", {"sentence": message, "code": code})


def read_format(value: object, info: ValidationInfo) -> object:
    """The format of the document: 1, as text or as an integer."""
    allowed = "1" if _is_text(info) else 1
    if type(value) is not type(allowed) or value != allowed:
        raise fault("format", f"The format must be the integer 1, found {shown(value)}.")
    return FORMAT


def _is_text(info: ValidationInfo) -> bool:
    return bool(info.context and info.context["text"])


def _read_flag(value: object, info: ValidationInfo) -> object:
    if _is_text(info) and isinstance(value, str):
        value = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}.get(
            value, value
        )
    if not isinstance(value, bool):
        raise fault("flag", f"This must be true or false, found {shown(value)}.")
    return value


def _read_text(value: object) -> str:
    if not isinstance(value, str) or isinstance(value, Null):
        raise fault("text", f"This must be text, found {shown(value)}.")
    return str(value)


def _as_written(value: object) -> object:
    """YAML's plain null as the text that it is: where a key has to be there that names one thing."""
    return str(value) if isinstance(value, Null) else value


def _read_name(value: object) -> str:
    name = _read_text(value)
    if not 1 <= len(name) <= MAX_NAME:
        raise fault("name-length", f"A name has 1 to {MAX_NAME} characters, found {len(name)}.")
    if name != name.strip():
        raise fault("name-space", f"A name has no white space at its ends, found {shown(name)}.")
    if CONTROL.search(name):
        raise fault("control-characters", f"A name has no control characters, found {shown(name)}.")
    return name


def _read_prose(value: object) -> str:
    text = _read_text(value)
    if CONTROL_BUT_BREAKS.search(text):
        raise fault("control-characters", "This text has control characters; only line breaks and tabs are allowed.")
    return text


def _reason(why: str) -> Reader:
    """Reads a reason; `why` says in a few words what it is to tell."""

    def read(value: object) -> str:
        text = _read_prose(value)
        if not text.strip():
            raise fault("reason-missing", f"A reason is needed: say in a few words {why}.")
        return text

    return Reader(type=_always(Annotated[str, BeforeValidator(read), Field(min_length=1)]))


def _read_port(value: object) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise fault("port", f"This must be a port (1 to 65535) or a range such as 49152-65535, found {shown(value)}.")
    try:
        return read_ports(value)
    except ValueError as error:
        raise fault("port", f"{shown(value)} {error}.") from None


def _read_address(value: object) -> str:
    address = _read_text(value)
    if address == ANY or read_ipv4(address) is not None or _is_ip(address):
        return address
    host, slash, prefix = address.partition("/")
    if slash and _is_ip(host) and prefix.isascii() and prefix.isdigit():
        try:
            network = ipaddress.ip_network(address, strict=False)
        except ValueError:
            raise fault("address", f"{shown(address)} is no network: the prefix is too long.") from None
        if network.network_address != ipaddress.ip_address(host):
            sentence = f"The network {shown(address)} has host bits set; the network is {network}."
            raise fault("host-bits", sentence)
        return address
    if address.casefold() == ANY:
        sentence = f"{shown(address)} is no address; for everyone on the internet write {ANY}, in lower case."
        raise fault("address", sentence)
    labels = address.split(".")
    if len(address) > 253 or labels[-1].isdigit() or not all(map(_LABEL.fullmatch, labels)):
        raise fault(
            "address",
            f"{shown(address)} is no address; allowed are IPv4 and IPv6 addresses, "
            "networks such as 10.0.0.0/24, and DNS names.",
        )
    return address


def _is_ip(text: str) -> bool:
    return len(text) <= _LONGEST and _reads_as_ip(text)


def read_ipv4(text: str) -> tuple[int, int] | None:
    """The first and the last address, as numbers, of an IPv4 address or network that is written as `ipaddress` does.

    None for all else, which can be a network, too. Most addresses of large plans are of this kind, and this is read in
    a fifth of the time.
    """
    return _read_ipv4(text) if len(text) <= _LONGEST else None


@lru_cache(_ADDRESSES)
def _read_ipv4(text: str) -> tuple[int, int] | None:
    found = _IPV4.fullmatch(text)
    if found is None:
        return None
    a, b, c, d, prefix = found.groups()
    first = int(a) << 24 | int(b) << 16 | int(c) << 8 | int(d)
    if prefix is None:
        return first, first
    others = (1 << 32 - int(prefix)) - 1
    return None if first & others else (first, first | others)


@lru_cache(_ADDRESSES)
def _reads_as_ip(text: str) -> bool:
    try:
        return "%" not in text and bool(ipaddress.ip_address(text).version)
    except ValueError:
        return False


def _read_network(value: object) -> str:
    network = _read_text(value)
    host, _, prefix = network.partition("/")
    if not (_is_ip(host) and prefix.isascii() and prefix.isdigit()):
        sentence = f"{shown(network)} is no network; allowed are IPv4 and IPv6 networks such as 10.0.0.0/24."
        raise fault("network", sentence)
    return _read_address(network)


def address_key(address: str) -> str:
    """One text for every way to write an address: 10.0.0.1/32 is 10.0.0.1, 2001:DB8::1 is 2001:db8::1."""
    plain = read_ipv4(address)
    if plain is not None:
        return address if plain[0] < plain[1] else address.partition("/")[0]
    return _address_key(address) if len(address) <= _LONGEST else address.casefold()


@lru_cache(_ADDRESSES)
def _address_key(address: str) -> str:
    try:
        network = ipaddress.ip_network(address)
    except ValueError:
        return address.casefold()
    return str(network.network_address) if network.num_addresses == 1 else str(network)


def at_most(count: int) -> BeforeValidator:
    """A limit on the length of a list, checked before its entries are."""

    def check(value: object) -> object:
        if isinstance(value, list) and len(value) > count:
            raise fault("too-many", f"At most {count:,} entries are allowed here, found {len(value):,}.")
        return value

    return BeforeValidator(check)


def at_most_endpoints() -> BeforeValidator:
    """The limit on endpoints, checked before they are: what the context says, else `limits.ENDPOINTS`."""

    def check(value: object, info: ValidationInfo) -> object:
        given: int | None = info.context["endpoints"] if info.context else None
        if isinstance(value, list) and len(value) > (limits.ENDPOINTS if given is None else given):
            raise fault("too-many", limits.say_endpoints(len(value)))
        return value

    return BeforeValidator(check)


def _once(values: list[Any]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(values))


def _one_of(slugs: Iterable[str], before: Callable[[object], object] | None = None) -> Any:
    """A type that admits just these texts; with none, nothing."""
    slugs = tuple(slugs)

    def check(value: object) -> str:
        value = before(value) if before else value
        if not isinstance(value, str) or value not in slugs:
            sentence = f"{shown(value)} is not known here; allowed are {', '.join(slugs) or 'none'}."
            raise fault("unknown-value", sentence)
        return str(value)

    return Annotated[str, BeforeValidator(check), WithJsonSchema({"type": "string", "enum": list(slugs)})]


def _list_of(slugs: Iterable[str], before: Callable[[object], object] | None = None) -> Any:
    item: Any = _one_of(slugs, before)
    return Annotated[list[item], AfterValidator(_once), at_most(limits.ITEMS)]


def _choice_type(choice: Choice) -> Any:
    """The type of what a document decides about a choice: an option, or for a choice of many a list of them."""

    def read_json(value: object) -> object:
        """JSON's own types for what looks like them: true and false for yes and no, integers for numerals."""
        if isinstance(value, bool):
            return {True: "yes", False: "no"}[value] if {"yes", "no"} <= set(choice.slugs) else value
        return str(value) if isinstance(value, int) else value

    return (_list_of if choice.many else _one_of)(choice.slugs, read_json)


_Name = Annotated[str, BeforeValidator(_read_name), Field(min_length=1, max_length=MAX_NAME)]
_Address = Annotated[str, BeforeValidator(_read_address)]
_Network = Annotated[str, BeforeValidator(_read_network)]
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


def _always(annotated: Any) -> Callable[[Matrix], Any]:
    return lambda _matrix: annotated


NAME = Reader(type=_always(Annotated[_Name, BeforeValidator(_as_written)]))
NAMES = Reader(type=_always(Annotated[list[_Name], AfterValidator(_once), at_most(limits.ITEMS)]), shape="names")
PROSE = Reader(type=_always(Annotated[str, BeforeValidator(_read_prose)]))
FLOW_REASON = _reason("what this flow is for")
EXCLUSION_REASON = _reason("why this isn't needed here")
NEVER_REASON = _reason("why this must stay closed")
FLAG = Reader(type=_always(Annotated[bool, BeforeValidator(_read_flag)]), shape="flag")
REMARK = Reader(type=_always(Annotated[str, BeforeValidator(_read_prose)] | None))
PORT = Reader(type=_always(_Port | None))
ADDRESSES = Reader(
    type=_always(
        Annotated[
            list[_Address],
            AfterValidator(_once),
            at_most(limits.ITEMS),
            Field(description="IP addresses, networks, DNS names; or any, alone"),
        ]
    ),
    shape="list",
)
NETWORKS = Reader(
    type=_always(
        Annotated[
            list[_Network], AfterValidator(_once), at_most(limits.ITEMS), Field(description="IPv4 and IPv6 networks")
        ]
    ),
    shape="list",
)


def one_of(options: Callable[[Matrix], Mapping[str, str]]) -> Reader:
    """One of these slugs."""
    return Reader(type=lambda matrix: _one_of(options(matrix)), options=options)


def some_of(
    options: Callable[[Matrix], Mapping[str, str]],
    words: Callable[[Matrix], Mapping[str, str]] | None = None,
    *,
    kind: str,
) -> Reader:
    """Any of these slugs, each once, of rows of a kind."""
    return Reader(type=lambda matrix: _list_of(options(matrix)), shape="list", options=options, words=words, kind=kind)


# ---- mappings ----


class Mapped(BaseModel):
    """A mapping of the document: unknown keys are errors, and null means absent where a key may be."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _read_nulls(cls, data: object, info: ValidationInfo) -> object:
        if not isinstance(data, dict):
            return data
        known, needless = _list_keys(cls)
        if not _is_text(info) and None not in data.values() and known.issuperset(data):
            return data  # there is none, as in almost every row of what is stored
        return {
            readable(key): value
            for key, value in data.items()
            if not (value is None or isinstance(value, Null)) or key not in needless
        }


@lru_cache(64)
def _list_keys(model: type[Mapped]) -> tuple[frozenset[str], frozenset[str]]:
    """The keys of a mapping, and those that may be left out."""
    keys = [(info.alias or name, info.is_required()) for name, info in model.model_fields.items()]
    return frozenset(key for key, _ in keys), frozenset(key for key, is_required in keys if not is_required)


def readable(key: object) -> object:
    """A key of JSON with half a surrogate pair as text that can be shown; pydantic can't, and stops at it."""
    return key.encode("utf-8", "backslashreplace").decode() if isinstance(key, str) and not key.isascii() else key


def _mapping_of(name: str, keys: Mapping[str, tuple[Any, str, Any]]) -> Any:
    """A mapping whose keys are slugs, any of which may be there; read, it has those that are.

    By slug: the type of its value, what it means in a sentence, and an example.
    """
    fields: dict[str, Any] = {
        f"field_{index}": (kind | None, Field(default=None, alias=slug, description=meaning, examples=[example]))
        for index, (slug, (kind, meaning, example)) in enumerate(keys.items())
    }

    def read(model: Mapped) -> dict[str, Any]:
        known = type(model).model_fields.items()
        return {(info.alias or at): getattr(model, at) for at, info in known if at in model.model_fields_set}

    return Annotated[create_model(name, __base__=Mapped, **fields), AfterValidator(read)]


def _decide(choice: Choice) -> Any:
    """How a document decides a choice: by its first option."""
    return list(choice.slugs[:1]) if choice.many else choice.slugs[0]


def _list_configurable(matrix: Matrix) -> dict[str, Service]:
    return {slug: service for slug, service in matrix.services.items() if service.configurable}


def _say_service(service: Service) -> str:
    return f"{service.name}: a port or a range in place of {service.protocol} {service.ports}."


CHOICES = Reader(
    type=lambda matrix: _mapping_of(
        "Choices",
        {slug: (_choice_type(choice), choice.question, _decide(choice)) for slug, choice in matrix.choices.items()},
    ),
    shape="mapping",
    example=lambda matrix: {slug: _decide(choice) for slug, choice in islice(matrix.choices.items(), 1)},
    words=lambda matrix: {slug: choice.name for slug, choice in matrix.choices.items()},
    kind=Choice.KIND,
)
PORTS = Reader(
    type=lambda matrix: _mapping_of(
        "Ports",
        {slug: (_Port, _say_service(service), service.ports) for slug, service in _list_configurable(matrix).items()},
    ),
    shape="mapping",
    example=lambda matrix: {slug: service.ports for slug, service in islice(_list_configurable(matrix).items(), 1)},
    words=lambda matrix: {slug: service.name for slug, service in matrix.services.items()},
    kind=Service.KIND,
)
Side = Mapping[str, str]
"""One side of what must stay closed: `zone` or `endpoint`, with the name of one."""


def _read_side(side: dict[str, str]) -> dict[str, str]:
    if len(side) != 1:
        found = " and ".join(side) or "neither"
        raise fault("side", f"This names one zone or one endpoint, by the key zone or endpoint; found {found}.")
    return side


_SIDES = {
    "zone": (_Name, "The name of a zone, which stands for all its endpoints.", "DMZ"),
    "endpoint": (_Name, "The name of an endpoint.", "PS01"),
}
SIDE = Reader(
    type=_always(Annotated[_mapping_of("Side", _SIDES), AfterValidator(_read_side)]),
    shape="mapping",
)


def _named(values: Any) -> Callable[[Matrix], Any]:
    """A mapping of names to values of this type; how many it may have is limited as in lists."""

    def count(value: object) -> object:
        if isinstance(value, dict) and len(value) > limits.ITEMS:
            raise fault("too-many", f"At most {limits.ITEMS:,} entries are allowed here, found {len(value):,}.")
        return value

    return _always(Annotated[dict[_Name, values], BeforeValidator(count)])


def _read_published(value: object) -> str:
    address = _read_text(value)
    if not _is_ip(address):
        sentence = f"{shown(address)} is no address that a firewall shows; allowed is one IPv4 or IPv6 address."
        raise fault("address", sentence)
    return address


NAMED = Reader(type=_named(_Name), shape="mapping")
TEXTS = Reader(type=_named(Annotated[str, BeforeValidator(_read_text)]), shape="mapping")
PUBLISHED = Reader(type=_named(Annotated[str, BeforeValidator(_read_published)]), shape="mapping")
ROWS = Reader(type=_always(list), shape="rows")
"""A list of rows; the type of a row follows from its own fields."""
