"""The words that every matrix is written in: kinds of zone, protocols, icons, severities; ports, section numbers."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Literal, get_args

from ports.text import CONTROL

ProtocolName = Literal["tcp", "udp", "icmp"]
RoleKind = Literal["server", "people", "group"]
QuestionKind = Literal["one", "many", "list"]

ZONE_KINDS = ("internal", "dmz", "internet", "cloud", "remote-site")
PROTOCOLS: tuple[str, ...] = get_args(ProtocolName)
ROLE_KINDS: tuple[str, ...] = get_args(RoleKind)
QUESTION_KINDS: tuple[str, ...] = get_args(QuestionKind)
SEVERITIES = ("error", "decision", "warning", "info")
ICONS = (
    "server", "globe", "data", "directory", "mail", "bridge", "agent", "people", "phone", "device", "host",
)  # fmt: skip
"""What roles and platforms can look like in diagrams. `planner.report.diagram.icons` draws them."""
PLACEHOLDER = "{name}"
"""Stands for a name of a list in the names of what there is once for each of them."""

LONGEST_NAME = 100
"""Characters of a zone's or an endpoint's name."""

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


def read_typed_ports(text: str) -> str:
    """`read_ports` of what a person typed: with blanks around it or its hyphen, for which a dash may stand.

    Blanks between digits are none of these: "80 443" names two ports, and never a third one.
    """
    return read_ports("-".join(part.strip() for part in text.replace("–", "-").split("-")))


def read_port_list(text: str) -> str:
    """Normalise one or several ports or ranges, separated by commas: "80, 443, 8000-8010".

    Each is as `read_ports` takes it. Returns them in the order of their numbers, each once, joined by a comma and a
    space; what is only one is as `read_ports` returns it. Ranges that overlap stay apart. Raises ValueError with a
    sentence for the first that is none.
    """
    several = {read_ports(part.strip()) for part in text.split(",")}
    return ", ".join(sorted(several, key=port_span))


def split_ports(ports: str | None) -> tuple[str | None, ...]:
    """Each port or range of a normalised list; of ICMP, which has none, None alone."""
    return (None,) if ports is None else tuple(ports.split(", "))


def port_span(ports: str) -> tuple[int, int]:
    """First and last port (1-65535) of normalised ports such as "443" or "49152-65535"."""
    first, _, last = ports.partition("-")
    return int(first), int(last or first)


def product_slug(name: str) -> str:
    """What plans and commands call a product of that name: "Passwordstate" is "passwordstate".

    ASCII letters and digits, in lower case, joined by hyphens; empty for a name that has none.
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return "-".join(re.findall("[a-z0-9]+", plain))


def section_key(section: str) -> tuple[int, tuple[int, ...], str]:
    """Sort key that orders section numbers as numbers: "2" before "3.1" before "16"; names come last."""
    parts = section.split(".")
    if all(part.isascii() and part.isdigit() for part in parts):
        return (0, tuple(map(int, parts)), "")
    return (1, (), section)


def listed(values: Iterable[object]) -> str:
    """Several things in a sentence: "tcp, udp, icmp"."""
    return ", ".join(map(str, values))


def is_name(text: str) -> bool:
    """Whether zones and endpoints can be called that: 1 to 100 characters, no control characters, no space around."""
    return 1 <= len(text) <= LONGEST_NAME and text == text.strip() and not CONTROL.search(text)
