"""What became of a firewall between two comparisons with it: what opened, what closed, what is too wide now. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from planner.engine.existing.decide import STATES, State

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
class Answer:
    """What is kept of a comparison."""

    flows: tuple[FlowAnswer, ...]
    wider: tuple[WiderAnswer, ...]
    unknown: tuple[str, ...]
    """What was not understood."""
    missing: int
    """How many rules of the plan were missing, in whole or in part."""

    @property
    def counts(self) -> dict[State, int]:
        """How many flows have each state."""
        return {state: sum(one.state == state for one in self.flows) for state in STATES}

    def rename(self, names: Mapping[str, str]) -> "Answer":
        """The same under the names that endpoints have now: old name -> new name."""
        if not names:
            return self

        def call(ends: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(sorted(names.get(end, end) for end in ends))

        return replace(
            self,
            flows=tuple(
                replace(
                    one,
                    source=names.get(one.source, one.source),
                    destination=names.get(one.destination, one.destination),
                )
                for one in self.flows
            ),
            wider=tuple(
                replace(one, sources=call(one.sources), destinations=call(one.destinations)) for one in self.wider
            ),
        )


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
    """Flows that the plan had not yet."""
    gone: tuple[FlowAnswer, ...]
    """Flows that the plan has no more."""
    wider: tuple[WiderAnswer, ...]
    """What is too wide and was not."""
    narrower: tuple[WiderAnswer, ...]
    """What was too wide and is not."""

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return any(getattr(self, name) for name in self.__slots__)


def find_drift(before: Answer, after: Answer) -> Drift:
    """What differs between two answers under the same names of endpoints."""
    was, now = ({one.key: one for one in answer.flows} for answer in (before, after))
    changed = [(was[key], one) for key, one in now.items() if key in was and was[key].state != one.state]
    wide_was, wide_now = ({one.key for one in answer.wider} for answer in (before, after))
    return Drift(
        opened=tuple(pair for pair in changed if pair[1].state == "open"),
        closed=tuple(pair for pair in changed if pair[0].state == "open"),
        otherwise=tuple(pair for pair in changed if "open" not in (pair[0].state, pair[1].state)),
        added=tuple(one for key, one in now.items() if key not in was),
        gone=tuple(one for key, one in was.items() if key not in now),
        wider=tuple(one for one in after.wider if one.key not in wide_was),
        narrower=tuple(one for one in before.wider if one.key not in wide_now),
    )
