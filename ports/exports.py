"""Rows of the port matrix as CSV and JSON. Pure: takes a Matrix and what `ports.filters` found in it."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ports.filters import End, Query, Row, describe_condition
from ports.matrix import AnyOf, ChoiceIs, Condition, Matrix, RoleAbsent, RolePresent
from ports.matrix.amendments import amendment_data, find_bearing, say_amendment, say_place
from ports.text import neutralise_parts, show_line

COLUMNS = (
    "section", "section title", "topic", "row", "summary", "source", "destination", "services", "when",
    "added by correction", "caveats", "amended here",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Syntax:
    """A format that rows can be downloaded in."""

    content_type: str
    write: Callable[[Matrix, Query, Sequence[Row]], str]


def write_csv(matrix: Matrix, query: Query, rows: Sequence[Row]) -> str:
    """One line for each row, under a line of headings; no cell is taken for a formula by a spreadsheet.

    With a byte order mark: without it Excel reads the bytes in the code page of the machine and garbles what is beyond
    ASCII. Other readers know it as "utf-8-sig".
    """
    sheet = io.StringIO()
    sheet.write("\ufeff")
    writer = csv.writer(sheet)
    writer.writerow(COLUMNS)
    for row in rows:
        requirement = row.requirement
        cells = (
            requirement.section, row.section_title, requirement.topic, requirement.name, requirement.summary,
            row.source, row.destination, "; ".join(map(str, row.lines)), "; ".join(row.conditions),
            row.correction.title if row.correction else "", "; ".join(caveat.title for caveat in row.caveats),
            "; ".join(f"{say_place(one)}: {say_amendment(one)}" for one in find_bearing(matrix, requirement)),
        )  # fmt: skip
        writer.writerow([neutralise_parts(show_line(str(cell))) for cell in cells])
    return sheet.getvalue()


def write_json(matrix: Matrix, query: Query, rows: Sequence[Row]) -> str:
    """Version, edition, what is amended, the filter, and the rows with the slugs that the matrix names things by."""
    data = {
        "matrix": matrix.version,
        "edition": matrix.edition,
        "amendments": [amendment_data(amendment) for amendment in matrix.amendments],
        "filter": query.parameters,
        "total": len(matrix.requirements),
        "rows": [_row_data(matrix, row) for row in rows],
    }
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


SYNTAXES: Mapping[str, Syntax] = {
    "csv": Syntax(content_type="text/csv; charset=utf-8", write=write_csv),
    "json": Syntax(content_type="application/json; charset=utf-8", write=write_json),
}


def _row_data(matrix: Matrix, row: Row) -> dict[str, Any]:
    requirement = row.requirement
    return {
        "slug": requirement.slug,
        "section": requirement.section,
        "section_title": row.section_title,
        "topic": requirement.topic,
        "name": requirement.name,
        "summary": requirement.summary,
        "source": _end_data(row.source, role=requirement.source, pairing=requirement.pairing),
        "destination": _end_data(row.destination, role=requirement.destination, **_target_data(row)),
        "services": [
            {
                "service": part.service.slug,
                "name": part.service.name,
                "protocol": part.service.protocol,
                "ports": part.service.ports,
                "configurable": part.service.configurable,
                "when": _condition_data(matrix, part.ask.when) if part.ask.when else None,
                "alternative": line.choice is not None,
            }
            for line in row.lines
            for part in line.parts
        ],
        "when": [_condition_data(matrix, condition) for condition in requirement.when],
        "correction": requirement.correction,
        "caveats": [caveat.slug for caveat in row.caveats],
        "amendments": [amendment_data(amendment) for amendment in find_bearing(matrix, requirement)],
    }


def _end_data(end: End, **names: Any) -> dict[str, Any]:
    return {"words": str(end)} | {key: value for key, value in names.items() if value}


def _target_data(row: Row) -> dict[str, Any]:
    target = row.requirement.target
    if target is None:
        return {}
    return {
        "operation": target.operation,
        "platform": target.platform,
        "session": target.session,
        "without_sessions": list(target.without_sessions),
        "without_platforms": list(target.without_platforms),
    }


def _condition_data(matrix: Matrix, condition: Condition) -> dict[str, Any]:
    facts: dict[str, Any]
    match condition:
        case AnyOf():
            facts = {"any": [_condition_data(matrix, one) for one in condition.any]}
        case ChoiceIs():
            facts = {"choice": condition.choice, "options": list(condition.options)}
        case RoleAbsent():
            facts = {"no_role": condition.no_role}
        case RolePresent():
            facts = {"role": condition.role}
    return facts | {"words": describe_condition(matrix, condition)}
