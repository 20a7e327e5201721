"""An acceptance as JUnit XML, which build servers show: a test case for each flow, by rule, and for what is closed.

The format has no standard of its own; the elements are those that the Ant task and the readers of Jenkins and GitLab
have in common: testsuites, testsuite, testcase with failure or skipped.
"""

import xml.etree.ElementTree as ET
from collections.abc import Iterator

from planner.engine.acceptance import Acceptance, FlowState, State, Status
from planner.engine.checks import digest_of
from planner.engine.report import Report
from planner.report.said.acceptance import WORDS
from ports.text import show_line


def render_junit(report: Report, acceptance: Acceptance) -> bytes:
    """An acceptance as JUnit XML in UTF-8. The id of a check is the name's end, after a #."""
    root = ET.Element("testsuites", name=show_line(report.plan.name))
    rules = {opening: one.rule.id for one in acceptance.rules for opening in one.rule.openings()}
    suites: dict[str, list[ET.Element]] = {}
    for flow in acceptance.flows:
        suites.setdefault(rules.get(flow.state.check.opening, "within a zone"), []).append(_case(flow))
    closed = [_closed_case(state) for state in _list_closed(acceptance)]
    newest = max((run.results.started for run in acceptance.used), default=None)
    for name, cases in (*suites.items(), *((("must stay closed", closed),) if closed else ())):
        suite = ET.SubElement(
            root,
            "testsuite",
            name=name,
            tests=str(len(cases)),
            failures=str(sum(case.find("failure") is not None for case in cases)),
            skipped=str(sum(case.find("skipped") is not None for case in cases)),
            errors="0",
        )
        if newest is not None:
            suite.set("timestamp", newest.isoformat())
        _add_properties(suite, plan=report.plan.name, report=digest_of(report))
        for case in cases:
            case.set("classname", name)
            suite.append(case)
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _add_properties(parent: ET.Element, **values: str) -> None:
    properties = ET.SubElement(parent, "properties")
    for name, value in values.items():
        ET.SubElement(properties, "property", name=name, value=show_line(value))


def _list_closed(acceptance: Acceptance) -> Iterator[State]:
    known: set[str] = set()
    for state in (*(state for row in acceptance.closed for state in row.states), *acceptance.beside):
        if state.check.id not in known:
            known.add(state.check.id)
            yield state


def _case(flow: FlowState) -> ET.Element:
    case = _start(flow.state)
    if flow.excused:
        _add_properties(case, outcome=flow.status)  # a build server skips it; whoever reads it back has what it is
        ET.SubElement(case, "skipped", message="blocked, and another option of its choice is open")
    elif flow.status == "not-tested":
        ET.SubElement(case, "skipped", message=WORDS[flow.status])
    elif flow.status in ("blocked", "forbidden-open"):
        _fail(case, flow.state, flow.status)
    else:
        _add_properties(case, outcome=flow.status)
    return case


def _closed_case(state: State) -> ET.Element:
    case = _start(state)
    if state.status == "forbidden-open":
        _fail(case, state, state.status)
    elif state.status in ("not-tested", "unproven"):
        if state.status == "unproven":
            _add_properties(case, outcome=state.status)
        ET.SubElement(case, "skipped", message=WORDS[state.status].partition(":")[0])
    return case


def _start(state: State) -> ET.Element:
    check = state.check
    service = f"{check.protocol} {check.ports or ''}".rstrip()
    name = f"{show_line(check.source)} to {show_line(check.destination)} {service} #{check.id}"
    took = max((seen.result.milliseconds or 0 for seen in state.seen), default=0)
    return ET.Element("testcase", name=name, time=f"{took / 1000:.3f}")


def _fail(case: ET.Element, state: State, status: Status) -> None:
    failure = ET.SubElement(case, "failure", message=WORDS[status], type=status)
    failure.text = "\n".join(
        f"{show_line(seen.result.address)} {seen.result.port or ''}: {seen.result.outcome}"
        f"{', ' + seen.result.error if seen.result.error else ''} ({show_line(seen.run.name)})"
        for seen in state.seen
    )
