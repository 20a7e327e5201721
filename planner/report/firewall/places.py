"""Which firewalls of two plans are one device, and where on it all of a file is: a virtual domain, a chain, a layer.

Loading the file leaves alone what is elsewhere. So where the plan gives a firewall another place, what an earlier
revision opened at the old one stays open until somebody takes it back.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from planner.engine.report import Report
from planner.plan.devices import DEVICES
from planner.plan.fields import Firewall
from planner.report.errors import NotExpressible
from planner.report.firewall.permits import Permits
from planner.report.firewall.words import clean, cut
from planner.report.said.edition import Edition

_TOLD_AS = {"paloalto": "paloalto-set"}
_Look = tuple[str, frozenset[tuple[str, str]], frozenset[tuple[str, str]]]
"""How a device is told, what is behind its sides, and where on it."""


def told_as(kind: str) -> str:
    """The format whose lines say a change for firewalls of a format.

    XML can delete nothing; a device that was told by it knows all by the names that the lines have.
    """
    return _TOLD_AS.get(kind, kind)


def match_firewalls(old: Report, new: Report) -> Mapping[str, Firewall]:
    """By the name of a firewall of the new plan what was the same device in the old one.

    That is who has its name and is told alike. What is left over on both sides is a new name where it can be nothing
    else: the only one that is told so at the same place of its device, and has the same zones behind the same sides.
    """
    known = {(one.name, told_as(one.format)): one for one in old.plan.firewalls}
    found = {
        one.name: known[one.name, told_as(one.format)]
        for one in new.plan.firewalls
        if (one.name, told_as(one.format)) in known
    }
    before = _group(list_gone(old, found))
    for look, several in _group(one for one in new.plan.firewalls if one.name not in found).items():
        if len(several) == len(before[look]) == 1:
            found[several[0].name] = before[look][0]
    return found


def list_gone(old: Report, matched: Mapping[str, Firewall]) -> list[Firewall]:
    """The firewalls of an old plan that are none of a new one any more."""
    taken = {one.name for one in matched.values()}
    return [one for one in old.plan.firewalls if one.name not in taken]


def _group(firewalls: Iterable[Firewall]) -> defaultdict[_Look, list[Firewall]]:
    found: defaultdict[_Look, list[Firewall]] = defaultdict(list)
    for one in firewalls:
        found[told_as(one.format), frozenset(one.zones.items()), frozenset(_place(one).items())].append(one)
    return found


def name_chain(permits: Permits, label: str, kind: str) -> str:
    """The chain that the file of a kind fills: the firewall's own, else as the kind calls it.

    Raises NotExpressible for one that the device has itself, as plans may that were stored when it was let in.
    """
    return name_place(permits, label, kind, "chain", "it would empty {}, which the device has itself")


def name_place(permits: Permits, label: str, kind: str, option: str, why_not: str) -> str:
    """What an option says of where the file of a kind is, else as the kind calls it.

    Raises NotExpressible, `why_not` with the name, for one that is reserved, as plans may have from before it was.
    """
    about, firewall = DEVICES[kind].options[option], permits.firewall
    name = firewall.options.get(option, about.default) if firewall else about.default
    if firewall and about.is_reserved(name):
        raise NotExpressible(
            label,
            f"{why_not.format(name)}; give the option {option} of the firewall "
            f"{clean(firewall.name, 60) or 'without letters'} another value. Allowed is {about.allowed}",
        )
    return name


def find_same(permits: Permits, report: Report) -> Firewall | None:
    """What the device of the permits was in an earlier report; None where it wasn't there, or for all boundaries."""
    return match_firewalls(report, permits.report).get(permits.firewall.name) if permits.firewall else None


def is_apart(one: Firewall, other: Firewall) -> bool:
    """Whether two states of a firewall have other places on their device."""
    return _place(one) != _place(other)


def say_apart(permits: Permits, edition: Edition | None) -> Iterator[str]:
    """A sentence for each other place at which earlier revisions have told the device something."""
    firewall = permits.firewall
    if firewall is None or edition is None or edition.selection is not None:
        return
    same = (find_same(permits, report) for report in edition.earlier)
    for place in dict.fromkeys(_say_place(one) for one in same if one is not None and is_apart(one, firewall)):
        yield (
            f"An earlier revision was told elsewhere on this device ({place}). What it opened there stays open: take "
            "it back there, by its own file."
        )


def say_unmatched(permits: Permits, edition: Edition) -> Iterator[str]:
    """A sentence with the firewalls of earlier revisions that may be the device under a name that the plan lacks."""
    firewall = permits.firewall
    if firewall is None:
        return
    names: dict[str, None] = {}
    for report in edition.earlier:
        matched = match_firewalls(report, permits.report)
        if firewall.name in matched:
            continue
        others = list_gone(report, matched)
        alike = (one.name for one in others if told_as(one.format) == told_as(firewall.format))
        names.update((clean(name, 60) or "one without letters", None) for name in alike)
    if names:
        yield (
            f"An earlier revision has firewalls of this kind that the plan lacks: {cut(', '.join(names), 200)}. What "
            "one of them opened stays open if it is this device: take it back by its own file."
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
    return dict(DEVICES[told_as(firewall.format)].place(firewall.options))


def _say_place(firewall: Firewall) -> str:
    """As the plan says it: chain vault, table inet filter."""
    return ", ".join(f"{name} {clean(value, 100) or 'not named'}" for name, value in _place(firewall).items())
