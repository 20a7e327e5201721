"""Entries of what stands on an entry's sides: what is understood of it, and by itself what isn't. Pure."""

from collections.abc import Sequence
from typing import Literal

from planner.engine.existing.model import Entry, Match, Sides, Verdict
from planner.engine.existing.parts.addresses import Addresses, once
from planner.engine.existing.parts.count import Count
from planner.engine.existing.parts.services import Service, Services, gather
from planner.engine.spans import FAMILIES

MOST_OBSCURE = 20
"""How many things are named of an address or service of which they aren't understood."""
FEW = 3
"""Up to how many services are put together anew for each entry."""
_Asked = tuple[tuple[str, ...], Service]
_FAMILIES: tuple[Literal[4, 6], ...] = (4, 6)


def make_entries(
    count: Count,
    *,
    name: str,
    verdict: Verdict,
    sources: Addresses,
    destinations: Addresses,
    services: Services,
    enters: Sides | None = None,
    leaves: Sides | None = None,
    obscure: Sequence[str] = (),
    comment: str = "",
) -> tuple[Entry, ...]:
    """One entry of a device as entries under its name: first what is understood, then what isn't, for each reason.

    So an address group with one member that isn't understood is clear about its others. `obscure` is what isn't
    understood of the entry as a whole. Nothing comes of an entry that no packet can match. It counts as many times as
    it has matches in one family. Raises Unreadable where there are too many.
    """
    found: dict[tuple[str, ...], list[Match]] = {}
    asked = _list_asked(count, services)
    most = 1
    for family in _FAMILIES:
        made = 0
        for here, here_names, here_obscure in sources[family].parts:
            for there, there_names, there_obscure in destinations[family].parts:
                for service_obscure, service in asked:
                    if family not in service.families:
                        continue
                    why = once((*obscure, *_cut(here_obscure), *_cut(there_obscure), *service_obscure))
                    match = Match(
                        family=family,
                        sources=here if family == 6 else here & FAMILIES[4],
                        destinations=there if family == 6 else there & FAMILIES[4],
                        protocols=service.protocols,
                        source_ports=service.source_ports,
                        ports=service.ports,
                        source_names=here_names,
                        destination_names=there_names,
                    )
                    found.setdefault(why, []).append(match)
                    made += 1
        most = max(most, made)
    count.take(most)
    return tuple(
        Entry(
            name=name,
            matches=tuple(matches),
            verdict=verdict,
            enters=enters,
            leaves=leaves,
            obscure=why,
            comment=comment,
        )
        for why, matches in sorted(found.items())
    )


def _list_asked(count: Count, services: Services) -> tuple[_Asked, ...]:
    """Each service with what isn't understood of it. Remembered beside the count: one group of thousands of ports may
    stand in thousands of entries, which have the same ports then, and not each their own."""
    if len(services.clear) + len(services.vague) <= FEW:
        return _gather_all(services)
    known = count.kept.get(id(services))
    if known is None:
        known = count.kept[id(services)] = services, _gather_all(services)
    return known[1]


def _gather_all(services: Services) -> tuple[_Asked, ...]:
    return (*(((), one) for one in gather(services.clear)), *_gather_vague(services.vague))


def _cut(texts: tuple[str, ...]) -> tuple[str, ...]:
    """The first of what isn't understood, and how many more there are: a group of thousands may stand in thousands of
    entries."""
    more = len(texts) - MOST_OBSCURE
    return (*texts[:MOST_OBSCURE], f"and {more:,} more in it") if more > 0 else texts


def _gather_vague(several: Sequence[tuple[str, Service]]) -> list[tuple[tuple[str, ...], Service]]:
    """What isn't understood, by what it is a part of: one match for all reasons, not one for each."""
    found: dict[Service, dict[str, None]] = {}
    for text, within in several:
        found.setdefault(within, {})[text] = None
    return [(_cut(tuple(texts)), within) for within, texts in found.items()]
