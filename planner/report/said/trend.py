"""How the acceptance of a plan went from run to run: its steps, and a small picture of them.

A step is the state after the results that came together: what follows within APART of another is of the same step, so
that a night's runs of many machines are one. The picture says in colours what the table beside it says in numbers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from html import escape
from math import ceil

from planner.engine.acceptance import STATUSES, Run, Status, assess
from planner.engine.report import Report
from planner.report.said.acceptance import NAMES
from ports.text import many

APART = timedelta(minutes=10)
MOST_STEPS = 30
"""How many steps are shown, the newest."""
MOST_TRACED = 12
"""Of runs that are files each step is assessed anew: so many, the newest."""
COLOURS: Mapping[Status, str] = {
    "open": "#1f6b45",
    "refused": "#7aa68f",
    "unproven": "#c9a24a",
    "not-tested": "#c3c9d1",
    "blocked": "#c2453b",
    "forbidden-open": "#6d1410",
}
"""From the bottom of a column upwards. On paper; pages have others for light and dark (static/css/acceptance.css)."""
_COLUMN, _GAP, _HEIGHT, _LEFT, _TOP = 14, 6, 72, 34, 8
_DIGIT = 6.5
"""How wide a digit of the axis is at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """The state of a plan's flows at one time."""

    at: datetime
    """When the last of its runs came."""
    runs: int
    counts: Mapping[Status, int]
    """How many flows had each status then."""

    @property
    def total(self) -> int:
        """How many flows there were."""
        return sum(self.counts.values())

    @property
    def others(self) -> str:
        """2 blocked, 1 not tested: the flows that weren't open, worst first."""
        there = (status for status in STATUSES if status != "open" and self.counts.get(status))
        return ", ".join(f"{self.counts[status]:,} {NAMES[status]}" for status in there)


def join_steps(steps: Iterable[Step]) -> tuple[Step, ...]:
    """The newest steps, oldest first, of states in the order of their time: those that came together as one."""
    joined: list[Step] = []
    for step in steps:
        if joined and step.at - joined[-1].at <= APART:
            joined[-1] = replace(step, runs=joined[-1].runs + step.runs)
        else:
            joined.append(step)
    return tuple(joined[-MOST_STEPS:])


def trace_runs(report: Report, runs: Sequence[Run]) -> tuple[Step, ...]:
    """The steps of runs that are files, by when they were made; each with all the runs before it."""
    ordered = sorted(runs, key=lambda run: run.results.started)
    ends = [
        number
        for number, run in enumerate(ordered, 1)
        if number == len(ordered) or ordered[number].results.started - run.results.started > APART
    ]
    return tuple(
        Step(
            at=ordered[end - 1].results.started,
            runs=end - start,
            counts=_count(report, ordered[:end]),
        )
        for start, end in list(zip([0, *ends[:-1]], ends, strict=True))[-MOST_TRACED:]
    )


def _count(report: Report, runs: Sequence[Run]) -> Mapping[Status, int]:
    counted = assess(report, runs).counts
    return {status: counted[status] for status in STATUSES}


def draw_trend(steps: Sequence[Step]) -> str:
    """The steps as an SVG, a column for each; nothing where fewer than two would show no trend."""
    if len(steps) < 2:
        return ""
    most = max(step.total for step in steps) or 1
    left = max(_LEFT, 8 + ceil(_DIGIT * len(f"{most:,}")))
    width = left + len(steps) * (_COLUMN + _GAP) + 10
    height = _TOP + _HEIGHT + 20
    title = f"{say_step(steps[0])}; {say_step(steps[-1])}"
    parts = [
        f'<text x="{left - 6}" y="{_TOP + 8}" text-anchor="end">{most:,}</text>',
        f'<text x="{left - 6}" y="{_TOP + _HEIGHT}" text-anchor="end">0</text>',
        f'<text x="{left}" y="{height - 6}">{_say_day(steps[0].at)}</text>',
    ]
    if len(steps) > 6:
        right, day = width - 10 - _GAP, _say_day(steps[-1].at)
        parts.append(f'<text x="{right}" y="{height - 6}" text-anchor="end">{day}</text>')
    for number, step in enumerate(steps):
        y = float(_TOP + _HEIGHT)
        for status in COLOURS:
            share = step.counts.get(status, 0) / most * _HEIGHT
            if share:
                y -= share
                parts.append(
                    f'<rect class="trend-{status}" x="{left + number * (_COLUMN + _GAP)}" y="{y:.1f}" '
                    f'width="{_COLUMN}" height="{max(share - 1, 0.6):.1f}" fill="{COLOURS[status]}"/>'
                )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="trend" viewBox="0 0 {width} {height}" width="{width}pt" '
        f'height="{height}pt" role="img"><title>{escape(title)}</title>'
        f'<g font-family="Inter,sans-serif" font-size="10" fill="#333">{"".join(parts)}</g></svg>'
    )


def say_step(step: Step) -> str:
    """2026-11-26 03:15: 41 of 43 flows open, 2 blocked."""
    said = f"{step.at:%Y-%m-%d %H:%M}: {step.counts.get('open', 0):,} of {many(step.total, 'flow')} open"
    return f"{said}, {step.others}" if step.others else said


def _say_day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"
