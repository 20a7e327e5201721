"""Where on its device all of a firewall's file is: a virtual domain, a chain, a layer.

Loading the file leaves alone what is elsewhere. So where the plan gives a firewall another place, what an earlier
revision opened at the old one stays open until somebody takes it back.
"""

from collections.abc import Iterator

from planner.engine.report import Report
from planner.plan.devices import DEVICES
from planner.plan.fields import Firewall
from planner.report.firewall.errors import NotExpressible
from planner.report.firewall.words import clean
from planner.report.said.edition import Edition


def find_same(firewall: Firewall | None, report: Report) -> Firewall | None:
    """The firewall of that name and format in another report; None where there is none."""
    same = (one for one in report.plan.firewalls if firewall and _is_same(one, firewall))
    return next(same, None)


def _is_same(one: Firewall, other: Firewall) -> bool:
    return (one.name, one.format) == (other.name, other.format)


def is_apart(one: Firewall, other: Firewall) -> bool:
    """Whether two states of a firewall have other places on their device."""
    return _place(one) != _place(other)


def say_apart(firewall: Firewall | None, edition: Edition | None) -> Iterator[str]:
    """A sentence for each other place at which earlier revisions have told the device something."""
    if firewall is None or edition is None or edition.selection is not None:
        return
    same = (find_same(firewall, report) for report in edition.earlier)
    for place in dict.fromkeys(_say_place(one) for one in same if one is not None and is_apart(one, firewall)):
        yield (
            f"An earlier revision was told elsewhere on this device ({place}). What it opened there stays open: take "
            "it back there, by its own file."
        )


def check_place(old: Firewall, new: Firewall) -> None:
    """Raise NotExpressible where two states of a firewall have other places: a change would be told at one of them."""
    if is_apart(old, new):
        raise NotExpressible(
            "A change for each firewall",
            f"{clean(new.name, 60) or 'one'} is elsewhere on its device now ({_say_place(new)}) than before "
            f"({_say_place(old)}); load the file of the new revision, and take the old one back by its own file",
        )


def _place(firewall: Firewall) -> dict[str, str]:
    return dict(DEVICES[firewall.format].place(firewall.options))


def _say_place(firewall: Firewall) -> str:
    """As the plan says it: chain vault, table inet filter."""
    return ", ".join(f"{name} {clean(value, 100) or 'not named'}" for name, value in _place(firewall).items())
