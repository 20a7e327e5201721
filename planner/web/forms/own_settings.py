"""Choices and ports that a zone or an endpoint has of its own: as forms send them, as they are shown, in words."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from planner.engine import Report
from planner.plan.document import Endpoint, Zone
from planner.plan.fields import Choices
from ports.matrix import Choice, choices_in, read_ports, read_typed_ports

SENT = "-"
"""What the form of a choice of many sends beside what is ticked, as nothing ticked is an answer, too."""
AS_PLAN = ""
"""What stands for the plan's own answer."""
Sent = Mapping[str, Sequence[str]]
"""By choice or service: what was sent, or what there is to show."""


def read_sent(key: str, data: Any) -> Sent:
    """What a form sends of the field of this key, whose controls are called `key.slug`."""
    names = [name for name in data if name.startswith(f"{key}.")]
    return {name.removeprefix(f"{key}."): data.getlist(name) for name in names}


def as_shown(value: Mapping[str, Any] | None) -> Sent:
    """The choices or ports of a row as the form shows them."""
    return {slug: [SENT, *one] if isinstance(one, list | tuple) else [one] for slug, one in (value or {}).items()}


def take_choices(sent: Sent, old: Mapping[str, Any]) -> dict[str, Any]:
    """The choices of a row that had `old`, by what was sent; of what wasn't sent nothing changes.

    Whoever ticks an option beside “as the plan”, which was ticked, means the option; whoever ticks “as the plan”
    beside options, which were ticked, means that.
    """
    taken = dict(old)
    for slug, values in sent.items():
        options = [value for value in values if value not in (SENT, AS_PLAN)]
        as_plan = AS_PLAN in values and (slug in old or not options)
        if as_plan or not values:
            taken.pop(slug, None)
        elif SENT in values:
            kept = [option for option in old.get(slug, ()) if option in options]
            taken[slug] = [*kept, *(option for option in options if option not in kept)]
        else:
            taken[slug] = options[-1]
    return taken


def take_ports(sent: Sent, old: Mapping[str, Any]) -> dict[str, Any]:
    """The ports of a row that had `old`, by what was sent; empty: as the plan."""
    taken = dict(old)
    for slug, values in sent.items():
        text = read_port(values)
        if text:
            taken[slug] = text
        else:
            taken.pop(slug, None)
    return taken


def read_port(values: Sequence[str]) -> str:
    """A port or range as it was typed: normalised where it is one."""
    text = values[-1].strip() if values else ""
    try:
        return read_typed_ports(text) if text else ""
    except ValueError:
        return text


def find_port_faults(sent: Sent) -> dict[str, str]:
    """By service, what is wrong with the port that was typed."""
    faults = {}
    for slug, values in sent.items():
        text = read_port(values)
        try:
            read_ports(text or "1")
        except ValueError as error:
            faults[slug] = f"“{text[:40]}” {error}."
    return faults


def describe_settings(
    report: Report, shown: Mapping[str, Sent], zone: str | None, faults: Mapping[str, str]
) -> dict[str, Any]:
    """What the form offers for each choice and service, and what holds without it.

    `shown` has what there is or was sent by the key of its field, `zone` is the zone of an endpoint, None for a zone.
    """
    around = next((one for one in report.plan.zones if one.name == zone), None)
    choices = [
        _describe_choice(report, choice, list(shown["choices"].get(slug, ())), around)
        for slug, choice in report.matrix.choices.items()
    ]
    services = [
        {
            "service": service,
            "value": (list(shown["ports"].get(slug, ())) or [""])[-1],
            "plan": (around.ports.get(slug) if around else None) or report.ports[slug],
            "whose": _whose(around is not None and slug in around.ports),
            "error": faults.get(slug, ""),
        }
        for slug, service in report.matrix.services.items()
        if service.configurable
    ]
    return {
        "own_choices": choices,
        "own_services": services,
        "own_count": sum(1 for item in choices if item["own"]) + sum(1 for item in services if item["value"]),
    }


def _describe_choice(report: Report, choice: Choice, values: list[str], around: Zone | None) -> dict[str, Any]:
    options = [value for value in values if value not in (SENT, AS_PLAN)]
    own = bool(options) or (SENT in values and AS_PLAN not in values)
    in_zone = around is not None and choice.slug in around.choices
    taken = around.choices[choice.slug] if around is not None and in_zone else _of_plan(report, choice)
    return {
        "choice": choice,
        "own": own,
        "options": [(option, option.slug in options) for option in choice.options],
        "as_plan": f"As the {_whose(in_zone)}: {say_options(choice, taken)}",
        "is_as_plan": not own or AS_PLAN in values,
    }


def _whose(in_zone: bool) -> str:
    return "zone" if in_zone else "plan"


def _of_plan(report: Report, choice: Choice) -> str | tuple[str, ...] | None:
    return report.plan.choices.get(choice.slug, choice.default)


def say_options(choice: Choice, taken: str | Sequence[str] | None) -> str:
    """What was chosen, in words."""
    if taken is None:
        return "not decided"
    slugs = (taken,) if isinstance(taken, str) else taken
    return ", ".join(choice.option(slug).name for slug in choice.slugs if slug in slugs) or "none"


class Settings:
    """What zones and endpoints have otherwise than the plan, in words: each as its name and the option or port."""

    def __init__(self, report: Report) -> None:
        self.report = report
        self._rows = {row.slug: row for row in report.matrix.requirements}
        self._zones = {zone.name: zone for zone in report.plan.zones}
        rows: tuple[Zone | Endpoint, ...] = (*report.plan.zones, *report.plan.endpoints)
        self.there = any(row.choices or row.ports for row in rows)
        """Whether anything has any."""

    def say(self, row: Zone | Endpoint) -> list[str]:
        """All that a zone or an endpoint has of its own."""
        return [*self._say_choices(row.choices, None), *self._say_ports(row.ports, None)]

    def say_of_flows(self, destinations: Sequence[Endpoint], requirements: Iterable[str]) -> list[str]:
        """What of the destinations' own, or their zones', bears on flows that these requirements ask for."""
        if not self.there:
            return []
        rows = [self._rows[slug] for slug in requirements if slug in self._rows]
        services = {ask.service for row in rows for ask in row.asks}
        choices = {ask.choice for row in rows for ask in row.asks if ask.choice}
        choices |= {slug for row in rows for slug in choices_in(row.when)}
        said = []
        for endpoint in destinations:
            zone = self._zones[endpoint.zone]
            own_choices, own_ports = {**zone.choices, **endpoint.choices}, {**zone.ports, **endpoint.ports}
            words = (*self._say_choices(own_choices, choices), *self._say_ports(own_ports, services))
            said += [f"{endpoint.name}: {word}" for word in words]
        return said

    def _say_choices(self, own: Choices, wanted: set[str] | None) -> list[str]:
        differing = (
            choice
            for slug, choice in self.report.matrix.choices.items()
            if slug in own and _as_set(own[slug]) != _as_set(_of_plan(self.report, choice))
        )
        return [
            f"{choice.name}: {say_options(choice, own[choice.slug])}"
            for choice in differing
            if wanted is None or choice.slug in wanted
        ]

    def _say_ports(self, own: Mapping[str, str], wanted: set[str] | None) -> list[str]:
        return [
            f"{service.name}: {own[slug]}"
            for slug, service in self.report.matrix.services.items()
            if slug in own and (wanted is None or slug in wanted) and own[slug] != self.report.ports[slug]
        ]


def _as_set(taken: str | Sequence[str] | None) -> frozenset[str] | None:
    return None if taken is None else frozenset((taken,) if isinstance(taken, str) else taken)
