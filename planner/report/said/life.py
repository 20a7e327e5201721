"""The life of a rule in words: its state, what it was given for and says now, and what is left to be closed. Pure."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from planner.engine.life import STATES, Given, Life, Lives, Moved, fold_openings
from planner.engine.rules import Opening, Rule

LIFE_TITLES = ("State", "Ticket", "Owner", "Review", "Comment")
LEFT_TITLES = ("Rule", "Boundary", "Sources", "Destinations", "Services", *LIFE_TITLES)
MOST_SAID = 20
"""How many lines of a difference a cell has."""


def say_state(life: Life) -> str:
    """Implemented, or: Changed since implemented."""
    name = STATES[life.given.state]
    return f"Changed since {name.lower()}" if life.changed else name


def list_life(life: Life | None, between: str = "\n") -> tuple[str, ...]:
    """A life under LIFE_TITLES; what has changed stands after the state. Empty texts for None.

    `between` divides the state from each difference, and tickets from one another.
    """
    if life is None:
        return ("",) * len(LIFE_TITLES)
    return (
        between.join((say_state(life), *list_differences(life, MOST_SAID))),
        between.join(life.tickets),
        life.given.owner,
        say_review(life),
        life.given.comment,
    )


def say_review(life: Life) -> str:
    """2027-01-31, or: 2026-01-31 (due); empty where there is none."""
    days = [one.review for one in life.alike if one.review is not None]
    return f"{min(days).isoformat()}{' (due)' if life.is_due else ''}" if days else ""


def say_by(given: Given) -> str:
    """Who gave a state and when: Kim, 2026-11-01."""
    return ", ".join(filter(None, (given.by, given.at.date().isoformat())))


class Ticket(NamedTuple):
    """A ticket as pages show it, and where it is found; nowhere unless it is an address of the web."""

    text: str
    href: str = ""


def find_ticket(ticket: str) -> Ticket:
    """A ticket: of an address of the web the end of its path stands for it."""
    try:
        parts = urlsplit(ticket)
    except ValueError:
        return Ticket(ticket)
    if parts.scheme not in ("http", "https") or not parts.netloc or any(letter.isspace() for letter in ticket):
        return Ticket(ticket)
    return Ticket(parts.path.rstrip("/").rpartition("/")[2] or parts.netloc, ticket)


def list_differences(life: Life, most: int | None = None) -> tuple[str, ...]:
    """What differs from what the state was given for, in lines; of more than `most` the last one says how many."""
    lines = [
        *(f"more: {line}" for line in say_openings(life.more)),
        *(f"no longer asked for: {line}" for line in say_openings(life.fewer)),
        *(line for moved in life.moved for line in _say_moved(moved)),
    ]
    if most is None or len(lines) <= most:
        return tuple(lines)
    return (*lines[: most - 1], f"and {len(lines) - most + 1:,} more differences")


def say_openings(openings: Iterable[Opening]) -> Iterator[str]:
    """Openings, those with common ends or services together: PS01, PS02 → SQL01: tcp 1433."""
    for sources, destinations, services in fold_openings(openings):
        yield f"{', '.join(sources)} → {', '.join(destinations)}: {', '.join(map(str, services))}"


def _say_moved(moved: Moved) -> Iterator[str]:
    name, before, now = moved
    if before is None:
        yield f"{name}: has other addresses than then, or stands in another zone"
        return
    if before.zone != now.zone:
        yield f"{name}: was in {before.zone}, is in {now.zone}"
    if before.addresses != now.addresses:
        was, is_now = (", ".join(end.addresses) or "without an address" for end in (before, now))
        yield f"{name}: was {was}, is {is_now}"


def list_left(lives: Lives) -> Iterator[tuple[str, ...]]:
    """What has a state and nobody asks for any more, each under LEFT_TITLES."""
    for given in lives.left:
        yield (given.rule, given.boundary, *say_blocks(given), STATES[given.state], *_facts(given))


def say_blocks(given: Given) -> tuple[str, str, str]:
    """Sources, destinations and services of a state, each with what else is known of it."""
    sources = {name for block in given.blocks for name in block.sources}
    destinations = {name for block in given.blocks for name in block.destinations}
    services = {ports for block in given.blocks for ports in block.services}
    return (
        "\n".join(_say_end(given, name) for name in sorted(sources)),
        "\n".join(_say_end(given, name) for name in sorted(destinations)),
        "\n".join(map(str, sorted(services, key=lambda ports: ports.order))),
    )


def _say_end(given: Given, name: str) -> str:
    addresses = ", ".join(given.ends[name].addresses) if name in given.ends else ""
    return f"{name} ({addresses})" if addresses else name


def _facts(given: Given) -> tuple[str, ...]:
    review = given.review.isoformat() if given.review else ""
    return given.ticket, given.owner, review, given.comment


def life_data(rule: Rule, lives: Lives) -> dict[str, object]:
    """The key `state` of a rule as plain data; no key where it has none."""
    life = lives.of(rule)
    if life is None:
        return {}
    given = life.given
    return {
        "state": {
            "state": given.state,
            "changed": life.changed,
            "tickets": list(life.tickets),
            "owner": given.owner,
            "comment": given.comment,
            "review": given.review.isoformat() if given.review else None,
            "review_due": life.is_due,
            "set": given.at.isoformat(timespec="seconds"),
            "by": given.by,
            "more": [_opening_data(opening) for opening in life.more],
            "fewer": [_opening_data(opening) for opening in life.fewer],
            "moved": [
                {
                    "endpoint": moved.name,
                    "zone_before": moved.before.zone if moved.before else None,
                    "zone": moved.now.zone,
                    "addresses_before": list(moved.before.addresses) if moved.before else None,
                    "addresses": list(moved.now.addresses),
                }
                for moved in life.moved
            ],
        }
    }


def left_data(given: Given) -> dict[str, object]:
    """What has a state and nobody asks for any more, as plain data."""
    return {
        "id": given.rule,
        "state": given.state,
        "ticket": given.ticket,
        "owner": given.owner,
        "comment": given.comment,
        "review": given.review.isoformat() if given.review else None,
        "set": given.at.isoformat(timespec="seconds"),
        "by": given.by,
        "openings": [_opening_data(opening) for opening in given.openings()],
    }


def _opening_data(opening: Opening) -> dict[str, object]:
    source, destination, protocol, ports = opening
    return {"source": source, "destination": destination, "protocol": protocol, "ports": ports}
