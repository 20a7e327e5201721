"""Annotations as JUnit XML, which build servers show: a suite for each file.

Its cases are whether it can be read, each expectation of the plan, and each finding: failed where the command fails
for it, else skipped with what it says. The elements are those of `planner.report.checks.junit`.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Collection, Iterator, Sequence

from planner.report.lint.annotate import EXPECTED, FAULT, Annotation, Linted
from ports.text import show_line

_NO_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 can't have, not even as a number (section 2.2)."""


def render_junit(files: Sequence[Linted], failing: Collection[str]) -> bytes:
    """All that is said about some files as JUnit XML in UTF-8."""
    root = ET.Element("testsuites", name="port-planner lint")
    for file in files:
        cases = list(_list_cases(file, failing))
        suite = ET.SubElement(
            root,
            "testsuite",
            name=_show(file.file),
            tests=str(len(cases)),
            failures=str(sum(case.find("failure") is not None for case in cases)),
            skipped=str(sum(case.find("skipped") is not None for case in cases)),
            errors="0",
        )
        suite.extend(cases)
    ET.indent(root)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written + b"\n"


def _list_cases(file: Linted, failing: Collection[str]) -> Iterator[ET.Element]:
    if file.is_plan:
        yield _start(file.file, "the file is a plan")
    unmet = {one.where: one for one in file.annotations if one.code == EXPECTED}
    for expected in file.expected:
        where = f"expect[{expected.number}]"
        case = _start(file.file, f"{where}: {expected.said}")
        if where in unmet:
            _fail(case, unmet[where])
        yield case
    for one in file.annotations:
        if one.code == EXPECTED:
            continue
        case = _start(file.file, f"{one.code}: {one.about}")
        if one.severity == FAULT or one.severity in failing:
            _fail(case, one)
        else:
            ET.SubElement(case, "skipped", message=_show(one.message))
        yield case


def _start(file: str, name: str) -> ET.Element:
    return ET.Element("testcase", classname=_show(file), file=_show(file), name=_show(name), time="0")


def _fail(case: ET.Element, one: Annotation) -> None:
    failure = ET.SubElement(case, "failure", message=_show(one.message), type=one.severity)
    failure.text = _show(f"{one.file}:{one.at.line}:{one.at.column}")


def _show(text: str) -> str:
    return _NO_XML.sub("\ufffd", show_line(text))
