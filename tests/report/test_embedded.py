"""What a PDF carries along for programs, whether it is what it says it is, and the plan taken out of it again."""

import io
import json
from datetime import date

import page
import pypdf
import pytest

from planner.plan import limits
from planner.plan.document import dump_plan, read_plan
from planner.report import FORMATS
from planner.report.paper.embedded import embed_files
from planner.report.paper.prints import render_pdf
from planner.report.said.edition import Edition
from planner.report.said.filters import Filter, select
from planner.store.plan_in_pdf import NoPlanInside, take_plan
from ports.queries import shipped_matrix
from tests.examples import read_examples
from tests.made import made
from tests.report.samples import HOSTILE_NAMES, contoso, evaluate, hostile
from tests.report.test_print import example, print_compared, print_contoso, printed

DAY = date(2024, 2, 29)
STANDARDS = ("ua1", "3a")
WHOLE = Edition(date=DAY, with_plan=True)


def faults(data):
    """What a validator finds against PDF/UA-1 and PDF/A-3a."""
    checked = [page.validate_pdf_bytes(data, profile=profile) for profile in STANDARDS]
    assert all(report.rules.total > 100 for report in checked)
    return [failure.message for report in checked for failure in report.failures]


def carried(data):
    """The files in a PDF by name, each of which is there once."""
    found = pypdf.PdfReader(io.BytesIO(data)).attachments
    assert all(len(contents) == 1 for contents in found.values())
    return {name: contents[0] for name, contents in found.items()}


@pytest.mark.parametrize("slug", [one.slug for one in read_examples()])
def test_the_pdf_of_each_example_is_pdf_ua_1_and_pdf_a_3a_by_a_validator(slug):
    assert faults(printed(slug)) == []


def test_a_change_request_is_both_too():
    assert faults(print_compared()) == []


@pytest.mark.slow
def test_the_validator_finds_what_is_wrong():
    assert faults(printed("dmz", "WeasyPrint")) != []


@pytest.mark.parametrize(("setter", "slug"), [("Typst", "everything"), ("WeasyPrint", "dmz")])
@pytest.mark.slow
def test_plan_and_report_go_along_and_say_what_the_downloads_say(setter, slug):
    report = example(slug)
    files = carried(printed(slug, setter))
    assert set(files) == {"plan.yaml", "report.json"}
    assert files["report.json"] == FORMATS["json"].render(report)
    assert read_plan(files["plan.yaml"], matrix=shipped_matrix()) == report.plan


def test_readers_and_parts_get_no_plan_and_no_more_than_their_own_json():
    report = example("dmz")
    part, selection = select(report, Filter(port="443"))
    chosen = Edition(date=DAY, with_plan=True, selection=selection)
    assert [file.name for file in embed_files(report, Edition(date=DAY))] == ["report.json"]
    assert [file.name for file in embed_files(part, chosen)] == ["report.json"]
    assert json.loads(embed_files(part, chosen)[0].text)["selection"]["rules"] == selection.rules


def test_a_report_of_too_many_flows_goes_without_its_json(monkeypatch):
    monkeypatch.setattr(limits, "EMBEDDED", 3)
    assert [file.name for file in embed_files(example("dmz"), WHOLE)] == ["plan.yaml"]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_names_come_back_out_of_the_plan_as_they_were_typed(name):
    report = evaluate(hostile(name))
    [plan, _] = embed_files(report, WHOLE)
    assert dump_plan(read_plan(plan.text.encode(), matrix=shipped_matrix())) == dump_plan(report.plan)


def test_the_plan_comes_back_from_a_pdf_that_another_program_has_written_anew():
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(render_pdf(evaluate(contoso()), WHOLE)))
    anew = io.BytesIO()
    writer.write(anew)
    assert read_plan(take_plan(anew.getvalue()), matrix=shipped_matrix()) == evaluate(contoso()).plan


def bomb():
    """A PDF whose plan is small when it is packed and has 150 MB when it is not."""
    writer = pypdf.PdfWriter()
    writer.add_blank_page(72, 72)
    writer.add_attachment("plan.yaml", bytes(150_000_000))
    writer.compress_identical_objects()
    for stream in writer._objects:
        if isinstance(stream, pypdf.generic.DecodedStreamObject):
            writer._objects[writer._objects.index(stream)] = stream.flate_encode()
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"%PDF-1.7\n", "damaged"),
        (b"%PDF-1.7\n" + b"1 0 obj << " * 100_000, "damaged"),
        (b"%PDF-1.7\nstartxref\n0\n%%EOF", "damaged"),
        (lambda: b"%PDF-" + b"x" * limits.PAPER, "at most 32 MiB"),
    ],
    ids=["nothing", "endless", "circular", "large"],
)
def test_a_broken_pdf_is_a_sentence(data, says):
    with pytest.raises(NoPlanInside, match=says):
        take_plan(made(data))


@pytest.mark.slow
def test_a_pdf_that_would_take_all_memory_is_a_sentence():
    with pytest.raises(NoPlanInside, match="too large"):
        take_plan(bomb())


def test_a_pdf_without_a_plan_says_which_pdf_has_one():
    with pytest.raises(NoPlanInside, match="whoever edits the plan"):
        take_plan(print_contoso())
