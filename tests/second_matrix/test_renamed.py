"""Every slug of the made-up matrix renamed in a further edition: any plan carried over to it means the same."""

import json
from dataclasses import replace

from hypothesis import given, settings

from planner.engine import evaluate_report
from planner.engine.compare import compare_reports
from planner.plan.carry import carry
from planner.plan.document import check_plan, dump_plan
from planner.report.formats.json import report_data
from ports.matrix import KINDS, build_matrix
from ports.matrix.differences import find_differences
from ports.queries import read_fixture
from tests.ports.renamed import rename
from tests.second_matrix.conftest import FIXTURE
from tests.strategies import documents, often

PREFIX = "new-"
"""Before a slug: so that what is in the order of slugs stays in that order."""
RECORDS = read_fixture(FIXTURE)


def list_rows():
    """Each row that has a slug, and each option, with its slug."""
    for kind, rows in RECORDS.items():
        for row in rows if kind != "portmatrix" and KINDS[kind].KEY == "slug" else ():
            yield f"{kind}/{{}}", row["slug"]
            for option in row.get("options", ()):
                yield f"choice/{PREFIX}{row['slug']}/{{}}", option["slug"]


NAMES = {slug: PREFIX + slug for _, slug in list_rows()}


def make_renamed():
    """The fixture with all of them renamed."""
    records = rename(RECORDS, NAMES)
    records["portmatrix"][0] |= {
        "slug": "gatekeeper-5",
        "renamed": [{"row": row.format(PREFIX + slug), "was": slug} for row, slug in list_rows()],
    }
    return records


NOW = build_matrix(make_renamed())
THEN = replace(build_matrix(RECORDS), renames=NOW.renames)
OF_THE_MATRIX = ("matrix", "edition", "document", "digest", "generator")


def describe(report):
    """What a report says, without what its slugs begin with here; some sentences have slugs in them."""
    data = {key: value for key, value in report_data(report).items() if key not in OF_THE_MATRIX}
    return json.loads(json.dumps(data).replace(PREFIX, ""))


@given(documents(THEN))
@settings(max_examples=often(100))
def test_any_plan_that_is_carried_over_has_the_same_flows_rules_and_findings_and_comes_back(document):
    plan = check_plan(document, matrix=THEN)
    carried, _ = carry(dump_plan(plan), NOW)
    after = check_plan(carried, matrix=NOW)
    assert carry(dump_plan(after), THEN)[0] == dump_plan(plan)
    old, new = evaluate_report(THEN, plan), evaluate_report(NOW, after)
    compared = compare_reports(old, new)
    assert not compared
    assert not compared.rules_changed
    assert describe(old) == describe(new)


def test_all_that_differs_is_names():
    found = find_differences(RECORDS, make_renamed())
    assert {one.change for one in found} == {"changed"}
    renamed = [(one.row.partition("/")[0], one.old) for one in found if one.field == "slug"]
    assert sorted(renamed) == sorted((row.partition("/")[0], slug) for row, slug in list_rows() if row.count("/") == 1)
