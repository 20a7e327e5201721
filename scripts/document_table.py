"""Writes docs/document-table.md: the vendor's document row by row, beside the rows of the matrix that stand for it.

`DOCUMENT` is typed from the document, as a person reads it: where, which row, which ports. The rest comes from the
matrix. Facts and figures alone are taken over, no sentences.
"""

import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from ports.matrix import (  # noqa: E402
    AnyOf,
    Caveat,
    ChoiceIs,
    Condition,
    Matrix,
    Requirement,
    RoleAbsent,
    RolePresent,
)

FILE = ROOT / "docs" / "document-table.md"


class Said(NamedTuple):
    """A row of one of the document's tables, or what a section says of one connection."""

    section: str
    row: str
    """As the table calls it; of running text, what it is about."""
    ports: str
    """As the document has them; "none given" where it names none."""
    rows: tuple[str, ...]
    """The slugs of the rows of the matrix that stand for it; none where it opens nothing."""
    remark: str = ""
    """How it is read where no caveat says so."""


def _table(section: str, prefix: str, rows: Iterable[tuple[str, str]]) -> Iterator[Said]:
    for name, ports in rows:
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        yield Said(section, name, ports, (f"{prefix}-{slug}",))


_SSH = "TCP 22"
_DIRECTORY = "TCP 9389, TCP 389 or TCP 636, TCP 88, TCP 445"
_ESXI = "TCP 22 or 443"
_REMOTING = "TCP 5985, 5986"
_NETWORK = ("Juniper Junos", "Juniper ScreenOS", "Linux and Mac")
_DATABASES = (
    ("MariaDB", "TCP 3306"),
    ("Microsoft SQL", "TCP 1433"),
    ("MySQL", "TCP 3306"),
    ("Oracle Database", "TCP 1521"),
)
_SITE_PORT = "the document gives the site’s own port, and none for this direction apart: it is read as the same"

DOCUMENT: tuple[Said, ...] = (
    Said("2", "Website", "443", ("website-users",)),
    Said("2", "Database", "1433", ("web-database",)),
    Said("3", "To find a domain controller", "UDP 389", ("ad-locate",)),
    Said("3", "LDAP", "UDP 389", ("ad-ldap",)),
    Said("3", "LDAPS", "TCP 636", ("ad-ldaps",)),
    Said("3", "Kerberos", "UDP/TCP 88, UDP/TCP 464", ("ad-kerberos",)),
    Said("4", "Passive website to primary", "443", ("ha-passive",)),
    Said("5", "App Server to database", "1433", ("app-server-database",)),
    Said("5", "SQL Listener", "UDP 1434", ("app-server-listener",)),
    Said("6", "Embedded version", "443", ("self-destruct-embedded",)),
    Said("6", "App Server", "none given", (), "who connects to it isn’t said: see what is added"),
    Said("6", "Push/Pull: website to site", "none given", ("self-destruct-push",), _SITE_PORT),
    Said("6", "Push/Pull: reader to site", "443", ("self-destruct-read",)),
    Said("6", "Push/Pull: site to website", "never", ("self-destruct-site-inwards",)),
    Said("7", "Browser extensions", "443", ("browser-extensions",)),
    Said("8", "Email", "25", ("email",)),
    *_table("9", "discovery", (
        ("Active Directory", _DIRECTORY),
        ("Cisco IOS", _SSH), ("Fortigate", _SSH),
        ("Hosts (Computer objects in AD)", "389 or 636"),
        ("HP H3C", _SSH), ("Juniper Junos", _SSH), ("Linux and Mac", _SSH),
        *_DATABASES, ("PostgreSQL", "TCP 5432"),
        ("SonicWall", _SSH), ("VMWare ESXi", _ESXI),
        ("Windows Dependencies", f"{_REMOTING}, TCP 135"),
        ("Windows Local Administrator", f"{_REMOTING}, TCP 135"),
    )),
    *_table("10", "reset", (
        ("Active Directory", _DIRECTORY),
        ("Cisco IOS", _SSH), ("Dell iDRAC", _SSH),
        ("F5 BIG-IP Advanced Shell Access", _SSH), ("F5 BIG-IP TMSH Access", _SSH),
        ("Fortigate", _SSH), ("HP H3C", _SSH), ("HP iLO", _SSH), ("HP Procurve", _SSH), ("IBM IMM", _SSH),
        *((name, _SSH) for name in _NETWORK),
        *_DATABASES, ("PaloAlto", _SSH), ("PostgreSQL", "TCP 5432"),
        ("SonicWall", _SSH), ("VMWare ESXi", _ESXI),
        ("Windows COM+ Component", _REMOTING), ("Windows IIS Application Pool", _REMOTING),
        ("Windows Local Administrator", _REMOTING),
        ("Windows Scheduled Task & Windows Service", _REMOTING),
    )),
    *_table("11", "validation", (
        ("Active Directory", _DIRECTORY),
        ("Cisco IOS", _SSH), ("Dell iDRAC", _SSH), ("F5 BIG-IP", _SSH),
        ("Fortigate", _SSH), ("HP H3C", _SSH), ("HP iLO", _SSH), ("HP Procurve", _SSH), ("IBM IMM", _SSH),
        *((name, _SSH) for name in _NETWORK),
        *_DATABASES, ("PaloAlto", _SSH), ("PostgreSQL", "TCP 5432"),
        ("SonicWall", _SSH), ("VMWare ESXi", _ESXI),
        ("Windows Local Administrator", "135 or 445"),
    )),
    Said("12", "Ping", "ICMPv4", ("heartbeat-ping",)),
    Said("12", "RDP, when the ping fails", "3389", ("heartbeat-rdp", "heartbeat-windows")),
    Said("12", "SSH, when the ping fails", "22", ("heartbeat-ssh", "heartbeat-other")),
    *_table("13", "launcher", (
        ("RDP", "3389"), ("SSH", "22"), ("Telnet", "22"), ("VNC", "5900"), ("Microsoft SQL", "1433"),
        ("TeamViewer", "5938 or 80 or 443"),
    )),
    Said("14", "Browser to website and its API", "none given", ("browser-session-website",),
         "the address in the browser’s own bar: the website’s port"),
    Said("14", "Browser to gateway", "7273", ("browser-session-gateway",)),
    Said("14", "Gateway to remote host, SSH", "22", ("gateway-ssh",)),
    Said("14", "Gateway to remote host, RDP", "3389", ("gateway-rdp",)),
    Said("15", "Users to portal", "443", ("portal-users",)),
    Said("15", "Portal to website", "443", ("portal-api",)),
    Said("15", "LDAPS", "636", ("portal-ldaps",)),
    Said("15", "Kerberos", "88, 464", ("portal-kerberos",)),
    Said("15", "Event logs", "135, dynamic", ("portal-lockout-events",)),
    Said("16", "Agent to website", "443", ("agent-website",)),
    Said("16", "Agent to what it manages", "as in the sections it works for", (),
         "every row of sections 9 to 12, from the agent in place of the website"),
)  # fmt: skip

Port = tuple[str, str]
"""A protocol and a port: ("tcp", "443"), ("icmp", "")."""
Alternatives = frozenset[Port]
"""Ports of which one is enough."""


def read_ports(said: Said) -> frozenset[Alternatives]:
    """The ports of a row as they are read: a port without a protocol has that before it, else it is TCP.

    88 and 464 without a protocol are both, as section 3 has them; see the caveat on ports without a protocol.
    """
    if not re.search(r"\d", said.ports):
        return frozenset()
    if said.ports.startswith("ICMP"):
        return frozenset({frozenset({("icmp", "")})})
    found = set()
    protocols = ["udp", "tcp"] if said.ports == "88, 464" else ["tcp"]
    for part in said.ports.split(", "):
        ports: set[Port] = set()
        for token in part.split(" or "):
            words = token.split()
            protocols = words[0].lower().split("/") if len(words) > 1 else protocols
            ports |= {(protocol, words[-1]) for protocol in protocols}
        if " or " in part:
            found.add(frozenset(ports))
        else:
            found |= {frozenset({port}) for port in ports}
    return frozenset(found)


def ask_ports(requirement: Requirement, matrix: Matrix) -> frozenset[Alternatives]:
    """The ports that a row of the matrix asks for while nothing is decided: of an alternative, all of its options."""
    found: dict[str, set[Port]] = {}
    for number, ask in enumerate(requirement.asks):
        service = matrix.services[ask.service]
        port = service.protocol, "dynamic" if service.ports == "49152-65535" else service.ports or ""
        choice = matrix.choices[ask.choice] if ask.choice else None
        if choice is None or (choice.default and not choice.many and set(choice.default) & set(ask.options)):
            found[f"{number}"] = {port}
        elif choice.default is None:
            found.setdefault(choice.slug, set()).add(port)
    return frozenset(frozenset(ports) for ports in found.values())


def find_differences(matrix: Matrix, document: Iterable[Said] = DOCUMENT) -> list[str]:
    """Where matrix and document differ, in sentences: another port, a row that one of them lacks."""
    rows = {requirement.slug: requirement for requirement in matrix.requirements}
    forbidden = {prohibition.slug for prohibition in matrix.prohibitions}
    told: set[str] = set()
    found = []
    for said in document:
        for slug in said.rows:
            told.add(slug)
            if slug in forbidden:
                continue
            if slug not in rows:
                found.append(f"§{said.section} {said.row}: the matrix has no row “{slug}”.")
                continue
            wanted, has = read_ports(said), ask_ports(rows[slug], matrix)
            if rows[slug].section != said.section:
                found.append(f"§{said.section} {said.row}: the matrix has “{slug}” in section {rows[slug].section}.")
            if wanted and wanted != has:
                found.append(f"§{said.section} {said.row}: {_say(wanted)} in the document, {_say(has)} in “{slug}”.")
    for requirement in matrix.requirements:
        if requirement.correction is None and requirement.slug not in told:
            found.append(f"“{requirement.slug}” stands for no row of the document.")
        if requirement.correction is not None and requirement.slug in told:
            found.append(f"“{requirement.slug}” is a correction and stands for a row of the document.")
    return found


def _say(ports: frozenset[Alternatives]) -> str:
    return ", ".join(sorted(" or ".join(sorted(" ".join(filter(None, port)) for port in some)) for some in ports))


def write_table(matrix: Matrix) -> str:
    """The page as Markdown."""
    rows = {requirement.slug: requirement for requirement in matrix.requirements}
    lines = [
        "# The document, row by row",
        "",
        f"“{matrix.document}” of {matrix.product}, as received {matrix.received}, beside the rows of the matrix.",
        "Facts and figures are the document’s; its sentences are not here. What no table has is named by its subject.",
        "“Read otherwise” names the caveats that are about just this row; those about whole sections stand below.",
        "",
        "`make docs` writes this page; a test compares it with the matrix, and every port with the document’s.",
    ]
    for section in matrix.sections:
        of_section = [said for said in DOCUMENT if said.section == section.number]
        if not of_section:
            continue
        lines += ["", f"## {section.number} {section.title}", "", *_head()]
        lines += [_line(said, rows, matrix) for said in of_section]
        added = [r for r in matrix.requirements if r.correction and r.section == section.number]
        if added:
            lines += ["", "Added where practice is followed:", ""]
            for requirement in added:
                title = matrix.caveats[requirement.correction or ""].title
                lines.append(f"- `{requirement.slug}`: {_services(requirement, matrix)} ({title})")
    lines += ["", "## About whole sections", ""]
    named = {caveat.slug for said in DOCUMENT for slug in said.rows for caveat in _about(slug, rows, matrix)}
    for caveat in matrix.caveats.values():
        if caveat.slug not in named and not any(r.correction == caveat.slug for r in matrix.requirements):
            where = ", ".join(f"§{number}" for number in caveat.sections) or "the whole document"
            lines.append(f"- {caveat.title} (`{caveat.slug}`, {where})")
    return "\n".join(lines) + "\n"


def _head() -> list[str]:
    titles = ("Row", "Its ports", "Our row", "From → to", "Services", "Only when", "Read otherwise")
    return [f"| {' | '.join(titles)} |", f"|{' --- |' * len(titles)}"]


def _line(said: Said, rows: dict[str, Requirement], matrix: Matrix) -> str:
    own = [rows[slug] for slug in said.rows if slug in rows]
    caveats = dict.fromkeys(caveat.title for slug in said.rows for caveat in _about(slug, rows, matrix))
    cells = (
        said.row,
        said.ports,
        "<br>".join(f"`{slug}`" for slug in said.rows) or "–",
        "<br>".join(dict.fromkeys(_ends(requirement, matrix) for requirement in own)) or "–",
        "<br>".join(dict.fromkeys(_services(requirement, matrix) for requirement in own)) or "–",
        "<br>".join(dict.fromkeys(filter(None, (_when(requirement, matrix) for requirement in own)))),
        "<br>".join(filter(None, (*caveats, said.remark))),
    )
    return f"| {' | '.join(cells)} |"


def _ends(requirement: Requirement, matrix: Matrix) -> str:
    source = requirement.source or ""
    pairing = matrix.pairings.get(requirement.pairing or "")
    start = matrix.roles[source].label if source else (pairing.name if pairing else "")
    target = requirement.target
    if target is None:
        return f"{start} → {matrix.roles[requirement.destination or ''].label}"
    platform = matrix.platforms[target.platform].name if target.platform else ""
    session = f"{matrix.sessions[target.session].name} sessions" if target.session else ""
    return f"{start} → {platform or session or 'host'}"


def _services(requirement: Requirement, matrix: Matrix) -> str:
    said = []
    for ask in requirement.asks:
        service = matrix.services[ask.service]
        under = f" ({ask.choice}: {', '.join(ask.options)})" if ask.choice else ""
        said.append(f"`{service.slug}` {' '.join(filter(None, (service.protocol, service.ports)))}{under}")
    return "<br>".join(said)


def _when(requirement: Requirement, matrix: Matrix) -> str:
    return "<br>".join(_condition(condition, matrix) for condition in requirement.when)


def _condition(condition: Condition, matrix: Matrix) -> str:
    match condition:
        case ChoiceIs():
            return f"{condition.choice}: {', '.join(condition.options)}"
        case RolePresent():
            return f"there is a {matrix.roles[condition.role].name}"
        case RoleAbsent():
            return f"there is no {matrix.roles[condition.no_role].name}"
        case AnyOf():
            return " or ".join(_condition(one, matrix) for one in condition.any)


def _about(slug: str, rows: dict[str, Requirement], matrix: Matrix) -> list[Caveat]:
    """The caveats that are about one row: that name it or its services, or whose correction adds to it."""
    requirement = rows.get(slug)
    if requirement is None:
        return []
    asked = {ask.service for ask in requirement.asks}
    added = {r.correction for r in matrix.requirements if _identity(r) == _identity(requirement)}
    return [
        caveat
        for caveat in matrix.caveats.values()
        if slug in caveat.about.requirements
        or caveat.slug in added
        or (asked & set(caveat.about.services) and requirement.section in caveat.sections)
    ]


def _identity(requirement: Requirement) -> tuple[str, str, str]:
    """Which row of the document it is, or is added to."""
    return requirement.section, requirement.topic, requirement.name


def main() -> None:
    """Write the page anew, unless matrix and document differ: then say where, and leave it as it is."""
    import django  # noqa: PLC0415 - only here; who imports this module has it ready

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "planner.settings")
    django.setup()
    from ports.queries import shipped_matrix  # noqa: PLC0415 - likewise

    matrix = shipped_matrix()
    if faults := find_differences(matrix):
        sys.exit("\n".join(faults))
    FILE.write_text(write_table(matrix), "utf-8")


if __name__ == "__main__":
    main()
