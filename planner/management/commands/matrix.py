"""Editions of the port matrix and what is amended over them: listed, loaded, compared, amended."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from planner.management.statuses import TOLD
from planner.plan.carry import Carried
from planner.plan.document import PlanError
from planner.report.files import Failure, write_output
from planner.store.impact import Impact, weigh_plan, weigh_stored
from planner.store.plan_files import NoUsableMatrix, has_tables, read_plan_file, say_read
from planner.store.trouble import say_trouble
from ports.actions import (
    EditionDiffers,
    NoSuchAmendment,
    activate_matrix,
    load_matrix,
    make_amendment,
    revert_amendment,
)
from ports.matrix import HEAD, Amendment, Matrix, MatrixError, NotAmendable, Records, amend, complete
from ports.matrix.amendments import ORDER, find_place, read_value, say_amendment, say_place
from ports.matrix.differences import Difference, describe_difference, find_differences
from ports.matrix.writing import write_fixture
from ports.models import PortMatrix
from ports.queries import (
    Judged,
    NoMatrix,
    current_matrix,
    default_product,
    edition_records,
    find_edition,
    find_held_back,
    find_matrix,
    find_standing,
    list_amendments,
    list_matrices,
)
from ports.text import many, show_line

AUTHOR = "command line"


class Command(BaseCommand):
    """Exit status: 0; 1 when something is refused or isn't there; 2 for wrong usage; 3 if diff or impact differ."""

    help = "List, load and compare editions of the port matrix, and amend the current one."
    # Loading has to work where the checks find fault with the matrix that is here.
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """What to do."""
        self.parser = parser
        verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

        def verb(name: str, run: Callable[..., None], text: str, *, prints: bool = True) -> CommandParser:
            added: CommandParser = verbs.add_parser(name, help=text, description=text)
            added.set_defaults(run=run)
            if prints:
                added.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
            return added

        verb("list", self._list, "List the editions that are here; each product has one current one.")
        verb("show", self._show, "Show an edition as it was loaded.").add_argument("edition", metavar="EDITION")
        load = verb("load", self._load, "Load a fixture as an edition, or find it here already.")
        load.add_argument("fixture", type=Path, metavar="FIXTURE")
        load.add_argument("--no-activate", action="store_true", help="leave the current edition as it is")
        activate = verb("activate", self._activate, "Make an edition its product's current one.")
        activate.add_argument("edition", metavar="EDITION")
        diff = verb(
            "diff", self._diff, "Say what differs between two editions as they were loaded; 3 if anything does."
        )
        diff.add_argument("old", metavar="OLD")
        diff.add_argument("new", metavar="NEW")
        impact = verb("impact", self._impact, "Say what plans would change under an edition; 3 if anything does.")
        impact.add_argument("edition", metavar="EDITION")
        impact.add_argument("plans", nargs="*", metavar="PLAN", help="plan files; without them all stored plans")
        export = verb("export", self._export, "Print an edition, as it was loaded, as a fixture.")
        export.add_argument("edition", metavar="EDITION")
        amend = verb("amend", self._amend, "Give a field of the current edition another value here.")
        amend.add_argument("row", metavar="ROW", help="KIND/SLUG, as in service/website")
        amend.add_argument("field", metavar="FIELD", help="the field's name in a fixture")
        amend.add_argument("value", metavar="VALUE", help="text; JSON where the field is a list or a mapping")
        amend.add_argument("--reason", required=True, metavar="TEXT", help="why it differs here")
        listed = verb("amendments", self._amendments, "List all amendments, and what has become of them.")
        for chosen in (amend, listed):
            chosen.add_argument("--product", default="", metavar="SLUG", help="default: the service's default product")
        revert = verb("revert", self._revert, "Take an amendment back; it stays in the list.")
        revert.add_argument("number", type=int, metavar="N")

    def handle(self, *args: Any, run: Callable[..., None], **options: Any) -> None:
        """Do it, or say in a sentence why not."""
        try:
            if not has_tables():
                raise CommandError("There is no database yet; start the service once (make run, port-planner serve).")
            run(**options)
        except (EditionDiffers, MatrixError, NoMatrix, NotAmendable, NoSuchAmendment, NoUsableMatrix) as error:
            raise CommandError(str(error)) from None
        except DatabaseError as error:
            once = "Where it lacks tables, start the service once (make run, port-planner serve)."
            raise CommandError(say_trouble(error) or f"The database can't be used: {error}. {once}") from None
        except Failure as error:
            if str(error):
                raise CommandError(str(error)) from None
            sys.exit(1)

    # --- editions ----------------------------------------------------------------------------------------------------

    def _list(self, *, format: str, **_: Any) -> None:
        """All editions."""
        editions = list_matrices()
        if format == "json":
            self._print_json([_edition_data(edition) for edition in editions])
            return
        for edition in editions:
            state = "current" if edition.current else "-"
            self.stdout.write(f"{edition.product_slug}  {edition.slug}  {edition.digest[:8]}  {state}  {edition}")
        if not editions:
            self.stdout.write("No port matrix is loaded.")

    def _show(self, *, edition: str, format: str, **_: Any) -> None:
        """One edition: its document, and its rows."""
        found = _find(edition)
        records: Records = edition_records(found.pk)
        if format == "json":
            facts = {name: getattr(found, name) for name in ("document", "received", "url", "sha256")}
            shown = {kind: [complete(kind, row) for row in records[kind]] for kind in records if kind != HEAD}
            self._print_json(_edition_data(found) | facts | {"rows": shown})
            return
        self.stdout.write(f"{found.slug}: {found}")
        self.stdout.write(f"Product: {found.product_slug}{', current edition' if found.current else ''}")
        self.stdout.write(f"Digest: {found.digest}")
        for name, value in (("Published at", found.url), ("SHA-256 of the document", found.sha256)):
            if value:
                self.stdout.write(f"{name}: {show_line(value)}")
        for kind, rows in records.items():
            if kind != HEAD:
                self.stdout.write(f"{kind}: {len(rows)}")

    def _load(self, *, fixture: Path, no_activate: bool, format: str, **_: Any) -> None:
        """A fixture, and what it holds back."""
        try:
            edition, is_new = load_matrix(path=fixture, activate=not no_activate)
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from None
        edition.refresh_from_db()
        if format == "json":
            self._print_json(_edition_data(edition) | {"new": is_new})
        else:
            state = "current edition" if edition.current else "not the current edition"
            self.stdout.write(f"{edition.slug}: {'loaded' if is_new else 'already loaded'}, {state} of its product.")
        self._tell_held_back(edition.product_slug)

    def _activate(self, *, edition: str, format: str, **_: Any) -> None:
        """An edition, and what it holds back."""
        found = _find(edition)
        activate_matrix(matrix=found)
        if format == "json":
            self._print_json(_edition_data(found))
        else:
            self.stdout.write(f"{found.slug} is the current edition of {found.product_slug}.")
        self._tell_held_back(found.product_slug)

    def _diff(self, *, old: str, new: str, format: str, **_: Any) -> None:
        """What differs, and with 3 whether anything does."""
        before, after = (edition_records(_find(slug).pk) for slug in (old, new))
        found = find_differences(before, after)
        if format == "json":
            self._print_json([_difference_data(difference) for difference in found])
        else:
            for difference in found:
                self.stdout.write(describe_difference(difference, old=f"in {old}", new=f"in {new}"))
            if not found:
                self.stdout.write("Nothing differs.")
        if found:
            sys.exit(TOLD)

    def _impact(self, *, edition: str, plans: Sequence[str], format: str, **_: Any) -> None:
        """What changes for plans, and with 3 whether anything does; 1 if a plan file is bad."""
        found = _find(edition)
        after = self._find_matrix(found.slug)
        bad: list[str] = []
        impacts = list(self._weigh(plans, after, bad) if plans else weigh_stored(after))
        if format == "json":
            self._print_json([_impact_data(impact) for impact in impacts])
        else:
            for impact in impacts:
                self.stdout.write(show_line(_say_impact(impact)))
            if not impacts and not bad:
                self.stdout.write("There are no stored plans.")
        if bad:
            raise CommandError("\n".join(map(show_line, bad)))
        if any(impact.differs for impact in impacts):
            sys.exit(TOLD)

    def _find_matrix(self, slug: str) -> Matrix:
        matrix = find_matrix(slug)
        if matrix is None:
            raise NoMatrix(f"There is no edition '{slug}' any more.")
        return matrix

    def _weigh(self, plans: Sequence[str], after: Matrix, bad: list[str]) -> Iterator[Impact]:
        """The impact on each plan file that is one, from the current edition; the faults of others go to `bad`."""
        before = current_matrix(after.product_slug)
        for name in plans:
            try:
                tell = partial(self._tell_carried, name)
                yield weigh_plan(read_plan_file(name, before, tell), name, before, after)
            except PlanError as error:
                bad += [f"{name}: {fault}" for fault in error.faults]
            except Failure as error:
                bad.append(f"{name}: {error}")

    def _tell_carried(self, name: str, carried: Carried) -> None:
        self.stderr.write(show_line(say_read(name, carried)))

    def _export(self, *, edition: str, format: str, **_: Any) -> None:
        """The fixture, which is JSON whatever the format."""
        found = _find(edition)
        write_output(self.stdout, write_fixture(edition_records(found.pk), found.slug).encode())

    # --- amendments --------------------------------------------------------------------------------------------------

    def _amend(self, *, row: str, field: str, value: str, reason: str, product: str, format: str, **_: Any) -> None:
        """Make one."""
        current = PortMatrix.objects.filter(product_slug=product or default_product(), current=True).first()
        if current is None:
            raise NoMatrix(_say_no_product(product))
        facet = find_place(_with_amendments(current), row, field)[2]
        made = make_amendment(
            row=row,
            field=field,
            value=read_value(row, facet, value),
            reason=reason,
            author=AUTHOR,
            product=current.product_slug,
        )
        self._print_amendment(made.pk, made.product, format)

    def _amendments(self, *, product: str, format: str, **_: Any) -> None:
        """All of a product."""
        if product and not PortMatrix.objects.filter(product_slug=product).exists():
            raise NoMatrix(_say_no_product(product))
        found = list_amendments(product)
        if format == "json":
            self._print_json([_amendment_data(judged) for judged in found])
            return
        for judged in found:
            self.stdout.write(_say_judged(judged))
        if not found:
            self.stdout.write("Nothing is amended.")

    def _revert(self, *, number: int, format: str, **_: Any) -> None:
        """Take one back."""
        reverted = revert_amendment(number=number, author=AUTHOR)
        self._print_amendment(reverted.pk, reverted.product, format)

    def _print_amendment(self, number: int, product: str, format: str) -> None:
        (judged,) = (one for one in list_amendments(product) if one.facts.number == number)
        if format == "json":
            self._print_json(_amendment_data(judged))
        else:
            self.stdout.write(_say_judged(judged))

    def _tell_held_back(self, product: str) -> None:
        for sentence in find_held_back(product):
            self.stderr.write(sentence)

    def _print_json(self, data: object) -> None:
        write_output(self.stdout, (json.dumps(data, ensure_ascii=False, indent=2) + "\n").encode())


def _find(slug: str) -> PortMatrix:
    """The edition; CommandError with those that are here when there is none of that slug."""
    found = find_edition(slug)
    if found is None:
        known = ", ".join(edition.slug for edition in list_matrices()) or "none yet; load one by matrix load"
        raise CommandError(f"There is no edition '{show_line(slug)}'; there are {known}.")
    return found


def _with_amendments(edition: PortMatrix) -> Records:
    """The records of an edition as they are amended."""
    return amend(edition_records(edition.pk), find_standing(edition.product_slug))[0]


def _say_no_product(product: str) -> str:
    known = sorted({edition.product_slug for edition in list_matrices()})
    if not known:
        return "No port matrix is loaded; run manage.py load_matrix."
    return f"There is no product '{show_line(product)}'; there are {', '.join(known)}."


def _edition_data(edition: PortMatrix) -> dict[str, Any]:
    return {
        "product": edition.product_slug,
        "edition": edition.slug,
        "digest": edition.digest,
        "current": edition.current,
    }


def _difference_data(difference: Difference) -> dict[str, Any]:
    """A difference; rows in another order are a change of their positions."""
    if difference.change == "moved":
        return asdict(difference) | {"change": "changed", "field": ORDER}
    kind = difference.row.partition("/")[0]
    data = asdict(difference) | {"field": difference.field or None}
    if difference.change != "changed":
        data |= {side: complete(kind, data[side]) for side in ("old", "new") if data[side] is not None}
    return data


def _impact_data(impact: Impact) -> dict[str, Any]:
    names = ("plan", "source", "opened", "closed", "changed")
    told = {name: getattr(impact, name) for name in names}
    return told | {"edition": impact.edition or None, "faults": list(impact.faults)}


def _say_impact(impact: Impact) -> str:
    which = f"{impact.source} ({impact.plan})" + (f", on {impact.edition}" if impact.edition else "")
    if impact.faults:
        return f"{which}: it can't be evaluated under both: {impact.faults[0]}"
    rules = ", ".join(
        (
            f"{many(impact.opened, 'rule', 'rules')} to open",
            f"{impact.closed} to close",
            f"{impact.changed} changed",
        )
    )
    inside = impact.differs and not (impact.opened or impact.closed or impact.changed)
    return f"{which}: {rules}{'; connections within zones differ' if inside else ''}."


def _amendment_data(judged: Judged) -> dict[str, Any]:
    facts = judged.facts
    return {
        "number": facts.number,
        "row": facts.row,
        "field": facts.field or None,
        "old": facts.old,
        "new": facts.new,
        "reason": facts.reason,
        "state": judged.state,
    }


def _say_judged(judged: Judged) -> str:
    facts: Amendment = judged.facts
    why = f": {judged.why}" if judged.why else ""
    return show_line(f"{facts.number}  {judged.state}  {say_place(facts)}: {say_amendment(facts)}{why}")
