"""Two revisions of a plan compared, or one under two matrices: what is asked for, what comes of it, and as a file."""

from dataclasses import dataclass

from django.conf import settings
from django.utils.http import urlencode
from django.utils.timezone import localdate

from planner.engine import TooLarge
from planner.engine.compare import Comparison
from planner.plan.document import PlanError
from planner.report import ChangeFormat, progress
from planner.report.said.edition import Editions
from planner.store.editions import matrix_of
from planner.store.files import Asked, File, name_file, read_paper
from planner.store.lives import lives_of_sides
from planner.store.models import Plan, Version
from planner.store.reports import compare_versions, find_known, find_version
from planner.store.sent import say_handover, say_unknown
from ports.matrix import Matrix
from ports.queries import find_matrix, find_state
from ports.text import INT_32, read_number


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """What is compared: numbers of revisions, and slugs or digests of matrices.

    Without one a revision is compared under the matrix that it was stored under, and on the side of after the newest
    under that of now: it is the plan as it is.
    """

    before: int
    after: int
    matrix_before: str = ""
    matrix_after: str = ""

    def query(self) -> str:
        """The sides as a query string."""
        pairs: dict[str, int | str] = {
            "from": self.before, "to": self.after, "matrix_from": self.matrix_before, "matrix_to": self.matrix_after,
        }  # fmt: skip
        return urlencode({name: value for name, value in pairs.items() if value})


class NothingToCompare(ValueError):
    """What the address names isn't there. The message is a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two sides compared, and what they are called."""

    comparison: Comparison
    before: str
    after: str
    remarks: tuple[str, ...] = ()
    """What isn't known of them, in sentences."""


def write_changes(plan: Plan, kind: ChangeFormat, asked: Asked) -> File:
    """The change request that is asked for, in a format, for those who may edit the plan.

    Raises NothingToCompare, NotExpressible, and as `planner.store.reports.report_for` does.
    """
    progress.tell("Comparing the two")
    sides = read_sides(asked, plan)
    compared = compare_sides(plan, sides)
    lives_before, lives_after = lives_of_sides(plan, compared.comparison)
    editions = Editions(
        before=compared.before,
        after=compared.after,
        sent=say_handover(plan.handovers.filter(revision=sides.before).first()),
        date=localdate(),
        lives_before=lives_before,
        lives_after=lives_after,
        paper=read_paper(asked),
        stylesheet=settings.STYLESHEET,
    )
    progress.tell("Writing the file")
    data = kind.render(compared.comparison, editions)
    end = f"changes-{sides.before}-to-{sides.after}.{kind.extension}"
    return File(data=data, content_type=kind.content_type, name=name_file(plan.name, end))


def read_sides(asked: Asked, plan: Plan) -> Sides:
    """What the address asks to be compared; by default what was handed over last, or the first, with the newest.

    Raises NothingToCompare when a number or slug is none.
    """
    last = plan.handovers.first()
    under = asked.get("matrix_from")
    if under is None:
        under = last.digest if last and not asked.get("from", "").strip() else ""
    return Sides(
        before=_read_number(asked, "from", last.revision if last else 1),
        after=_read_number(asked, "to", plan.revision),
        matrix_before=under,
        matrix_after=asked.get("matrix_to", ""),
    )


def _read_number(asked: Asked, name: str, otherwise: int) -> int:
    text = asked.get(name, "").strip()
    if not text:
        return otherwise
    number = read_number(text, most=INT_32)
    if number is None:
        raise NothingToCompare(f"“{text[:40]}” is not the number of a revision.")
    return number


def compare_sides(plan: Plan, sides: Sides) -> Compared:
    """Two sides of a plan compared. Raises NothingToCompare where the address names what isn't there."""
    now = matrix_of(plan)
    before, after = (_find_version(plan, number) for number in (sides.before, sides.after))
    if after.number == plan.revision:
        after = plan.version
    sought = ((before, sides.matrix_before), (after, sides.matrix_after))
    matrix_before, matrix_after = (_find_matrix(version, name, now) for version, name in sought)
    try:
        known = find_known(plan, before, after)
        comparison = compare_versions(before, after, matrix_before, matrix_after, known)
    except TooLarge:
        raise
    except PlanError as error:
        raise NothingToCompare(f"A revision doesn't fit the port matrix: {error.faults[0]}") from None
    names = [
        _name_side(version, name, matrix, differ=matrix_before.state != matrix_after.state)
        for (version, name), matrix in zip(sought, (matrix_before, matrix_after), strict=True)
    ]
    remarks = [] if sides.matrix_before else [say_unknown(plan, str(sides.before))]
    if after.number != plan.revision and not sides.matrix_after:
        remarks.append(say_unknown(plan, str(sides.after)))
    told = tuple(dict.fromkeys(filter(None, remarks)))
    return Compared(comparison=comparison, before=names[0], after=names[1], remarks=told)


def _find_version(plan: Plan, number: int) -> Version:
    version = find_version(plan, number)
    if version is None:
        raise NothingToCompare(f"This plan has no revision {number}.")
    return version


def _find_matrix(version: Version, name: str, now: Matrix) -> Matrix:
    """The matrix of that slug or digest; if the name is empty that under which the version was stored."""
    digest = name if _is_digest(name) else version.digest if not name else ""
    if digest == now.digest or (not name and not digest):
        return now  # with what is said of its amendments
    matrix = find_state(digest) if digest else find_matrix(name)
    if matrix is None and digest:
        raise NothingToCompare(f"The port matrix {digest[:8]}, as it was then, isn’t kept here.")
    if matrix is None:
        raise NothingToCompare(f"There is no port matrix “{name[:40]}”.")
    return matrix


def _is_digest(name: str) -> bool:
    return len(name) == 64  # a slug has 50 characters at most


def _name_side(version: Version, name: str, matrix: Matrix, *, differ: bool) -> str:
    """What a side is called; with its matrix where that was asked for, or where the two have different ones."""
    if name:
        return f"revision {version.number}, matrix {name[:8] if _is_digest(name) else name}"
    edition = f"edition {matrix.edition} " if matrix.edition else "matrix "
    return f"revision {version.number}" + (f", {edition}({matrix.digest[:8]})" if differ else "")
