"""What became of a firewall between two comparisons with it: what opened, what closed, what is too wide now. Pure."""

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from planner.engine.existing.decide import STATES, State
from planner.engine.life import End, is_same
from planner.engine.renames import Rename, follow

READING = 6
"""How configurations are read and measured. It is raised when a reader, or what is too wide or forbidden, comes to
answer otherwise about the same configuration: then what differs from an earlier answer may be no change of the
firewall. 1 is every answer that was kept before this was kept with it."""
Key = tuple[str, str, str, str]
"""Names of both ends, protocol, ports; ports are empty for ICMP."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowAnswer:
    """What a comparison has said of one flow."""

    source: str
    destination: str
    protocol: str
    ports: str
    state: State
    by: tuple[str, ...]
    """The entries that decide, as the device names them."""
    note: str = ""

    @property
    def key(self) -> Key:
        """What tells it from the other flows of a plan."""
        return self.source, self.destination, self.protocol, self.ports


@dataclass(frozen=True, slots=True, kw_only=True)
class WiderAnswer:
    """An entry that admits more than the plan asks for."""

    entry: str
    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    services: tuple[str, ...]

    @property
    def key(self) -> tuple[tuple[str, ...], ...]:
        """What it admits, whatever the entry is called: devices number their entries anew."""
        return self.sources, self.destinations, self.services


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleAnswer:
    """An entry of ours that nothing asked for any more."""

    entry: str
    rule: str
    """The number of the rule that it is named after."""
    service: str
    why: str

    @property
    def key(self) -> tuple[str, str]:
        """What it is left over from, whatever the entry is called."""
        return self.rule, self.service


@dataclass(frozen=True, slots=True, kw_only=True)
class ForbiddenAnswer:
    """What an entry admitted, or may have, of what one row forbids."""

    entry: str
    is_sure: bool
    row: str
    """Who forbids it, in words."""
    reason: str
    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    services: tuple[str, ...]

    @property
    def key(self) -> tuple[object, ...]:
        """What is broken, whatever the entry is called and wherever the row stands in the plan."""
        return self.is_sure, self.reason, self.sources, self.destinations, self.services


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is kept of a comparison."""

    flows: tuple[FlowAnswer, ...]
    wider: tuple[WiderAnswer, ...]
    unknown: tuple[str, ...]
    """What was not understood."""
    missing: int
    """How many rules of the plan were missing, in whole or in part."""
    stale: tuple[StaleAnswer, ...] | None = None
    """None where it wasn't looked for."""
    forbidden: tuple[ForbiddenAnswer, ...] | None = None
    """None where it wasn't looked for."""
    open_policies: tuple[str, ...] | None = ()
    """The policies that let through what no entry decided about; None where they weren't kept with it."""
    reading: int = READING
    """By which way to read it was made."""
    elsewhere: int | None = None
    """How many flows of the plan don't pass the firewall that was named, so that it says nothing of them; None where
    it was about all."""
    ends: Mapping[str, End] = field(default_factory=dict)
    """Where the plan's endpoints stood when it was made, by name; not kept with it, as the revision has it."""

    @property
    def counts(self) -> dict[State, int]:
        """How many flows have each state."""
        return {state: sum(one.state == state for one in self.flows) for state in STATES}

    def where(self, ends: Mapping[str, End]) -> "Answer":
        """Only what it says of flows whose ends stood where these do: about other addresses nobody asked."""
        moved = _find_moved(self.ends, ends)
        return replace(self, flows=tuple(one for one in self.flows if moved.isdisjoint(one.key[:2])))

    def rename(self, renames: Sequence[Rename], taken: AbstractSet[str]) -> "Answer":
        """The same under the names that endpoints and zones have now, of which `taken` are all.

        What lost its name to another has one of its own. `renames` are all those since the answer was made.
        """
        if not renames:
            return self
        taken = taken | self.ends.keys() | {end.zone for end in self.ends.values()}
        name, zone = follow("endpoint", renames, taken), follow("zone", renames, taken)

        def call(ends: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(sorted(map(name, ends)))

        return replace(
            self,
            flows=tuple(
                replace(one, source=name(one.source), destination=name(one.destination)) for one in self.flows
            ),
            wider=tuple(
                replace(one, sources=call(one.sources), destinations=call(one.destinations)) for one in self.wider
            ),
            forbidden=None
            if self.forbidden is None
            else tuple(
                replace(one, sources=call(one.sources), destinations=call(one.destinations)) for one in self.forbidden
            ),
            ends={name(old): End(zone(end.zone), end.addresses) for old, end in self.ends.items()},
        )


def _find_moved(before: Mapping[str, End], after: Mapping[str, End]) -> set[str]:
    """The names of endpoints that have other addresses, or another zone, in the one than in the other."""
    return {name for name in before.keys() & after.keys() if not is_same(before[name], after[name])}


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """What differs between two answers, each in the order of the later one."""

    opened: tuple[tuple[FlowAnswer, FlowAnswer], ...]
    """Flows that were not open and are: as they were, as they are."""
    closed: tuple[tuple[FlowAnswer, FlowAnswer], ...]
    """Flows that were open and are not."""
    otherwise: tuple[tuple[FlowAnswer, FlowAnswer], ...]
    """Flows that are open in neither, in another way."""
    added: tuple[FlowAnswer, ...]
    """Flows that the plan had not yet, or had between other addresses or zones."""
    gone: tuple[FlowAnswer, ...]
    """Flows that the plan has no more, or has between others."""
    wider: tuple[WiderAnswer, ...]
    """What is too wide and was not."""
    narrower: tuple[WiderAnswer, ...]
    """What was too wide and is not."""
    stale: tuple[StaleAnswer, ...] = ()
    """What is left over and was not; told, as all that follows, where both answers looked for it."""
    tidied: tuple[StaleAnswer, ...] = ()
    """What was left over and is not."""
    forbidden: tuple[ForbiddenAnswer, ...] = ()
    """What must stay closed, is admitted and was not."""
    shut: tuple[ForbiddenAnswer, ...] = ()
    """What must stay closed, was admitted and is not."""
    accepting: tuple[str, ...] = ()
    """The policies that let through what no entry decides about, and did not."""
    refusing: tuple[str, ...] = ()
    """Those that did, and do not."""
    is_read_otherwise: bool = False
    """Whether they were made by two ways to read: then nothing is told of what is too wide, left over, forbidden or
    let through by a policy, as it may be as it was, and flows may have another state since more is understood."""

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return any(getattr(self, name) for name in self.__slots__)


def find_drift(before: Answer, after: Answer) -> Drift:
    """What differs between two answers under the same names of endpoints."""
    was, now = ({one.key: one for one in answer.flows} for answer in (before, after))
    moved = _find_moved(before.ends, after.ends)
    both = {key for key in was.keys() & now.keys() if moved.isdisjoint(key[:2])}
    changed = [(was[key], one) for key, one in now.items() if key in both and was[key].state != one.state]
    is_alike = before.reading == after.reading
    if not is_alike:
        before, after = (
            replace(answer, wider=(), stale=None, forbidden=None, open_policies=None) for answer in (before, after)
        )
    wide_was, wide_now = ({one.key for one in answer.wider} for answer in (before, after))
    stale, tidied = _part(before.stale, after.stale, lambda one: one.key)
    forbidden, shut = _part(before.forbidden, after.forbidden, lambda one: one.key)
    accepting, refusing = _part(before.open_policies, after.open_policies, lambda one: one)
    return Drift(
        opened=tuple(pair for pair in changed if pair[1].state == "open"),
        closed=tuple(pair for pair in changed if pair[0].state == "open"),
        otherwise=tuple(pair for pair in changed if "open" not in (pair[0].state, pair[1].state)),
        added=tuple(one for key, one in now.items() if key not in both),
        gone=tuple(one for key, one in was.items() if key not in both),
        wider=tuple(one for one in after.wider if one.key not in wide_was),
        narrower=tuple(one for one in before.wider if one.key not in wide_now),
        stale=stale,
        tidied=tidied,
        forbidden=forbidden,
        shut=shut,
        accepting=accepting,
        refusing=refusing,
        is_read_otherwise=not is_alike,
    )


def _part[One](
    before: tuple[One, ...] | None, after: tuple[One, ...] | None, key: Callable[[One], object]
) -> tuple[tuple[One, ...], tuple[One, ...]]:
    """What is in the later one alone, and in the earlier one; nothing where one of them isn't known.

    `key`: what tells one from another.
    """
    if before is None or after is None:
        return (), ()
    was, now = (set(map(key, several)) for several in (before, after))
    return tuple(one for one in after if key(one) not in was), tuple(one for one in before if key(one) not in now)
