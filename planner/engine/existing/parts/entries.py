"""Entries of what stands on an entry's sides: what is understood of it, and by itself what isn't. Pure."""

from collections.abc import Sequence
from typing import Literal

from planner.engine.existing.model import Entry, Match, Sides, Verdict
from planner.engine.existing.parts.addresses import Addresses, once
from planner.engine.existing.parts.count import Count
from planner.engine.existing.parts.services import Service, Services, gather
from planner.engine.existing.spans import FAMILIES

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
    asked: list[tuple[tuple[str, ...], Service]] = [((), one) for one in gather(services.clear)]
    asked += _gather_vague(services.vague)
    most = 1
    for family in _FAMILIES:
        made = 0
        for here, here_names, here_obscure in sources[family].parts:
            for there, there_names, there_obscure in destinations[family].parts:
                for service_obscure, service in asked:
                    if family not in service.families:
                        continue
                    why = once((*obscure, *here_obscure, *there_obscure, *service_obscure))
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


def _gather_vague(several: Sequence[tuple[str, Service]]) -> list[tuple[tuple[str, ...], Service]]:
    """What isn't understood, by what it is a part of: one match for all reasons, not one for each."""
    found: dict[Service, dict[str, None]] = {}
    for text, within in several:
        found.setdefault(within, {})[text] = None
    return [(tuple(texts), within) for within, texts in found.items()]
