"""What one click cures: the buttons that stand beside a finding, in the list of findings and in what is to be done.

Each is a form of its own that is sent to a view which the page has anyway, with what a person would fill in there.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from planner.engine.findings import Finding
from planner.web.forms.plans import MAX_TEXT
from planner.web.forms.rows import key_of
from planner.web.views.cures import Cures
from ports.text import short


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A button that cures a finding."""

    words: str
    view: str
    """The name of the view that it is sent to."""
    fields: tuple[tuple[str, str], ...]
    """What is sent beside what every edit carries along."""
    key: str
    """What its id ends with."""


def list_acts(finding: Finding, cures: Cures) -> list[Act]:
    """The buttons of a finding; none where a person has to say something first."""
    find = _ACTS.get(finding.code)
    return list(find(finding, cures)) if find else []


def key_of_finding(finding: Finding) -> str:
    """What ids on the page call a finding."""
    return re.sub(r"[^a-z0-9]+", "-", f"{finding.code} {finding.subject or ''}".casefold()).strip("-")


def _choose(finding: Finding, cures: Cures) -> Iterator[Act]:
    """Each option of a choice of one."""
    choice = cures.report.matrix.choices[finding.subject or ""]
    for option in choice.options if not choice.many else ():
        fields = (("choice", choice.slug), ("option", option.slug))
        yield Act(words=option.name, view="decide_choice", fields=fields, key=f"{choice.slug}-{option.slug}")


def _answer(finding: Finding, cures: Cures) -> Iterator[Act]:
    """Both answers to a caveat that waits for one."""
    slug = finding.subject or ""
    if any(state.caveat.slug == slug for state in cures.report.questions):
        for answer, words in (("practice", "Follow practice"), ("documented", "As documented")):
            yield Act(
                words=words,
                view="correct_caveat",
                fields=(("caveat", slug), ("answer", answer)),
                key=f"{slug}-{answer}",
            )


def _exclude(finding: Finding, cures: Cures) -> Iterator[Act]:
    """The first flow that must stay closed and that the document asks for; an own flow can't be excluded."""
    flow = next((flow for flow in cures.list_breaking(finding) if not flow.need.own), None)
    if flow is None:
        return
    source, destination = flow.source.name, flow.destination.name
    why = f"the document says so (§{', '.join(finding.sections)})"
    if finding.code == "never-broken":
        why = str(cures.find_row(finding, "never")["reason"]).strip()
    facts = {
        "source": source,
        "destination": destination,
        "protocol": flow.need.protocol,
        "ports": flow.need.ports or "",
        "reason": f"Must stay closed: {why}"[:MAX_TEXT],
    }
    ends = f"{short(source)} → {short(destination)}"
    yield Act(
        words=f"Exclude {ends}, {' '.join(filter(None, (flow.need.protocol, flow.need.ports)))}",
        view="add_exclusion",
        fields=tuple(facts.items()),
        key=f"{key_of_finding(finding)}-exclude",
    )


def _take_back(finding: Finding, cures: Cures) -> Iterator[Act]:
    """The exclusion that excludes nothing."""
    key = key_of(cures.find_row(finding, "exclusions"))
    yield Act(
        words="Take the exclusion back", view="delete_exclusion", fields=(("key", key),), key=f"exclusion-{key[:12]}"
    )


_ACTS: Mapping[str, Callable[[Finding, Cures], Iterator[Act]]] = {
    "caveat": _answer,
    "choice-undecided": _choose,
    "exclusion-without-effect": _take_back,
    "never-broken": _exclude,
    "prohibited-flow": _exclude,
}
"""By code of a finding: what one click can do about it."""
