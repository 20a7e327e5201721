"""The states of rules in an archive: what stands there of each, and reading it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from planner.plan.archive_values import (
    read_date,
    read_list,
    read_mapping,
    read_number,
    read_text,
    read_time,
    read_truth,
    refuse,
    show_found,
)
from ports.matrix import PROTOCOLS

MAX_STATES = 1_000_000
"""How many states one plan has at most."""
_STATE = re.compile(r"[a-z]{0,20}", re.ASCII)
_PORTS = re.compile(r"[0-9]{1,5}(-[0-9]{1,5})?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class StateRecord:
    """That somebody gave a rule a state. Numbers count the states of the plan."""

    number: int
    revision: int
    """The revision of the plan whose names the openings have."""
    rule: str
    boundary: str
    life: int | None
    """The number of the state by which the life of the rule began; None for that one."""
    act: int
    """The number of the first of those that were set in one go."""
    before: str
    was_changed: bool
    state: str
    ticket: str
    owner: str
    comment: str
    review: date | None
    author: str
    via: str
    at: datetime
    stands: bool
    blocks: list[Any]
    """Sources, destinations and services of the openings that have the state still."""
    ends: dict[str, Any]
    """Zone and addresses of their endpoints, as they were."""


def read_state(tree: object, where: str, number: int, revisions: int) -> StateRecord:
    """One state of a plan with so many revisions, of which it is the one of that number. Raises ArchiveError."""
    facts = read_mapping(tree, where, StateRecord.__slots__)
    found = read_number(facts["number"], f"{where}, number", least=1, most=MAX_STATES)
    if found != number:
        refuse(f"{where}, number", f"States come in their order, none left out: this must be {number}, not {found}.")
    life = facts["life"]
    ends = _read_ends(facts["ends"], f"{where}, ends")
    return StateRecord(
        number=number,
        revision=read_number(facts["revision"], f"{where}, revision", least=1, most=revisions),
        rule=read_text(facts["rule"], f"{where}, rule", 60),
        boundary=read_text(facts["boundary"], f"{where}, boundary", 600),
        life=None if life is None else read_number(life, f"{where}, life", least=1, most=number - 1),
        act=read_number(facts["act"], f"{where}, act", least=1, most=number),
        before=_read_slug(facts["before"], f"{where}, before"),
        was_changed=read_truth(facts["was_changed"], f"{where}, was_changed"),
        state=_read_slug(facts["state"], f"{where}, state"),
        ticket=read_text(facts["ticket"], f"{where}, ticket", 500),
        owner=read_text(facts["owner"], f"{where}, owner", 100),
        comment=read_text(facts["comment"], f"{where}, comment", 2000),
        review=read_date(facts["review"], f"{where}, review"),
        author=read_text(facts["author"], f"{where}, author", 60),
        via=read_text(facts["via"], f"{where}, via", 100),
        at=read_time(facts["at"], f"{where}, at"),
        stands=read_truth(facts["stands"], f"{where}, stands"),
        blocks=[
            read_block(item, f"{where}, blocks[{index}]", ends)
            for index, item in enumerate(read_list(facts["blocks"], f"{where}, blocks"))
        ],
        ends=ends,
    )


def _read_slug(value: object, where: str) -> str:
    if not (isinstance(value, str) and _STATE.fullmatch(value)):
        refuse(where, f"This must be the name of a state in small letters, or empty, found {show_found(value)}.")
    return value


def read_block(tree: object, where: str, ends: Mapping[str, Any] | None = None) -> list[Any]:
    """Sources, destinations and services; where ends are told, of these. Raises ArchiveError."""
    parts = read_list(tree, where)
    if len(parts) != 3:
        refuse(where, "These must be three lists: of sources, destinations and services.")
    sides = [[read_text(name, where, 255, least=1) for name in read_list(side, where)] for side in parts[:2]]
    if ends is not None and (unknown := [name for side in sides for name in side if name not in ends]):
        refuse(where, f"The endpoint {show_found(unknown[0])} isn't among the ends of this state.")
    return [*sides, [_read_service(service, where) for service in read_list(parts[2], where)]]


def _read_service(tree: object, where: str) -> list[str | None]:
    parts = read_list(tree, where)
    protocol, ports = parts if len(parts) == 2 else (None, None)
    if (
        not isinstance(protocol, str)
        or protocol not in PROTOCOLS
        or not (ports is None or (isinstance(ports, str) and _PORTS.fullmatch(ports)))
    ):
        refuse(where, f"A service must be a protocol and its ports, such as tcp and 443, found {show_found(tree)}.")
    return [protocol, ports]


def _read_ends(tree: object, where: str) -> dict[str, Any]:
    if not isinstance(tree, dict):
        refuse(where, f"This must be a mapping of endpoints to their zones and addresses, found {show_found(tree)}.")
    return {read_text(name, where, 255, least=1): _read_end(end, where) for name, end in tree.items()}


def _read_end(tree: object, where: str) -> list[Any]:
    parts = read_list(tree, where)
    if len(parts) != 2:
        refuse(where, "An endpoint must have its zone and a list of its addresses.")
    zone = read_text(parts[0], where, 255)
    return [zone, [read_text(address, where, 255, least=1) for address in read_list(parts[1], where)]]
