"""The port matrix as rows to read and to search, in words.

Pure: takes a Matrix and a Query; knows neither requests nor the database. A row fits a query when every field that is
set fits it (AND); protocol and port have to fit one and the same service.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace

from ports.matrix import (
    PROTOCOLS,
    AnyOf,
    Ask,
    Caveat,
    Choice,
    Condition,
    Matrix,
    Operation,
    Pairing,
    Platform,
    Requirement,
    Role,
    RoleAbsent,
    RolePresent,
    Service,
    Session,
    Target,
    port_span,
    read_typed_ports,
    section_key,
    split_ports,
)
from ports.placed_caveats import place_caveats
from ports.text import cut

LONGEST_TEXT = 200
TARGET_KINDS = ("platform", "session", "operation")

_FILLER = frozenset({"why", "port", "ports"})
_SECTION_PHRASE = re.compile(r"(?:\bsections?\b|§)\s*(?=[0-9])")
_PUNCTUATION = "?!.,;:()[]\"'“”‘’"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What to look for. An empty field asks for nothing.

    `source` and `destination` are a role's slug, `pairing:SLUG` (source), or `platform:SLUG`, `session:SLUG` or
    `operation:SLUG` (destination).
    """

    text: str = ""
    section: str = ""
    source: str = ""
    destination: str = ""
    protocol: str = ""
    port: str = ""

    @property
    def parameters(self) -> dict[str, str]:
        """The fields that are set, as they stand in an address."""
        return {name: value for name in FIELD_NAMES if (value := getattr(self, name))}


FIELD_NAMES = tuple(field.name for field in fields(Query))


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Where connections come from or go to; with `pairing`, the slug of the rule by which `detail` finds it."""

    words: str
    detail: str = ""
    pairing: str = ""

    def __str__(self) -> str:
        if not self.detail:
            return self.words
        return f"{self.words}: {self.detail}" if self.pairing else f"{self.words}, {self.detail}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One service of a row. `hit`: the query asks for its port or protocol."""

    service: Service
    ask: Ask
    corrected: tuple[tuple[str, Caveat], ...] = ()
    """Ports that the service has once a caveat's correction is applied."""
    hit: bool = False

    @property
    def label(self) -> str:
        """Protocol and port as they are read: "tcp 443", "icmp"."""
        return port_label(self.service)

    @property
    def ports(self) -> str:
        """The same as filters and commands take them, each port with its protocol: "tcp/25 tcp/587"."""
        protocol = self.service.protocol
        return " ".join(f"{protocol}/{ports}" if ports else protocol for ports in split_ports(self.service.ports))

    def __str__(self) -> str:
        return f"{self.ports} {self.service.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A service, or the alternatives of which one is enough (`choice` says who decides), and when it is needed."""

    parts: tuple[Part, ...]
    choice: Choice | None = None
    condition: str = ""

    def __str__(self) -> str:
        text = " or ".join(map(str, self.parts))
        if self.choice is not None:
            return f"{text} (by “{self.choice.name}”)"
        return f"{text} ({self.condition})" if self.condition else text


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A requirement with everything that a reader needs to understand it."""

    requirement: Requirement
    section_title: str
    source: End
    destination: End
    lines: tuple[Line, ...]
    conditions: tuple[str, ...]
    correction: Caveat | None
    caveats: tuple[Caveat, ...]

    @property
    def parts(self) -> tuple[Part, ...]:
        """All services of the row."""
        return tuple(part for line in self.lines for part in line.parts)


def read_query(matrix: Matrix, values: Mapping[str, str]) -> tuple[Query, dict[str, str]]:
    """Read a query from the fields of a form.

    Returns the query and a sentence for each field that can't be read; such a field is left out of the query.
    """
    query = Query(**{name: " ".join(values.get(name, "").split()) for name in FIELD_NAMES})
    query = replace(query, section=query.section.lstrip("§ "), protocol=query.protocol.lower())
    errors: dict[str, str] = {}
    if len(query.text) > LONGEST_TEXT:
        errors["text"] = f"Search for {LONGEST_TEXT} characters at most."
    if query.section and query.section not in {section.number for section in matrix.sections}:
        errors["section"] = f"The document has no section “{_shorten(query.section)}”."
    if query.source and not _knows_end(matrix, query.source, {"pairing": matrix.pairings}):
        errors["source"] = f"The matrix has no source “{_shorten(query.source)}”."
    targets = {"platform": matrix.platforms, "session": matrix.sessions, "operation": matrix.operations}
    if query.destination and not _knows_end(matrix, query.destination, targets):
        errors["destination"] = f"The matrix has no destination “{_shorten(query.destination)}”."
    if query.protocol and query.protocol not in PROTOCOLS:
        errors["protocol"] = f"“{_shorten(query.protocol)}” is no protocol; there are {', '.join(PROTOCOLS)}."
    if query.port:
        try:
            query = replace(query, port=read_typed_ports(query.port))
        except ValueError as error:
            errors["port"] = f"“{_shorten(query.port)}” {error}."
    return replace(query, **dict.fromkeys(errors, "")), errors


def find_rows(matrix: Matrix, query: Query) -> tuple[Row, ...]:
    """The rows of the matrix that fit the query: by section, and within one in the matrix's order."""
    words = _read_words(query.text)
    corrected = _corrected_ports(matrix)
    caveats = place_caveats(matrix).rows
    rows = []
    for requirement in sorted(matrix.requirements, key=lambda requirement: section_key(requirement.section)):
        if not _fits_ends(matrix, requirement, query):
            continue
        row = _make_row(matrix, requirement, corrected, caveats.get(requirement.slug, ()))
        marked = _fit_services(row, query, words)
        if marked is not None and all(_fits_word(matrix, row, word) for word in words):
            rows.append(marked)
    return tuple(rows)


def source_options(matrix: Matrix) -> tuple[tuple[Role, ...], tuple[Pairing, ...]]:
    """What the rows can be filtered by as a source: roles, and ways to find the source of a target."""
    roles = tuple(
        role
        for role in matrix.roles.values()
        if any(_is_source(matrix, requirement, role.slug) for requirement in matrix.requirements)
    )
    used = {requirement.pairing for requirement in matrix.requirements}
    return roles, tuple(pairing for pairing in matrix.pairings.values() if pairing.slug in used)


def destination_options(matrix: Matrix) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """What the rows can be filtered by as a destination: groups of (value, name)."""
    roles = tuple(
        (role.slug, role.name)
        for role in matrix.roles.values()
        if any(_is_destination(matrix, requirement, role.slug) for requirement in matrix.requirements)
    )
    targets = [requirement.target for requirement in matrix.requirements if requirement.target]
    groups = [("Roles", roles)]
    names = {"platform": "Managed systems", "session": "Systems with sessions", "operation": "Systems by operation"}
    known: Mapping[str, Mapping[str, Platform | Session | Operation]] = {
        "platform": matrix.platforms,
        "session": matrix.sessions,
        "operation": matrix.operations,
    }
    for kind in TARGET_KINDS:
        used = {getattr(target, kind) for target in targets}
        rows = tuple((f"{kind}:{slug}", row.name) for slug, row in known[kind].items() if slug in used)
        groups.append((names[kind], rows))
    return tuple((name, rows) for name, rows in groups if rows)


def port_label(service: Service) -> str:
    """Protocol and default port as they are read: "tcp 443", "icmp"."""
    return f"{service.protocol} {service.ports}" if service.ports else service.protocol


def describe_pairing(matrix: Matrix, pairing: Pairing) -> str:
    """How the sources of a target are found, in the order in which they are looked for."""
    near, fallback = matrix.roles[pairing.near], matrix.roles[pairing.fallback]
    steps = ["its managed-by"] if pairing.managed_by else []
    steps.append(f"{_article(near.label)} {near.label} in its zone")
    outside = f" outside {_either(pairing.fallback_not_in)} zones" if pairing.fallback_not_in else ""
    steps.append(f"every {fallback.label}{outside}")
    return ", else ".join(steps)


def describe_target(matrix: Matrix, target: Target) -> End:
    """Which managed systems a requirement leads to, and for which operation."""
    words = f"managed {matrix.platforms[target.platform].name}" if target.platform else "any managed system"
    if target.without_platforms:
        words += f" other than {_either(matrix.platforms[slug].name for slug in target.without_platforms)},"
    if target.session:
        words += f" with {matrix.sessions[target.session].name} sessions"
    if target.without_sessions:
        words += f" without {_either(matrix.sessions[slug].name for slug in target.without_sessions)} sessions"
    operation = f"for {_lower_first(matrix.operations[target.operation].name)}" if target.operation else ""
    return End(words=_upper_first(words.rstrip(",")), detail=operation)


def describe_condition(matrix: Matrix, condition: Condition) -> str:
    """When a requirement or a service applies, beginning with "when"."""
    if isinstance(condition, AnyOf):
        return ", or ".join(describe_condition(matrix, one) for one in condition.any)
    if isinstance(condition, RolePresent):
        return f"when the plan has the role “{matrix.roles[condition.role].name}”"
    if isinstance(condition, RoleAbsent):
        return f"when no endpoint has the role “{matrix.roles[condition.no_role].name}”"
    choice = matrix.choices[condition.choice]
    if not condition.options:
        return f"when nothing is chosen for “{choice.name}”"
    options = _either(f"“{choice.option(slug).name}”" for slug in condition.options)
    words = f"when {options} is among “{choice.name}”" if choice.many else f"when “{choice.name}” is {options}"
    return f"{words} (the default)" if set(choice.default or ()) & set(condition.options) else words


def _knows_end(matrix: Matrix, value: str, targets: Mapping[str, Mapping[str, object]]) -> bool:
    kind, colon, slug = value.partition(":")
    return slug in targets.get(kind, ()) if colon else value in matrix.roles


def _shorten(value: str) -> str:
    return cut(value, 40)


def _either(words: Iterable[str]) -> str:
    *first, last = words
    return f"{', '.join(first)} or {last}" if first else last


def _article(words: str) -> str:
    return "an" if words[:1].lower() in "aeiou" else "a"


def _lower_first(words: str) -> str:
    """With a small first letter, unless the first word is an abbreviation."""
    return words if words[1:2].isupper() else words[:1].lower() + words[1:]


def _upper_first(words: str) -> str:
    return words[:1].upper() + words[1:]


def _corrected_ports(matrix: Matrix) -> dict[str, tuple[tuple[str, Caveat], ...]]:
    corrected: dict[str, list[tuple[str, Caveat]]] = {}
    for caveat in matrix.caveats.values():
        for slug, ports in caveat.service_ports:
            corrected.setdefault(slug, []).append((ports, caveat))
    return {slug: tuple(found) for slug, found in corrected.items()}


def _make_row(
    matrix: Matrix,
    requirement: Requirement,
    corrected: Mapping[str, tuple[tuple[str, Caveat], ...]],
    caveats: tuple[Caveat, ...],
) -> Row:
    if requirement.pairing:
        pairing = matrix.pairings[requirement.pairing]
        source = End(words=pairing.name, detail=describe_pairing(matrix, pairing), pairing=pairing.slug)
    else:
        source = End(words=matrix.roles[requirement.source or ""].name)
    if requirement.target is not None:
        destination = describe_target(matrix, requirement.target)
    else:
        name = matrix.roles[requirement.destination or ""].name
        destination = End(words=name, detail="every other one" if requirement.peers else "")
    return Row(
        requirement=requirement,
        section_title=matrix.section_title(requirement.section),
        source=source,
        destination=destination,
        lines=_make_lines(matrix, requirement, corrected),
        conditions=tuple(describe_condition(matrix, condition) for condition in requirement.when),
        correction=matrix.caveats[requirement.correction] if requirement.correction else None,
        caveats=caveats,
    )


def _make_lines(
    matrix: Matrix, requirement: Requirement, corrected: Mapping[str, tuple[tuple[str, Caveat], ...]]
) -> tuple[Line, ...]:
    """One line for each service; the services that one undecided choice picks from share a line."""
    groups: dict[object, list[Ask]] = {}
    for number, ask in enumerate(requirement.asks):
        alternative = ask.when is not None and matrix.choices[ask.when.choice].default is None
        groups.setdefault(ask.when.choice if alternative and ask.when else number, []).append(ask)
    lines = []
    for asks in groups.values():
        parts = tuple(
            Part(service=matrix.services[ask.service], ask=ask, corrected=corrected.get(ask.service, ()))
            for ask in asks
        )
        when = asks[0].when
        if len(asks) > 1 and when is not None:
            lines.append(Line(parts=parts, choice=matrix.choices[when.choice]))
        else:
            lines.append(Line(parts=parts, condition=describe_condition(matrix, when) if when else ""))
    return tuple(lines)


def _fits_ends(matrix: Matrix, requirement: Requirement, query: Query) -> bool:
    return (
        (not query.section or requirement.section == query.section)
        and (not query.source or _is_source(matrix, requirement, query.source))
        and (not query.destination or _is_destination(matrix, requirement, query.destination))
    )


def _is_source(matrix: Matrix, requirement: Requirement, value: str) -> bool:
    if value.startswith("pairing:"):
        return requirement.pairing == value.removeprefix("pairing:")
    if requirement.pairing:
        pairing = matrix.pairings[requirement.pairing]
        return _overlap(matrix, value, pairing.near) or _overlap(matrix, value, pairing.fallback)
    return _overlap(matrix, value, requirement.source or "")


def _is_destination(matrix: Matrix, requirement: Requirement, value: str) -> bool:
    kind, colon, slug = value.partition(":")
    if colon:
        return requirement.target is not None and getattr(requirement.target, kind) == slug
    return requirement.destination is not None and _overlap(matrix, value, requirement.destination)


def _overlap(matrix: Matrix, one: str, other: str) -> bool:
    """Whether some endpoint role is both: a primary web server is a web server."""
    return not matrix.holders[one].isdisjoint(matrix.holders[other])


def _read_words(text: str) -> tuple[str, ...]:
    """The words of a search text, all of which must be found; "section 9" is one, and "why", "port" are none."""
    folded = _SECTION_PHRASE.sub("§", _fold(text))
    words = [word for part in folded.split() if (word := part.strip(_PUNCTUATION))]
    return tuple([word for word in words if word not in _FILLER] or words)


def _fold(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdigit()


def _fit_services(row: Row, query: Query, words: Iterable[str]) -> Row | None:
    """The row with the services marked that the query asks for; None when it asks for one that isn't there."""
    numbers = [port_span(word) for word in words if _is_number(word)]
    wanted = port_span(query.port) if query.port else None

    def fits(part: Part) -> bool:
        protocol = not query.protocol or part.service.protocol == query.protocol
        return protocol and (wanted is None or _covers(part, wanted))

    asked = bool(query.protocol or query.port)
    if asked and not any(fits(part) for part in row.parts):
        return None
    if not asked and not numbers:
        return row

    def mark(part: Part) -> Part:
        return replace(part, hit=(asked and fits(part)) or any(_covers(part, number) for number in numbers))

    return replace(row, lines=tuple(replace(line, parts=tuple(map(mark, line.parts))) for line in row.lines))


def _covers(part: Part, wanted: tuple[int, int]) -> bool:
    """Whether the service has one of the ports wanted, by default or after a correction."""
    given = (*split_ports(part.service.ports), *(ports for ports, _ in part.corrected))
    spans = [port_span(ports) for ports in given if ports]
    return any(first <= wanted[1] and wanted[0] <= last for first, last in spans)


def _fits_word(matrix: Matrix, row: Row, word: str) -> bool:
    """A number is a port or a number in the text, never part of a longer one; "§9" is a section; else any text."""
    if word.startswith("§"):
        return word == f"§{_fold(row.requirement.section)}"
    prose = _fold(_prose(matrix, row))
    if not _is_number(word):
        return word in prose
    number = int(word)
    if any(_covers(part, (number, number)) for part in row.parts):
        return True
    return re.search(rf"(?<![\w§/]){number}(?![\w/])", prose) is not None


def _prose(matrix: Matrix, row: Row) -> str:
    """All that is written in a row."""
    texts = [
        row.requirement.slug, row.requirement.topic, row.requirement.name, row.requirement.summary,
        row.section_title, str(row.source), str(row.destination), *row.conditions,
    ]  # fmt: skip
    for line in row.lines:
        texts += [line.condition, line.choice.name if line.choice else ""]
        for part in line.parts:
            service = part.service
            texts += [
                service.slug, service.name, part.label, part.ports,
                *(f"{service.protocol} {ports}" for ports, _ in part.corrected),
            ]  # fmt: skip
    for caveat in row.caveats:
        texts += [caveat.title, caveat.text]
    return " \n".join(texts)
