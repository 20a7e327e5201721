"""What makes a target written here: its items, its head, its limits."""

__all__ = ["Sides", "Writer"]

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain

from planner.engine.report import Report
from planner.plan.fields import Firewall
from planner.report.errors import NotExpressible
from planner.report.firewall.devices.items import Change, Item, Keep, find_change, find_leftovers, write_items
from planner.report.firewall.devices.openings import Plan, Sides, make_plan, say_head
from planner.report.firewall.head import BACK, comment_out, say_way_back, write_file
from planner.report.firewall.omissions import EVERY_NAME, Names
from planner.report.firewall.permits import Permits
from planner.report.firewall.places import find_same, is_apart, say_apart, say_unmatched
from planner.report.said.edition import Edition
from ports.text import many, plural

_BY_OTHERS = (
    "What an earlier revision opened and this one doesn't is closed by a file that is made --since that one, or by "
    "the file of the change (manage.py compare --format {})."
)
LAST_ENTRY = (
    "So the way back, and whatever else takes the last entry of a list, leaves one that no packet meets: a denial of "
    "the loopback address to itself. Bound, such a list denies everything; where it is to go, take it off its "
    "interface before, by no and the line."
)
"""Of devices that have something to `keep`, after what happens without it."""
_NAMED = 12
"""How many lists a sentence names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """A kind of device, and how it is told."""

    name: str
    """What the format is called."""
    label: str
    mark: str
    """What begins a line of comment."""
    list_items: Callable[[Plan], Sequence[Item]]
    load: Callable[[Plan], Iterable[object]]
    """How the file is loaded, for its head."""
    sides: Sides
    """What the device may call a zone or an interface."""
    longest: int
    """How long the name of an entry is at most."""
    takes_names: bool
    """Whether it has objects of DNS names."""
    names: Names = EVERY_NAME
    """Which names these may be."""
    needs: Callable[[Plan], Iterable[str]] = lambda _: ()
    """What the device needs for it or refuses, whichever file tells it: a sentence each. `load` says these too."""
    names_seen: tuple[int, ...] = ()
    """The families of which its rules name the address that is seen, where an endpoint is published."""
    most: Mapping[int, int] | None = None
    """How many addresses a side of a rule holds, by family; None: any number, in groups."""
    end: str = "end"
    """What ends a section."""
    frame: Callable[[Plan], tuple[Sequence[str], Sequence[str]]] = lambda _: ((), ())
    """Lines before and after all that the device is told."""
    takes_back: bool = True
    """Whether the lines that take it back follow from the items; else the head says how."""
    back_first: bool = False
    """Whether what is gone is taken back before anything is set: where a commit takes all of it at once, so that
    nothing closes meanwhile, and what is set doesn't take the place of all that stands at its path."""
    keep: Keep | None = None
    """What stays in a list that would be left without an entry, where such a list lets through what it denied."""
    by_hand: str = ""
    """How what makes way is taken back, where it can't be pasted."""

    @property
    def taken(self) -> Names | None:
        """The DNS names that it has objects of; None: of none."""
        return self.names if self.takes_names else None

    def plan(self, permits: Permits, *, default_deny: bool, open_undecided: bool) -> Plan:
        """What the device is told. Raises NotExpressible."""
        return make_plan(
            permits, label=self.label, sides=self.sides, longest=self.longest, default_deny=default_deny,
            open_undecided=open_undecided, names_seen=self.names_seen, most=self.most,
        )  # fmt: skip

    def permits(self, report: Report, firewall: Firewall | None = None) -> Permits:
        """The permits of a report for such a device."""
        return Permits(report, firewall, names=self.taken)

    def say(
        self, plan: Plan, edition: Edition | None, load: Iterable[object] | None = None, items: Iterable[Item] = ()
    ) -> Iterator[object]:
        """The sentences of the head of a file with these items; how it is loaded may be said otherwise."""
        told = self.load(plan) if load is None else load
        return say_head(self.label, plan, edition, told, loopback=any(map(self._is_kept, items)))

    def render(self, permits: Permits, edition: Edition | None, *, default_deny: bool, open_undecided: bool) -> bytes:
        """The rules between zones as one file. Raises NotExpressible."""
        plan = self.plan(permits, default_deny=default_deny, open_undecided=open_undecided)
        items = self.list_items(plan)
        undoing = find_change(items, (), self.keep)
        back = self._take_back(plan, undoing) if self.takes_back else []
        closing = list(say_apart(permits, edition))
        told, leftovers = write_items(items, self.end), Change(added=(), removed=())
        if self.takes_back and not (edition and edition.selection):
            leftovers, closing = self.find_leftovers(permits, edition, plan, items)
            told = self.write_change(Change(added=(*items, *leftovers.added), removed=leftovers.removed))
        about = [*self.say(plan, edition, items=(*items, *leftovers.added)), *closing]
        about += self.say_by_hand(leftovers, undoing)
        about += say_way_back(self.mark, "below") if back else ()
        return write_file(comment_out(self.mark, about), chain(back, self.write_within(plan, told)))

    def find_leftovers(
        self, permits: Permits, edition: Edition | None, plan: Plan, items: Sequence[Item], where: str = ""
    ) -> tuple[Change, list[str]]:
        """What takes back what earlier reports told the device and the plan doesn't; and what the head says of that.

        `where` the lines stand that take it back, if elsewhere than in the file itself.
        """
        if edition is None or not edition.earlier:
            return find_leftovers((), items), [_BY_OTHERS.format(self.name)]
        known: list[Sequence[Item]] = []
        for report in edition.earlier:
            device = find_same(permits, report)
            if permits.firewall is not None and (device is None or is_apart(device, permits.firewall)):
                continue
            with suppress(NotExpressible):  # a file that couldn't be written has told the device nothing
                old = self.plan(self.permits(report, device), default_deny=plan.default_deny, open_undecided=False)
                known.append(self.list_items(old))
        leftovers = find_leftovers(known, items, self.keep)
        which = f" ({edition.earlier_said})" if edition.earlier_said else ""
        place = where or ("at the beginning" if self.back_first else "at the end")
        first = f", {len(making_way):,} of them at the beginning" if (making_way := leftovers.making_way) else ""
        said = (
            f"What earlier revisions{which} opened and this one doesn't is taken back {place}: "
            f"{many(len(leftovers.removed), 'item')}{first}. What isn't there is not found, and the device says so."
        )
        about = [said, *self.say_kept(leftovers), *say_apart(permits, edition), *say_unmatched(permits, edition)]
        return leftovers, about

    def say_kept(self, change: Change) -> Iterator[str]:
        """Which lists are left with nothing of the plan in force; nothing where none are."""
        if names := [item.entry_of.split()[-1] for item in change.kept]:
            more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
            yield (
                f"Nothing of the plan is left in force in {', '.join(names[:_NAMED])}{more}: bound, and without "
                f"entries of your own, {plural(len(names), 'it denies', 'they deny')} everything."
            )

    def say_by_hand(self, *changes: Change) -> Iterator[str]:
        """How what makes way is taken back; nothing where none is."""
        if self.by_hand and any(change.making_way for change in changes):
            yield self.by_hand

    def without_kept(self, items: Iterable[Item]) -> list[Item]:
        """The items for lists that have entries of the device's own, which need nothing to stay in them."""
        return [item for item in items if not self._is_kept(item)]

    def _is_kept(self, item: Item) -> bool:
        """Whether it is what stays in a list that has no other entry in force."""
        return bool(self.keep and item.entry_of and item == self.keep(item.entry_of))

    def write_change(self, change: Change) -> Iterator[str]:
        """The lines of a change, in the order that the device needs."""
        return change.write(self.end, back_first=self.back_first)

    def _take_back(self, plan: Plan, undoing: Change) -> list[str]:
        """The lines that take all of it back, as comments, and an empty line after them."""
        lines = self.write_within(plan, undoing.write(self.end))
        said = [f"{self.mark} {BACK}{line}" for line in lines]
        return [*said, ""] if said else []

    def write_within(self, plan: Plan, lines: Iterable[str]) -> Iterator[str]:
        """The lines, between those that have to be around them."""
        before, after = self.frame(plan)
        told = iter(lines)
        first = next(told, None)
        if first is not None:
            yield from (*before, first, *told, *after)
