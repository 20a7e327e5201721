"""Which addresses lie behind which interface, by the longest prefix that leads there. Pure."""

from collections.abc import Iterable, Mapping

from planner.engine.spans import Spans


def behind(routes: Iterable[tuple[str, int, int]]) -> Mapping[str, Spans]:
    """Interface -> the addresses that lie behind it.

    `routes` are networks of one family, each with the interface that leads to it, first and last address. Of networks
    within networks the smaller one counts; of equal ones the first.
    """
    found: dict[str, list[tuple[int, int]]] = {}
    around: list[tuple[str, int]] = []
    """The networks that we are in, the largest first: interface, last address."""
    reached = 0

    def leave(until: int) -> None:
        """Give what is left up to an address to the networks that we are in; go out of those that end before it."""
        nonlocal reached
        while around and reached <= until:
            side, last = around[-1]
            end = min(last, until)
            if reached <= end:
                found[side].append((reached, end))
                reached = end + 1
            if last <= until:
                around.pop()

    seen: set[tuple[int, int]] = set()
    for side, first, last in sorted(routes, key=lambda route: (route[1], -route[2])):
        if (first, last) in seen:
            continue
        seen.add((first, last))
        found.setdefault(side, [])
        leave(first - 1)
        while around and around[-1][1] < first:
            around.pop()
        reached = first
        around.append((side, last))
    leave(2**128)
    return {side: Spans.of(spans) for side, spans in sorted(found.items()) if spans}
