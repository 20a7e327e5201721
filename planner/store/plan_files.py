"""What commands work on without a stored plan: the plan in a file, and the matrix that it is read under.

Where there is no database nothing of one is loaded: no table's model, no engine. To load them takes longer than to
evaluate most plans.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections

from planner.plan import limits
from planner.plan.carry import Carried
from planner.plan.document import FindStored, Plan, Tell, find_nothing, read_plan, read_plan_of, tell_nobody
from planner.plan.syntax import MAX_BYTES, Syntax, guess_syntax
from planner.report.files import Failure, explain
from planner.store.plan_in_pdf import NoPlanInside, is_pdf, take_plan
from ports.matrix import Matrix, MatrixError
from ports.shipped import shipped_matrix

MATRICES = "ports"
"""The app whose tables have the matrices: all that a command about files reads of a database."""


class NoUsableMatrix(RuntimeError):
    """The database is there, but its matrix can't be had. The message is a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A plan document as it was found."""

    data: bytes
    syntax: Syntax
    is_inside: bool
    """Whether it was taken out of another file, so that its lines are none of that."""


def read_plan_file(name: str, matrix: Matrix, tell: Tell = tell_nobody) -> Plan:
    """Read and check a plan, or the one that a PDF of a report carries along.

    Raises PlanError with its faults, and Failure when the file can't be read.

    `tell` is told each name that is another one in the matrix.
    """
    source = read_file(name)
    return read_plan(source.data, matrix=matrix, syntax=source.syntax, tell=tell)


def say_read(name: str, carried: Carried) -> str:
    """The sentence about a name in a plan file that is another one in the matrix."""
    return f"{name}: renamed since it was written, and read so: {carried}"


def read_with_matrix(name: str, matrix: Matrix, *, fixed: bool, tell: Tell = tell_nobody) -> tuple[Plan, Matrix]:
    """Read a plan under the current matrix of the product that it names, and that matrix; else under the one given.

    `fixed`: under the one given whatever it names. Tells and raises as `read_plan_file` does.
    """
    return read_source(read_file(name), matrix, fixed=fixed, tell=tell)


def read_source(
    source: Source,
    matrix: Matrix,
    *,
    fixed: bool,
    tell: Tell = tell_nobody,
    find_stored: FindStored = find_nothing,
) -> tuple[Plan, Matrix]:
    """`read_with_matrix` of a file that was read already; `find_stored` as `read_plan_of` has it."""
    here = not fixed and has_tables()

    def choose(product: object) -> Matrix:
        if not here:
            return matrix
        from planner.store.products import matrix_for  # noqa: PLC0415 - tables are loaded where there is a database

        return matrix_for(product, matrix)

    try:
        return read_plan_of(
            source.data, choose, otherwise=matrix, syntax=source.syntax, tell=tell, find_stored=find_stored
        )
    except MatrixError as error:
        raise Failure(f"The port matrix of its product has faults: {error.faults[0]}") from None


def read_file(name: str) -> Source:
    """The plan document in a file, unread: that file, or the one that a PDF of a report carries. Raises Failure."""
    try:
        with Path(name).open("rb") as file:
            # One byte more than is allowed tells a file that is too large, without reading all of it.
            data = file.read(MAX_BYTES + 1)
            if is_pdf(data):
                data += file.read(limits.PAPER - MAX_BYTES)
    except OSError as error:
        raise Failure(f"The file can't be read: {explain(error)}.") from None
    inside = is_pdf(data)
    if inside:
        try:
            data = take_plan(data)
        except NoPlanInside as error:
            raise Failure(str(error)) from None
    if len(data) > MAX_BYTES:
        raise Failure(f"The file has more than {MAX_BYTES // 2**20} MiB, which is the most that is read.")
    return Source(data=data, syntax=guess_syntax(name, data), is_inside=inside)


class NoSuchEdition(NoUsableMatrix):
    """There is no edition of that name. The message is a sentence."""


def find_matrix(edition: str = "") -> Matrix:
    """The current edition in the database with its amendments, or another edition with those that fit it.

    The matrix that is shipped where there is no database, or none that has a matrix. Never makes a database. Raises
    NoUsableMatrix when the database can't be read or its rows are no matrix, as a report under another matrix than
    the one that is amended there would be wrong and look right; and NoSuchEdition.
    """
    if not has_tables():
        return _take_shipped(edition)
    from ports.queries import NoMatrix, current_matrix  # noqa: PLC0415 - tables are loaded where there is a database
    from ports.queries import find_matrix as find_edition  # noqa: PLC0415

    try:
        if edition:
            found = find_edition(edition)
            return found if found is not None else _take_shipped(edition)
        return current_matrix()
    except NoMatrix:
        return shipped_matrix()
    except MatrixError as error:
        name = connection.settings_dict["NAME"]
        raise NoUsableMatrix(f"The port matrix in the database {name} has faults: {error.faults[0]}") from None
    except DatabaseError as error:
        raise _unreadable(error) from None


def has_tables() -> bool:
    """Whether there is a database with editions in it. Raises NoUsableMatrix when it can't be read."""
    if not _has_database():
        return False
    if not apps.ready:  # in a command that began without any app
        apps.populate([MATRICES])
    try:
        return "ports_portmatrix" in connection.introspection.table_names()
    except DatabaseError as error:
        raise _unreadable(error) from None


def _unreadable(error: DatabaseError) -> NoUsableMatrix:
    return NoUsableMatrix(f"The database {connection.settings_dict['NAME']} can't be read: {error}.")


def _take_shipped(edition: str) -> Matrix:
    """The shipped matrix, if it is the one that is asked for, or none is asked for."""
    matrix = shipped_matrix()
    if edition not in ("", matrix.edition):
        known = _list_editions() if has_tables() else []
        raise NoSuchEdition(f"There is no edition '{edition}'; there are {', '.join(known or [matrix.edition])}.")
    return matrix


def _list_editions() -> list[str]:
    from ports.queries import list_matrices  # noqa: PLC0415 - tables are loaded where there is a database

    return [row.slug for row in list_matrices()]


def _has_database() -> bool:
    """Whether there is one, told without its engine. SQLite makes the file on the first connection, so look before."""
    chosen = connections.settings[DEFAULT_DB_ALIAS]
    if "sqlite" not in chosen["ENGINE"]:
        return True
    name = str(chosen["NAME"])
    return name == ":memory:" or "mode=memory" in name or os.path.exists(name)  # noqa: PTH110
