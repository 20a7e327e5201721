"""How much the files of all firewalls of a plan would have, counted before one of them is made. Pure."""

from collections.abc import Iterable, Sequence

from planner.engine.report import Report
from planner.plan import limits
from planner.plan.document import ANY, Endpoint
from planner.report.errors import NotExpressible
from planner.report.firewall.crossings import count_passing, list_crossings
from planner.report.firewall.permits import FAMILIES
from planner.report.firewall.targets import IPTABLES
from planner.report.said.elsewhere import Elsewhere


def check_amount(label: str, report: Report) -> None:
    """Raise NotExpressible where what passes the firewalls of a plan is too much to be written at each of them."""
    _check_passing(label, count_passing(report))
    weights = _Weights(report)
    passing = written = 0
    for firewall in report.plan.firewalls:
        for crossing in list_crossings(report, firewall):
            for part in crossing.parts:
                services = len(part.rule.services)
                (sources, long), (destinations, wide) = (
                    weights.weigh(side) for side in (part.sources, part.destinations)
                )
                if firewall.format == IPTABLES.name:
                    passing += services * sources * destinations
                else:
                    passing += services * len(part.sources) * len(part.destinations)
                    written += services * (long + wide)
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
        self._known = {
            end.name: (len(end.addresses), sum(map(len, end.addresses)) + 2 * len(end.addresses))
            for end in report.plan.endpoints
        }

    def weigh(self, ends: Sequence[Endpoint]) -> tuple[int, int]:
        """Both of the ends of one side; of an any with the networks that it leaves out."""
        found = [self._known[end.name] for end in ends]
        zones = frozenset(end.zone for end in ends if end.addresses == (ANY,))
        if zones:
            found += [_weigh(self._elsewhere.leave_out(zones, family, ends)) for family in FAMILIES]
        return sum(number for number, _ in found), sum(length for _, length in found)


def _weigh(networks: Iterable[str]) -> tuple[int, int]:
    lengths = [len(one) + 2 for one in networks]
    return len(lengths), sum(lengths)
