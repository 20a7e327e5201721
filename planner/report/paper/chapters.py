"""Parts that the report and the change request share: rules by boundary, objects, blanks, the legend, the sign-off."""

from collections.abc import Iterable, Sequence
from typing import Literal

from planner.engine.report import Report
from planner.plan.document import ANY, Endpoint
from planner.report.paper.printed import Element, Kids, join, make
from planner.report.paper.words import mark_addresses, name_zones, shown
from planner.report.said.by_service import ServiceReasons
from planner.report.said.forbidden import FORBIDDEN
from planner.report.said.objects import Members, Objects, Side, lay_out
from planner.report.said.outline import MISSING, ServiceLine, describe_together
from planner.report.said.printed_rules import Blank, PrintedBoundary, PrintedRule
from planner.report.said.still_needed import STILL_NEEDED
from planner.report.said.text import check_addresses
from ports.matrix import Matrix, Role, section_key
from ports.text import many, show_line

Column = Literal["open", "close", "changed"]
"""What a table of rules is about: rules that are to be open, that are to be closed, or that differ."""

MOST_WAITING = 8
"""How many of the rules that wait for an address are named beside it."""
MOST_BLANKS = 40
"""Of so many missing addresses each has a line to write on; more stand in columns."""


_RULE = (
    "Every endpoint under “From” may open every listed port of every endpoint under “To”, and nothing else. Every "
    "rule permits, so their order means nothing."
)
_STAYS = "It stays with the rule when the plan changes, for as long as the rule means the same."
_OWN = "“own”: an addition of this plan, not of the vendor’s."
_WORDS = {
    "Port": "The destination port. The source’s port is any. The source opens the connection; a stateful firewall "
    "admits the replies.",
    "Address": "An IPv4 or IPv6 address, or a network. A DNS name stays a name: use an object of the firewall that "
    "resolves it, or fill in its addresses.",
    "Any": "“Any address” stands only where the plan says so, for a group in an internet zone. A missing address is "
    f"marked “{MISSING}”, is to be filled in, and never means any.",
    "Group": "An endpoint that stands for many machines, by networks or addresses; the objects mark it.",
    "Not decided": "What says so depends on a choice that the vendor’s document leaves and the plan hasn’t made. It "
    "is needed when the option that it names is chosen; open it only then.",
}
"""Words of every printed document, each with what it means."""


def make_head(*titles: str, page: bool = False) -> Element:
    """The head of a table; with `page` the last column has numbers of pages."""
    cells = [make("th", title, scope="col") for title in titles]
    if page:
        cells.append(make("th.page", "Page", scope="col"))
    return make("thead", make("tr", cells))


def make_rules(chapters: Sequence[PrintedBoundary], column: Column = "open") -> Kids:
    """The rules as one table, each boundary under a heading of its own; after it what has no room in a row.

    Raises NotExpressible where the addresses of whom rows name would be too much.
    """
    lines = [line for chapter in chapters for line in chapter.rules]
    sides = (side for line in lines for side in (line.sources, line.destinations))
    check_addresses("Printed pages", ((named.endpoint for named in side.named) for side in sides))
    differs = ("What differs",) if column == "changed" else ()
    titles = ("Rule", "From", "To", "Service and why", *differs, "Done")
    return [
        make(
            "table.altered" if differs else "table.rules",
            make_head(*titles),
            [[_head_chapter(chapter, len(titles)), [_make_rule(line, chapter, column) for line in chapter.rules]]
             for chapter in chapters],
        ),
        [
            make("p.remark", make("b", title), " ", shown(text))
            for chapter in chapters
            for title, text in chapter.remarks
        ],
    ]  # fmt: skip


def _head_chapter(chapter: PrintedBoundary, columns: int) -> Element:
    source, destination = chapter.boundary.source, chapter.boundary.destination
    rules = [line.rule for line in chapter.rules]
    several: list[Kids] = []
    if len(source.zones) > 1:
        several.append(_say_zones("From", source.zones, [rule.source_zones for rule in rules]))
    if len(destination.zones) > 1:
        several.append(_say_zones("To", destination.zones, [rule.destination_zones for rule in rules]))
    about: Kids = [" ", make("small", join(several, " "))] if several else None
    label = show_line(chapter.boundary.label) if several else None
    heading = make(
        f"h3#{chapter.anchor}", shown(source.label), " → ", shown(destination.label), about, data_title=label
    )
    return make_group(columns, heading)


def _say_zones(way: str, zones: tuple[str, ...], named: Iterable[tuple[str, ...]]) -> Kids:
    """Which of the zones that stand together the rules name, and whether each rule names all of these."""
    found = [set(several) for several in named]
    touched = [zone for zone in zones if any(zone in several for several in found)]
    if len(touched) == 1:
        return [f"{way} ", name_zones(touched), " alone."]
    alike = all(len(several) == len(touched) for several in found)
    return [f"{way} ", name_zones(touched), " alike." if alike else ": each rule names its own."]


def make_group(columns: int, *heading: Kids) -> Element:
    """A row of a table of so many columns that is a heading of those after it."""
    return make("tbody", make("tr.group", make("td", heading, colspan=str(columns))))


def _anchor(chapter: PrintedBoundary, rule: str) -> str:
    return f"{chapter.anchor.removesuffix(chapter.boundary.code)}rule-{rule}"


def _make_rule(line: PrintedRule, chapter: PrintedBoundary, column: Column) -> Element:
    """The two rows of a rule, which stay together: what it says, and what whoever acts on it writes down.

    That stands below its number and its sides, beside the services: these mostly have more lines.
    """
    decided = _say_decided(line, closed=column == "close")
    anchor = _anchor(chapter, line.rule.id)
    return make(
        "tbody",
        make(
            "tr",
            make("td.id", line.number, id=anchor),
            _make_side(line.sources, "from"),
            _make_side(line.destinations, "to"),
            make("td.services", _make_services(line, chapter), _say_marks(line), decided, rowspan="2"),
            make("td", _say_differences(line), rowspan="2") if column == "changed" else None,
            make("td.tick", "☐", rowspan="2"),
        ),
        make("tr.acts", make("td", _make_acts(line), colspan="3")),
    )


def _make_services(line: PrintedRule, chapter: PrintedBoundary) -> Kids:
    """Each service with why it is there beside it; with their reasons after them where these are too long for that.

    Where another rule before it says all of that, what is opened, and which rule it is.
    """
    if line.as_in:
        sections = {number for one in line.services for number in one.sections}
        cited = ", ".join(sorted(sections, key=section_key))
        where = make("a.at", line.as_in, href=f"#{_anchor(chapter, line.as_in)}")
        return [
            make("p", join([_name_service(service) for one in line.services for service in one.services], "; ")),
            make("p.because", "Each for what ", where, " says of it", f"; §{cited}." if cited else "."),
        ]
    if line.why:
        listed = [make("p", _name_service(service)) for one in line.services for service in one.services]
        cited = ", ".join(line.rule.sections)
        return [
            listed or make("p", make("samp", line.many)),
            make("p.because", shown(line.why), f" §{cited}" if cited else " own"),
        ]
    return make_needs(line.services)


def make_needs(services: Iterable[ServiceReasons]) -> Kids:
    """Each service with why it is there beside it."""
    return [
        make(
            "p.need",
            make("span.what", [[make("br") if at else None, _name_service(it)] for at, it in enumerate(one.services)]),
            " ",
            make(
                "span.because",
                shown(describe_together(one.reasons).removesuffix(".")),
                f", §{', '.join(one.sections)}" if one.sections else ", own",
            ),
        )
        for one in services
    ]


def say_undecided(undecided: str) -> Kids:
    """A mark where something depends on what isn't decided, and on what."""
    if not undecided:
        return None
    return make("p", make("b.open", "Not decided"), " ", make("small", f"Only with {undecided}."))


def _name_service(service: ServiceLine) -> Kids:
    return [
        make("samp", service.ports),
        f" {service.names}" if service.names else None,
        [" ", make("em", f"changed from {service.changed_from}")] if service.changed_from else None,
    ]


def _make_acts(line: PrintedRule) -> Kids:
    """What is known of who does what and when, and lines to write on where nothing is."""
    return [
        make(
            "p.fields",
            join(
                [
                    make(
                        "span.field", make("small", what), " ", shown(known) if known else make("span.write", "_" * 10)
                    )
                    for what, known in line.acts
                ],
                " ",
            ),
        ),
        make("p", make("small", join(map(shown, line.state), " · "))) if line.state else None,
    ]


def _say_differences(line: PrintedRule) -> Kids:
    return [
        make("p", f"{what}: {before} → {after}") for what, before, after in line.differs
    ] or "In the reasons alone."


def _say_marks(line: PrintedRule) -> Kids:
    """A mark where a rule breaks what must stay closed, or is to be closed and still needed, and what says so."""
    return [
        make("p", make("b.open", mark), " ", make("small", shown(f"{said}.")))
        for mark, said in ((FORBIDDEN, line.forbidden), (STILL_NEEDED, line.needed))
        if said
    ]


def _say_decided(line: PrintedRule, *, closed: bool) -> Kids:
    """A mark where a rule isn't decided, and on what it depends; nothing where it is needed outright."""
    if not line.undecided:
        return None
    if closed:
        return make(
            "p", make("b.open", "Was not decided"), " ", make("small", f"It was needed only with {line.undecided}.")
        )
    instead = [
        ["; otherwise " if number == 0 else " or ", make("span.keep", rule), f" ({ports})"]
        for number, (rule, ports) in enumerate(line.instead)
    ]
    return make("p", make("b.open", "Not decided"), " ", make("small", f"Only with {line.undecided}", instead, "."))


def _make_side(side: Side, way: Literal["from", "to"]) -> Element:
    """A cell with one side of a rule. For programs it says which, and all addresses of whom it names itself."""
    kids: list[Kids] = []
    for named in side.named:
        endpoint = named.endpoint
        kids.append(
            make(
                "p",
                shown(endpoint.name),
                [[" ", make("samp", "any address" if address == ANY else address)] for address in named.addresses],
                [" ", make("small", f"and {many(named.more, 'more address', 'more addresses')}, under “Objects”")]
                if named.more
                else None,
                None if endpoint.addresses else [" ", make("span.missing", MISSING)],
            )
        )
    if side.group:
        kids += [
            make(
                "p",
                make("a.at", make("b", side.group.name), href=f"#{side.group.anchor}"),
                " ",
                make("small", shown(f"· {many(side.group.total, 'member')}: {side.group.common}")),
            ),
        ]
    return make("td", kids, data_side=way, data_addresses=_list_addresses(named.endpoint for named in side.named))


def _list_addresses(endpoints: Iterable[Endpoint]) -> str | None:
    """All addresses with a space between, None without any."""
    return " ".join(address for endpoint in endpoints for address in endpoint.addresses) or None


def make_blanks(blanks: Sequence[Blank]) -> Kids:
    """The addresses that rules wait for, each with a line to write on."""
    if not blanks:
        return None
    head = make("h3", f"Addresses to be filled in, marked “{MISSING}” below: {len(blanks)}")
    if len(blanks) > MOST_BLANKS:
        return [head, make("pre", lay_out([show_line(blank.endpoint.name) for blank in blanks]))]
    return [head, [_make_blank(blank) for blank in blanks]]


def _make_blank(blank: Blank) -> Element:
    more = f" and {many(len(blank.rules) - MOST_WAITING, 'more rule')}" if len(blank.rules) > MOST_WAITING else ""
    return make(
        "p.blank",
        make("span.missing", shown(blank.endpoint.name)),
        " in ", shown(blank.endpoint.zone), ": __________________ ",
        make("small", f"for {', '.join(blank.rules[:MOST_WAITING])}{more}"),
    )  # fmt: skip


def make_objects(objects: Objects, *, whole: bool, number: int | None = None) -> Element:
    """Groups with their members; `whole`: the endpoints that are in no group stand there, too.

    `number` keeps the anchors of several such parts of one document apart.
    """
    intro = [
        "A rule with many endpoints on a side names a group; its members are here." if objects.groups else "",
        "Every endpoint stands here once, with all its addresses." if whole else "",
        "Its zone is in brackets where its name doesn’t say it." if objects.groups else "",
    ]
    return make(
        f"section#objects{'' if number is None else f'-{number}'}",
        make("h2", "Objects: groups, endpoints and addresses"),
        make("p.intro", " ".join(filter(None, intro))),
        [
            make(
                f"p.union#{union.group.anchor}",
                make("b", union.group.name), f" has {many(union.group.total, 'member')}: those of ",
                join([make("a.at", part.name, href=f"#{part.anchor}") for part in union.parts]), ". ",
                make("small", f"Used by {', '.join(union.used_by)}."),
            )
            for union in objects.unions
        ],
        [_make_group(members) for members in objects.groups],
        make("h3", "In no group, by zone") if objects.groups and objects.zones else None,
        [_make_zone(members) for members in objects.zones],
        make("p", "The plan has no endpoints yet.") if not objects.zones and not objects.groups else None,
    )  # fmt: skip


def _make_group(members: Members) -> Kids:
    used = f" Used by {', '.join(members.used_by)}." if members.used_by else ""
    said = f"{many(len(members.endpoints), 'member')}: {members.common}.{used}"
    return [
        make(f"h3#{members.anchor}", members.title),
        make("p.intro", make("small", said)),
        make("pre", members.lines, data_addresses=_list_addresses(members.endpoints)),
    ]


def _make_zone(members: Members) -> Kids:
    if len(members.endpoints) > 24:
        return [
            make("h4", shown(members.title)),
            make("p.intro", make("small", f"{len(members.endpoints):,} endpoints: {members.common}.")),
            make("pre", members.lines),
        ]
    each = [
        [
            shown(endpoint.name),
            " (group)" if endpoint.group else None,
            " ",
            mark_addresses(endpoint),
        ]
        for endpoint in members.endpoints
    ]
    return make("p.zone", make("b", shown(members.title)), " \u2002", join(each, "; "))


def make_legend(
    matrix: Matrix, roles: Iterable[Role], example: PrintedBoundary | None, *, whole: bool = True
) -> Element:
    """How to read the document.

    `whole`: its rules are all of the plan's; `example`: a boundary by which the numbers of rules are explained.
    """
    rule: Kids = [_RULE, " All rules together are exactly the connections between zones." if whole else None, " "]
    number: Kids = None
    if example:
        source, destination = example.boundary.source, example.boundary.destination
        number = [
            f"A number begins with its boundary: {example.rules[0].rule.id} is a rule from ",
            shown(source.label), " to ", shown(destination.label), ". ",
        ]  # fmt: skip
    sections = "; ".join(f"{section.number} {section.title}" for section in matrix.sections)
    document = f"After each reason the section of “{matrix.document}” that asks for it: {sections}. {_OWN}"
    words: tuple[tuple[str, Kids], ...] = (("Rule", [rule, number, _STAYS]), *_WORDS.items(), ("§", document))
    listed = [make("div", make("dt", f"{role.name}:"), " ", make("dd", role.description)) for role in roles]
    return make(
        "section.legend#legend",
        make("h2", "Legend"),
        make("dl", [make("div", make("dt", word), " ", make("dd", said)) for word, said in words]),
        [make("h3.aside", "What the endpoints of this plan are"), make("dl.roles", listed)] if listed else None,
    )


def make_sign_off() -> Element:
    """A table to sign in."""
    blank = [make("td"), make("td"), make("td")]
    return make(
        "section.sign-off#sign-off",
        make("h2", "Sign-off"),
        make(
            "table.signatures",
            make_head("Step", "Name", "Date", "Signature, ticket or remark"),
            make(
                "tbody",
                [
                    make("tr", make("th", step, scope="row"), blank)
                    for step in ("Requested", "Approved", "Implemented")
                ],
            ),
        ),
    )


def list_roles(report: Report) -> list[Role]:
    """The roles that endpoints of the plan hold, for readers who don't know the product."""
    held = {role for endpoint in report.plan.endpoints for role in endpoint.roles}
    return [role for slug, role in report.matrix.roles.items() if slug in held and role.description]


def make_facts(rows: Iterable[tuple[str, Kids]]) -> Element:
    """What the cover says about the document: words and what they stand for."""
    return make(
        "table.facts",
        make("tbody", [make("tr", make("th", what, scope="row"), make("td", said)) for what, said in rows]),
    )


def make_matrix_facts(matrix: Matrix, what: str = "Port matrix") -> tuple[str, Kids]:
    """Which port matrix it is, by version and digest."""
    return what, [matrix.version, make("br"), make("samp.digest", matrix.digest)]


def make_contents(parts: Iterable[tuple[str, str]]) -> Element:
    """Where what stands: anchors and titles."""
    return make(
        "nav", make("ul.contents", [make("li", make("a", title, href=f"#{anchor}")) for anchor, title in parts]),
        aria_label="Contents",
    )  # fmt: skip


def make_numbers(counts: Iterable[tuple[int, str, bool]]) -> Element:
    """How much of what there is: number, word, and whether it asks for attention."""
    return make(
        "ul.numbers",
        [make("li.warn" if warns else "li", make("b", f"{count:,}"), f" {what}") for count, what, warns in counts],
    )
