"""A table of rules as CSV: rows in order, with the columns that exports of rule managers and spreadsheets have. Pure.

Needed are source, destination, action, and service or protocol and port; columns go by the words of the exports of
AlgoSec, Tufin and FireMon, of our own file `requests`, and plain ones. A cell has one value or several, divided by
line breaks, semicolons, commas or spaces; `any` is anything. Objects by name are understood where what they stand for
is beside them in parentheses: SRV01 (10.0.0.1). What can't be read, also in a column that isn't known, leaves the row
obscure by name.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from planner.engine.existing.model import Entry, Ruleset, Sides, Stage, Unreadable, Verdict
from planner.engine.existing.parts.addresses import (
    ANYBODY,
    ONLY,
    Addresses,
    all_but,
    dns_name,
    parse,
    parse_length,
    parse_literal,
    spanning,
    unite_all,
    vague,
)
from planner.engine.existing.parts.count import Count
from planner.engine.existing.parts.entries import make_entries
from planner.engine.existing.parts.services import Services, every_service_but, read_number, unknown_service
from planner.engine.existing.readers.csv_cells import (
    ANY,
    is_whole,
    split_cell,
    split_parentheses,
    takes_away,
    takes_zones_away,
    tidy,
)
from planner.engine.existing.readers.csv_services import add_source_ports, read_list, read_pairs, read_protocols
from planner.engine.existing.readers.csv_services import reads as reads_service
from planner.plan.cells import quote, read_back
from planner.plan.endpoint_table import TableError, first_line, split_table
from planner.plan.inventories import header_key
from planner.plan.limits import ENTRIES

_COLUMNS = {
    "source": "source sources src source_address source_addresses src_address src_addresses source_ip source_ips "
    "src_ip srcaddr src_addr source_network source_networks source_object source_objects from_address original_source",
    "destination": "destination destinations dst dest destination_address destination_addresses dst_address "
    "dst_addresses destination_ip destination_ips dst_ip dstaddr dst_addr destination_network destination_networks "
    "destination_object destination_objects dest_address dest_addresses dest_addr dest_ip dest_ips dest_network "
    "dest_networks dest_object dest_objects to_address original_destination",
    "service": "service services service_port service_ports service_object service_objects applications_and_services "
    "services_and_applications",
    "protocol": "protocol protocols proto ip_protocol service_protocol",
    "port": "port ports destination_port destination_ports dst_port dst_ports dstport dport dest_port dest_ports",
    "source_port": "source_port source_ports src_port src_ports srcport sport",
    "action": "action actions rule_action verdict permission access",
    "enters": "from from_zone source_zone source_zones src_zone srczone srcintf source_interface src_interface "
    "incoming_interface in_interface ingress_interface ingress_zone from_interface",
    "leaves": "to to_zone destination_zone destination_zones dst_zone dstzone dstintf destination_interface "
    "dst_interface dest_zone dest_zones dest_interface outgoing_interface out_interface egress_interface "
    "egress_zone to_interface",
    "not_source": "source_negate source_negated negate_source src_negate srcaddr_negate source_is_negated",
    "not_destination": "destination_negate destination_negated negate_destination dst_negate dest_negate "
    "dstaddr_negate destination_is_negated",
    "not_service": "service_negate service_negated negate_service service_is_negated",
    "enabled": "enabled is_enabled active is_active enable valid",
    "disabled": "disabled is_disabled inactive",
    "status": "status rule_status state",
    "number": "number no no. nr # seq sequence id rule_id rule_number rule_no policy_id policyid rulenum rule_# line "
    "order",
    "priority": "priority",
    "name": "name rule rule_name policy_name policy display_name title",
    "comment": "comment comments description remark remarks note notes",
    "device": "device device_name firewall firewalls gateway package policy_package layer vdom adom domain",
    "when": "schedule schedules time time_object",
    "only": "install_on installed_on target targets user users source_user source_users group groups "
    "valid_until expires expiry expiration expiration_date application applications app "
    "app_id url url_category urls vpn content source_vrf vrf hosts_profile hip_profiles source_device "
    "destination_device nat condition conditions",
    "aside": "ticket tickets ticket_id change_request log logging track tracking logtraffic hits hit_count hitcount "
    "last_hit first_hit last_used last_modified modified created created_by modified_by created_at owner "
    "business_owner technical_owner tag tags section risk risks risk_level uid uuid rule_uid profile profiles "
    "security_profiles security_profile_group justification business_justification documentation changed bytes "
    "packets sessions usage compliance review_date reviewed certification severity vendor "
    "security_rule_uid recommendation",
}
_KEYS = {word: column for column, words in _COLUMNS.items() for word in words.split()}
"""By name of a column, in lower case with underscores: what it is. `only` and `when` are those that narrow a rule in a
way that isn't understood, `aside` those that say nothing of what it admits."""
_ALWAYS = frozenset({"", "-", "n/a", "any", "*", "all", "always"})
_NOTHING = {
    "when": _ALWAYS,
    "only": _ALWAYS | {"none", "never", "unlimited", "false", "no", "off", "disabled", "disable", "policy targets"},
}
"""What such a column says that narrows nothing: a rule that expires never is in force, one with the schedule “none” of
a FortiGate never is."""
_YES = frozenset({"yes", "true", "1", "x", "enabled", "active", "on", "enable"})
_NO = frozenset({"no", "false", "0", "disabled", "inactive", "off", "disable"})
_FAMILIES = {"any4": 4, "any-ipv4": 4, "all-ipv4": 4, "any6": 6, "any-ipv6": 6, "all-ipv6": 6}
_SEVERAL = frozenset({"device", "only", "when", "aside", "number", "name", "comment"})
"""Of what there may be several columns; of the last three the first that says something counts."""
_TRAILING = " -–—:=/"
"""Signs that people put between an address and what stands in parentheses."""
_SEVERAL_VALUES = re.compile(r"[\s;,]")
_MOST_COLUMNS = 1000
_DEEP = 20
"""How many layers within layers are looked for."""
_SERVICE = ("service", "protocol", "port", "not_service", "source_port")
_VERDICTS: Mapping[str, Verdict] = {
    **dict.fromkeys(("accept", "allow", "permit", "pass", "accepted", "allowed", "permitted", "trust"), "accept"),
    **dict.fromkeys(
        ("deny", "drop", "reject", "block", "discard", "denied", "dropped", "rejected", "blocked", "refuse"), "drop"
    ),
}


def read(text: str) -> Ruleset:
    """Read a table of rules, its first line the names of the columns. Raises Unreadable."""
    return _open(text).read()


def _open(text: str) -> "_Table":
    columns = max(map(first_line(text).count, ",;\t")) + 1
    if columns > _MOST_COLUMNS:
        raise Unreadable(f"The first line has {columns:,} columns; at most {_MOST_COLUMNS:,} are read.")
    try:
        rows = split_table(text, "rules", ENTRIES)
    except TableError as error:
        raise Unreadable("; ".join(f"{fault.where}: {fault.message}" for fault in error.faults)) from None
    if not rows:
        raise Unreadable("The table is empty; its first line names the columns: source, destination, service, action.")
    return _Table(rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What rows have to be like that are put into a table."""

    delimiter: str
    titles: tuple[str, ...]
    columns: tuple[str, ...]
    """What each of the titles is for: source, destination, …; empty where that isn't known."""
    accepts: str
    """What the table calls a rule that allows."""
    device: str
    """The firewall that all of it is of, as the table says it."""
    priorities: Mapping[str, str]
    """By line of a row its priority, where the table has any."""
    last_priority: str


def find_columns(text: str) -> Known:
    """The columns of a table that can be read. Raises Unreadable."""
    table = _open(text)
    found = {name: table.list_cells(name) for name in ("action", "device", "priority")}
    return Known(
        delimiter=max(",;\t", key=first_line(text).count),
        titles=tuple(table.titles),
        columns=tuple(table.columns),
        accepts=next((cell for _, cell in found["action"] if _VERDICTS.get(cell.casefold()) == "accept"), "allow"),
        device=next((cell for _, cell in found["device"]), ""),
        priorities={str(line): cell for line, cell in found["priority"]},
        last_priority=found["priority"][-1][1] if found["priority"] else "1",
    )


class _Table:
    def __init__(self, rows: Sequence[tuple[int, list[str]]]) -> None:
        self.line, header = rows[0]
        self.rows = rows[1:]
        self.titles = [title.strip() for title in header]
        self.columns = [
            _KEYS.get(header_key(title.lstrip("\ufeff").replace("&", " and ")), "") for title in self.titles
        ]
        self.count, self.places, self.services = Count(), Count(), Count()
        self.addresses: dict[str, Addresses | None] = {}
        self.kept: dict[tuple[tuple[str, str], ...], Any] = {}
        self._check()
        self.layers = frozenset(self._list_layers())

    def _check(self) -> None:
        """Raise Unreadable where the columns don't say what is needed, or say it twice."""
        where = f"Line {self.line}"
        for name in _COLUMNS:
            titles = [title for title, column in zip(self.titles, self.columns, strict=True) if column == name]
            if len(titles) > 1 and name not in _SEVERAL:
                raise Unreadable(f"{where}: several columns are for the {name}: {quote(', '.join(titles))}. Keep one.")
        missing = [name for name in ("source", "destination", "action") if name not in self.columns]
        if not {"service", "protocol", "port"} & set(self.columns):
            missing.append("service")
        if missing:
            raise Unreadable(
                f"{where} names the columns, and none of them is the {' or the '.join(missing)}; needed are source, "
                f"destination, service (or protocol and port) and action. Found {quote(', '.join(self.titles))}."
            )
        for title, column, at in zip(self.titles, self.columns, range(len(self.columns)), strict=True):
            said = {cells[at].strip() for _, cells in self.rows if at < len(cells)} if column == "device" else set()
            if len(said - {""}) > 1:
                raise Unreadable(f"The table has rules of several firewalls by its column {quote(title)}; keep one.")

    def list_cells(self, name: str) -> list[tuple[int, str]]:
        """What stands in the first column of this kind, by line; without cells that are empty."""
        if name not in self.columns:
            return []
        at = self.columns.index(name)
        found = ((line, read_back(cells[at].strip())) for line, cells in self.rows if at < len(cells))
        return [(line, text) for line, text in found if text]

    def _count_places(self) -> None:
        """Raise Unreadable at once where more addresses stand by themselves in cells than are read."""
        at = [self.columns.index(name) for name in ("source", "destination")]
        cells = {cell for _, row in self.rows for place in at if place < len(row) and (cell := row[place].strip())}
        if len(cells) > ENTRIES:
            Count().take(sum(not _SEVERAL_VALUES.search(cell) for cell in cells))

    def read(self) -> Ruleset:
        self._count_places()
        entries = [entry for line, cells in self.rows for entry in self._read_row(line, cells)]
        sides = {name for entry in entries for side in (entry.enters, entry.leaves) if side for name in side.names}
        disorder = tuple(self._check_order())
        if disorder:  # a row that refuses may come after one that admits
            entries = [replace(entry, obscure=(*entry.obscure, *disorder)) for entry in entries]
        return Ruleset(
            format="csv",
            stages=(
                Stage(
                    name="table of rules",
                    entries=tuple(entries),
                    default="drop",
                    default_name="end of the table of rules",
                ),
            ),
            chains={},
            sides=frozenset(sides),
            obscure=disorder,
        )

    def _check_order(self) -> Iterator[str]:
        """A priority that rows aren't in the order of: then nobody knows which of them comes first."""
        if "priority" not in self.columns:
            return
        at = self.columns.index("priority")
        said = [cells[at].strip() if at < len(cells) else "" for _, cells in self.rows]
        try:
            numbers = [read_number(one, 10**8) for one in said]
        except ValueError:
            yield f"column {quote(self.titles[at])} with what is no number"
            return
        if numbers != sorted(numbers):
            yield f"column {quote(self.titles[at])}, which the rows are not in the order of"

    # ---- a row ----

    def _list_layers(self) -> Iterator[str]:
        """The numbers of rows whose action isn't understood: it may be a layer, with rows whose numbers begin so."""
        for _, cells in self.rows:
            if self._find(cells, "action").casefold() not in _VERDICTS and (number := self._find_number(cells)):
                yield number

    def _find_layer(self, cells: list[str]) -> str:
        """The row of whose layer a row is: number 1 of 1.2. Empty where there is none."""
        parts = self._find_number(cells).split(".", _DEEP) if self.layers else []
        above = (".".join(parts[:size]) for size in range(len(parts) - 1, 0, -1))
        return next((number for number in above if number in self.layers), "")

    def _find_number(self, cells: list[str]) -> str:
        return self._find(cells, "number" if "number" in self.columns else "name")

    def _find(self, cells: list[str], name: str) -> str:
        """What the first column of a kind that says something says."""
        found = (cell for column, cell in zip(self.columns, cells, strict=False) if column == name)
        return next((text for cell in found if (text := read_back(cell.strip()))), "")

    def _read_row(self, line: int, cells: list[str]) -> Iterator[Entry]:
        row: dict[str, str] = {}
        obscure: list[str] = []
        for title, column, cell in zip(self.titles, self.columns, cells, strict=False):
            text = read_back(cell.strip())
            if column in {"", "only", "when"}:
                if text.casefold() not in _NOTHING[column] if column else text:
                    obscure.append(f"{title or 'column without a name'} {quote(text)}")
            elif not row.get(column):
                row[column] = text
        if any(cell.strip() for cell in cells[len(self.titles) :]):
            obscure.append("more cells than columns")
        on = _is_on(row)
        if on is False:
            return
        if on is None:
            obscure.append("whether it is enabled")
        if layer := self._find_layer(cells):
            obscure.append(f"within the layer of number {layer}")
        name = f"row {line}"
        if row.get("number"):
            name += f" (number {row['number']})"
        if row.get("name"):
            name += f" {quote(row['name'])}"
        verdict = _VERDICTS.get(row.get("action", "").casefold(), "obscure")
        if verdict == "obscure":
            obscure.append(f"action {quote(row.get('action', ''))}")
        enters, unclear = self._keep(_read_sides, row, "enters")
        leaves, unclear_too = self._keep(_read_sides, row, "leaves")
        obscure += unclear + unclear_too
        yield from make_entries(
            self.count,
            name=name,
            verdict=verdict,
            sources=self._keep(self._read_side, row, "source", "not_source"),
            destinations=self._keep(self._read_side, row, "destination", "not_destination"),
            services=self._keep(self._read_services, row, *_SERVICE),
            obscure=obscure,
            enters=enters,
            leaves=leaves,
            comment=row.get("comment", ""),
        )

    def _keep[Read](self, reads: Callable[..., Read], row: Mapping[str, str], *columns: str) -> Read:
        """What `reads` makes of these cells: tables say the same in many rows."""
        key = tuple((column, row.get(column, "")) for column in columns)
        if key not in self.kept:
            self.kept[key] = reads(row, *columns[:1])
        kept: Read = self.kept[key]
        return kept

    # ---- addresses ----

    def _read_side(self, row: Mapping[str, str], side: str) -> Addresses:
        """The addresses that a cell is understood to mean, and what of it isn't understood."""
        cell = row.get(side, "")
        items, negated = split_cell(tidy(cell), _reads)
        word = row.get(f"not_{side}", "").casefold()
        is_clear = items and negated is not None and word in _YES | _NO | {""}
        if not is_clear or any(not self._read_address(item) and takes_away(item, _reads) for item in items):
            return vague(f"{side} {quote(cell)}")
        several: list[Addresses] = []
        for item in items:
            whole = self._read_address(item)
            words = [item] if whole or " " not in item or is_whole(item, _reads) else _divide(item)
            several += [whole or self._read_address(one) or vague(f"{side} {quote(one)}") for one in words]
        found = unite_all(several)
        return found if negated == (word in _YES) else all_but(found)

    def _read_address(self, item: str) -> Addresses | None:
        if item not in self.addresses:
            self.places.take()
            self.addresses[item] = _read_address(item)
        return self.addresses[item]

    # ---- services ----

    def _read_services(self, row: Mapping[str, str], _: str) -> Services:
        """The services that a row is understood to mean, and what of it isn't understood."""
        cell, protocol, port = (row.get(name, "") for name in ("service", "protocol", "port"))
        self.services.take(sum(one.count(sign) for one in (cell, protocol, port) for sign in ";,\n"))
        negated: bool | None = False
        if protocol and port:  # the service beside them is what they are called
            found = read_pairs(protocol, port)
        elif cell or port:
            cell = tidy(port or cell)
            negated = split_cell(cell, reads_service)[1]
            found = read_list(cell, protocol.casefold())
        else:
            found = read_protocols(protocol)
        word = row.get("not_service", "").casefold()
        if negated is None or word not in _YES | _NO | {""}:
            return unknown_service(f"service {quote(cell)}")
        if negated != (word in _YES):
            found = every_service_but(found, f"service: all but {quote(cell)}")
        if row.get("source_port", "").casefold() not in {"", *ANY}:
            found = add_source_ports(found, row["source_port"])
        return found


def _read_sides(row: Mapping[str, str], way: str) -> tuple[Sides | None, list[str]]:
    """Zones or interfaces of a cell, None is anywhere; and the cell, where it isn't understood."""
    cell = row.get(way, "")
    items, negated = split_cell(cell, _reads)
    anywhere = any(item.casefold() in ANY for item in items)
    is_less = len(items) > 1 and any(map(takes_zones_away, items))
    if negated is None or is_less or (negated and anywhere):
        return None, [f"zones {quote(cell)}"]
    if not items or anywhere:
        return None, []
    return Sides(names=frozenset(items), negated=negated), []


def _is_on(row: Mapping[str, str]) -> bool | None:
    """Whether a rule is in force; None where a word isn't known."""
    said: list[bool | None] = []
    for column in ("enabled", "status"):
        if column in row:
            word = row[column].casefold()
            said.append(True if word in _YES else False if word in _NO else None)
    if "disabled" in row:
        word = row["disabled"].casefold()
        said.append(False if word in _YES else True if word in _NO | {""} else None)
    return False if False in said else None if None in said else True


def _read_address(item: str) -> Addresses | None:
    """One value of a cell: any, an address, a network, a range, a DNS name, or an object with one in parentheses."""
    word = item.casefold()
    if word in ANY:
        return ANYBODY
    if word in _FAMILIES:
        return ONLY[_FAMILIES[word]]
    return _read_literal(item) or dns_name(item) or _read_beside(*split_parentheses(item))


def _reads(item: str) -> bool:
    """Whether one value says addresses as numbers, or any."""
    word = item.casefold()
    return word in ANY or word in _FAMILIES or parse_literal(item) is not None


def _read_beside(name: str, inner: str) -> Addresses | None:
    """What parentheses behind a name stand for: SRV01 (10.0.0.1). None where the name says another address.

    Behind an address its mask may stand, or the same once more.
    """
    if (word := name.casefold()) in ANY or word in _FAMILIES:
        return ANYBODY if word in ANY and inner.casefold() in ANY else None
    name, *words = (
        one if parse_literal(one) else one.rstrip(_TRAILING) for one in (name, *re.split(r"[\s()]+", name))
    )
    if parse_literal(name) and _is_mask(inner):
        masked = _read_literal(f"{name.partition('/')[0]} {inner}")
        return masked if "/" not in name or masked == _read_literal(name) else None
    told = {parse_literal(one) for one in (name, *words)} - {None}
    return _read_literal(inner) if told <= {parse_literal(inner)} else None


def _read_literal(text: str) -> Addresses | None:
    """Addresses as numbers. None also for 0.0.0.0 and :: where no length says that they are single addresses.

    No host has these: 0.0.0.0 255.255.255.255 is any address on Cisco's IOS, and none on a FortiGate.
    """
    found = parse_literal(text)
    if found is None or (found[1:] == (0, 0) and not text.endswith(("/32", "/128"))):
        return None
    return spanning(*found)


def _divide(item: str) -> list[str]:
    """The values with blanks between them; one that can only be a mask stays with the address before it."""
    values: list[str] = []
    for word in item.split():
        if values and _is_mask(word) and parse(values[-1]):
            values[-1] += f" {word}"
        else:
            values.append(word)
    return values


def _is_mask(word: str) -> bool:
    """Whether it is written as an address that no host has: 255.255.255.0, 0.0.0.255, 0.255.0.255, 128.0.0.0."""
    found = parse(word)
    if found is None or found[0] != 4:
        return False
    number = found[1]
    return number >> 24 in {0, 255} or not number & (number + 1) or parse_length(word, 4) is not None
