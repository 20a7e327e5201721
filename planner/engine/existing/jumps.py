"""How deep jumps lead from each chain of a ruleset. Pure."""

from collections.abc import Mapping, Sequence

from planner.engine.existing.model import Entry


def find_depths(chains: Mapping[str, Sequence[Entry]]) -> dict[str, int]:
    """How many chains packets can be in at most, one within the other, from each chain on: 1 where it leads to none.

    A chain that isn't there isn't counted. What leads back to itself, or to such a chain, is left
    out. The time grows with chains and entries.
    """
    leads = {
        name: tuple(dict.fromkeys(one.target for one in entries if one.verdict in ("jump", "goto")))
        for name, entries in chains.items()
    }
    waits = {name: sum(target in leads for target in targets) for name, targets in leads.items()}
    led_from: dict[str, list[str]] = {name: [] for name in leads}
    for name, targets in leads.items():
        for target in targets:
            if target in leads:
                led_from[target].append(name)
    depths = {name: 1 for name, targets in leads.items() if not waits[name]}
    ready = list(depths)
    while ready:
        name = ready.pop()
        for before in led_from[name]:
            waits[before] -= 1
            if not waits[before]:
                depths[before] = 1 + max(depths.get(target, 0) for target in leads[before])
                ready.append(before)
    return depths
