"""What a PDF of a report carries along for programs: the plan that it was made from, and what it says as JSON."""

from planner.engine.report import Report
from planner.plan import limits
from planner.plan.document import dump_plan
from planner.plan.syntax import write_document
from planner.report.formats.json import render_json
from planner.report.paper.printed import EmbeddedFile
from planner.report.said.edition import Edition

PLAN = "plan.yaml"
"""What the plan is called in a PDF; the import looks for it."""


def embed_files(report: Report, edition: Edition) -> tuple[EmbeddedFile, ...]:
    """The plan document, where the edition has it, and the report as `json`, unless it has too many flows.

    The JSON is that of the same edition, so whoever gets the PDF gets nothing that the download as JSON doesn't have.
    A part of a report comes without the plan, as the plan is more than that part.
    """
    files = []
    if edition.with_plan and edition.selection is None:
        plan = EmbeddedFile(
            name=PLAN,
            text=write_document(dump_plan(report.plan), "yaml", quick=True).decode(),
            media_type="application/yaml",
            relationship="source",
            description="The plan that this report was made from, to be imported again",
        )
        files.append(plan)
    if len(report.flows) <= limits.EMBEDDED:
        told = EmbeddedFile(
            name="report.json",
            text=render_json(report, edition).decode(),
            media_type="application/json",
            relationship="data",
            description="What this report says, for programs",
        )
        files.append(told)
    return tuple(files)
