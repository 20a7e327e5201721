"""Files of stored plans: the report in a format, for whoever asks, at once or in a job."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from django.conf import settings
from django.http import HttpResponse
from django.utils.http import content_disposition_header
from django.utils.text import slugify
from django.utils.timezone import localdate, localtime

from planner.engine import Report
from planner.engine.compare import Comparison
from planner.engine.existing.model import WHOLE_ICMP
from planner.engine.existing.readers import READERS
from planner.engine.life import Lives
from planner.report import Format, progress
from planner.report.said.edition import PAPERS, Edition, Paper
from planner.report.said.filters import LABELS, Filter, Selection, read_filter, select
from planner.report.said.there import There
from planner.store.answers import taken_in
from planner.store.compared import read_kept
from planner.store.earlier import find_earlier
from planner.store.editions import matrix_of
from planner.store.lives import lives_of
from planner.store.models import Plan
from planner.store.reports import comparison_since, report_for
from planner.store.results import prove_beside
from planner.store.sent import compare_with_sent, say_handover, say_unknown, say_why_not
from planner.store.verified import tell_results
from ports.matrix import Matrix
from ports.text import read_number

Asked = Mapping[str, str]
"""What is asked of a file, by name, as an address has it: a filter, options of the format, the paper."""
FindSince = Callable[[int], Comparison | str]
"""What differs from a revision, or why that can't be said."""
UNUSABLE = "The filter can't be used"
"""The heading over the sentences of UnusableFilter."""


class UnusableFilter(ValueError):
    """The filter that is asked for can't be used. The message is made of sentences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """What is sent to be saved: its bytes, of what kind they are, and under which name."""

    data: bytes
    content_type: str
    name: str


def send(file: File) -> HttpResponse:
    """An answer that is saved as a file."""
    response = HttpResponse(file.data, content_type=file.content_type)
    response.headers["Content-Disposition"] = content_disposition_header(True, file.name) or "attachment"
    return response


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The part of a report that a filter lets through."""

    report: Report
    selection: Selection | None
    chosen: Filter
    since: Comparison | None


def write_plan_file(plan: Plan, kind: Format, asked: Asked) -> File:
    """The report of a plan in a format, for those who may edit the plan.

    Raises UnusableFilter; NotExpressible where the format can't say what the report says; and as `report_for` does.
    """
    progress.tell("Working out the rules")
    matrix = matrix_of(plan)
    last = plan.handovers.first()
    edition = Edition(
        date=localdate(),
        revision=plan.revision,
        # Without a revision in the filter it is compared with what was handed over last.
        since=compare_with_sent(plan, last, matrix) if last else None,
        since_revision=last.revision if last else None,
        since_sent=say_handover(last),
        with_plan=True,
    )
    report = report_for(plan.version, matrix)
    lives = lives_of(plan, report)
    edition = replace(edition, lives=lives, taken=taken_in(plan, report), there=_find_there(plan, asked))
    report = tell_results(report, lives, prove_beside(plan, report))
    if kind.closes:
        earlier = find_earlier(plan, matrix)
        edition = replace(edition, earlier=earlier.reports, earlier_said=earlier.said)

    def say_of(number: int) -> str:
        return "stored under a port matrix that isn’t known" if say_unknown(plan, str(number)) else ""

    return write_file(kind, report, edition, asked, finding_since(plan, matrix), say_of)


def _find_there(plan: Plan, asked: Asked) -> There | None:
    """The kept comparison that is to stand beside the rules; none unless it is asked for. Raises UnusableFilter."""
    text = asked.get("compared", "")
    if not text:
        return None
    number = read_number(text)
    found = read_kept(plan, [number]) if number is not None else {}
    if not found:
        raise UnusableFilter("Comparison: the plan has none of this number; it may have been deleted.")
    [kept] = found.values()
    row = kept.row
    device = row.firewall or READERS[row.format].label
    return There.of(
        kept.now, device=device, day=localtime(row.at).date(), revision=row.revision,
        whole_icmp=row.format in WHOLE_ICMP,
    )  # fmt: skip


def finding_since(plan: Plan, matrix: Matrix) -> FindSince:
    """What says what differs between a plan under its matrix and its revision of a number."""

    def find_since(number: int) -> Comparison | str:
        found = comparison_since(plan, number, matrix)
        return say_why_not(plan, str(number)) if found is None else found

    return find_since


def write_file(
    kind: Format,
    report: Report,
    edition: Edition,
    asked: Asked,
    find_since: FindSince,
    say_of: Callable[[int], str] = lambda _: "",
) -> File:
    """The part of a report that the filter in what is asked lets through, as a file of this edition.

    `say_of` says what else is to be said of the revision that the filter names. Raises UnusableFilter, and
    NotExpressible where the format can't say what the report says.
    """
    part = read_part(asked, report, find_since, edition.lives)
    selection = part.selection
    edition = replace(edition, selection=selection, paper=read_paper(asked), stylesheet=settings.STYLESHEET)
    if part.since is not None:
        number = int(part.chosen.since)
        edition = replace(edition, since=part.since, since_revision=number, since_sent=say_of(number))
    options = {option: True for option in sorted(kind.options) if asked.get(option)}
    progress.tell("Writing the file")
    data = kind.render(part.report, edition, **options)
    end = f"revision-{edition.revision}" + (f"-{selection.rules}-of-{selection.all_rules}-rules" if selection else "")
    name = name_file(report.plan.name, f"{end}.{kind.ending or kind.extension}")
    return File(data=data, content_type=kind.content_type, name=name)


def read_part(asked: Asked, report: Report, find_since: FindSince, lives: Lives) -> Part:
    """The part of a report that is asked for; `lives` are those of its rules. Raises UnusableFilter."""
    chosen, faults = read_filter(asked.items(), report)
    since = find_since(int(chosen.since)) if chosen.since and "since" not in faults else None
    if isinstance(since, str):
        faults["since"] = since
    if faults or isinstance(since, str):
        raise UnusableFilter(" ".join(f"{LABELS[name]}: {sentence}" for name, sentence in faults.items()))
    part, selection = select(report, chosen, since, lives)
    return Part(report=part, selection=selection, chosen=chosen, since=since)


def read_paper(asked: Asked) -> Paper:
    """The size of paper that is asked for: A4 where nothing is. Raises UnusableFilter for one that there isn't."""
    named = asked.get("paper", "") or "a4"
    for paper in PAPERS:
        if paper == named.lower():
            return paper
    raise UnusableFilter(f"Paper: “{named[:40]}” isn’t one; a PDF is set on {' or '.join(PAPERS)}.")


def name_file(plan: str, end: str) -> str:
    """The name of a file of a plan, by the plan's name: in ASCII, which no system trips over."""
    return f"{slugify(plan)[:80] or 'plan'}-{end}"
