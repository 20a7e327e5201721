"""How much the files of all firewalls of a plan would have, counted before one of them is made. Pure."""

from collections import Counter
from collections.abc import Iterable, Sequence

from planner.engine.ask import read_network
from planner.engine.report import Report
from planner.plan import limits
from planner.plan.document import ANY, Endpoint
from planner.report.errors import NotExpressible
from planner.report.firewall.addresses import FAMILIES
from planner.report.firewall.crossings import count_passing, list_crossings
from planner.report.firewall.targets import IPTABLES
from planner.report.said.elsewhere import Elsewhere, find_rest


def check_amount(label: str, report: Report) -> None:
    """Raise NotExpressible where what passes the firewalls of a plan is too much to be written at each of them."""
    _check_passing(label, count_passing(report))
    weights = _Weights(report)
    passing = written = 0
    for firewall in report.plan.firewalls:
        for crossing in list_crossings(report, firewall):
            for part in crossing.parts:
                services = len(part.rule.services)
                if firewall.format == IPTABLES.name:
                    passing += services * weights.count_pairs(part.sources, part.destinations)
                elif firewall.format == "opnsense":
                    passing += services * weights.count_rows(part.sources, part.destinations)
                else:
                    passing += services * len(part.sources) * len(part.destinations)
                    written += services * sum(map(weights.weigh, (part.sources, part.destinations)))
    _check_passing(label, passing)
    if written > limits.WRITTEN:
        raise NotExpressible(label, limits.say_written(written))


def _check_passing(label: str, passing: int) -> None:
    if passing > limits.PASSED:
        raise NotExpressible(label, limits.say_passed(passing))


class _Weights:
    """How many addresses ends have, and how many characters these take, with what stands between them."""

    def __init__(self, report: Report) -> None:
        self._elsewhere = Elsewhere(report.plan)
        self._lengths = {end.name: _weigh(end.addresses) for end in report.plan.endpoints}
        self._families = {end.name: Counter(map(_find_family, end.addresses)) for end in report.plan.endpoints}
        self._rests: dict[tuple[int, tuple[str, ...]], int] = {}

    def weigh(self, ends: Sequence[Endpoint]) -> int:
        """The characters of the ends of one side; of an any with the networks that it leaves out."""
        length = sum(self._lengths[end.name] for end in ends)
        if zones := _find_open(ends):
            length += sum(_weigh(self._elsewhere.leave_out(zones, family, ends)) for family in FAMILIES)
        return length

    def count_pairs(self, sources: Sequence[Endpoint], destinations: Sequence[Endpoint]) -> int:
        """How many pairs iptables has lines for: of an any what it leaves out goes back before all of it passes."""
        pairs = 0
        for family in FAMILIES:
            (here, out), (there, beside) = (self._count(side, family) for side in (sources, destinations))
            pairs += out * there + here * beside + here * there
        return pairs

    def count_rows(self, sources: Sequence[Endpoint], destinations: Sequence[Endpoint]) -> int:
        """How many pairs OPNsense has rows for: an any is what it doesn't leave out."""
        return sum(self._count_rest(sources, family) * self._count_rest(destinations, family) for family in FAMILIES)

    def _count_rest(self, ends: Sequence[Endpoint], family: int) -> int:
        """The networks of one side."""
        out, beside = self._count(ends, family)
        if not beside:
            return out
        left_out = self._elsewhere.leave_out(_find_open(ends), family, ends)
        if (family, left_out) not in self._rests:
            self._rests[family, left_out] = len(find_rest(left_out, family))
        return self._rests[family, left_out]

    def _count(self, ends: Sequence[Endpoint], family: int) -> tuple[int, int]:
        """The addresses of one side that a line can name, an any being one, and those that an any leaves out."""
        if zones := _find_open(ends):
            return 1, sum(1 for _ in self._elsewhere.leave_out(zones, family, ends))
        return sum(self._families[end.name][family] for end in ends), 0


def _find_open(ends: Iterable[Endpoint]) -> frozenset[str]:
    """The zones of those who are any address."""
    return frozenset(end.zone for end in ends if end.addresses == (ANY,))


def _find_family(address: str) -> int:
    """4, 6, or 0 for a DNS name, which has no line."""
    network = read_network(address)
    return network.version if network else 0


def _weigh(addresses: Iterable[str]) -> int:
    return sum(len(one) + 2 for one in addresses)
