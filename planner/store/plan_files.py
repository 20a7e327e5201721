"""What commands work on without a stored plan: the plan in a file, and the matrix that it is read under."""

import os
from pathlib import Path

from django.db import DatabaseError, connection

from planner.plan.document import Plan, read_plan
from planner.plan.syntax import MAX_BYTES, guess_syntax
from planner.report.files import Failure, explain
from ports.matrix import Matrix, MatrixError
from ports.queries import NoMatrix, current_matrix, shipped_matrix


class NoUsableMatrix(RuntimeError):
    """The database is there, but its matrix can't be had. The message is a sentence."""


def read_plan_file(name: str, matrix: Matrix) -> Plan:
    """Read and check a plan. Raises PlanError with its faults, and Failure when the file can't be read."""
    try:
        with Path(name).open("rb") as file:
            # One byte more than is allowed tells a file that is too large, without reading all of it.
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise Failure(f"The file can't be read: {explain(error)}.") from None
    if len(data) > MAX_BYTES:
        raise Failure(f"The file has more than {MAX_BYTES // 2**20} MiB, which is the most that is read.")
    return read_plan(data, matrix=matrix, syntax=guess_syntax(name, data))


def find_matrix() -> Matrix:
    """The active matrix of the database when there is a database that has one, else the matrix that is shipped.

    Never makes a database. Raises NoUsableMatrix when the database can't be read or its rows are no matrix: a report
    under another matrix than the one that staff edited would be wrong and look right.
    """
    if not _has_database():
        return shipped_matrix()
    name = connection.settings_dict["NAME"]
    try:
        if "ports_portmatrix" not in connection.introspection.table_names():
            return shipped_matrix()
        return current_matrix()
    except NoMatrix:
        return shipped_matrix()
    except MatrixError as error:
        raise NoUsableMatrix(f"The active port matrix in the database {name} has faults: {error.faults[0]}") from None
    except DatabaseError as error:
        raise NoUsableMatrix(f"The database {name} can't be read: {error}.") from None


def _has_database() -> bool:
    """SQLite makes the file on the first connection, so look before connecting."""
    if connection.vendor != "sqlite":
        return True
    name = str(connection.settings_dict["NAME"])
    return name == ":memory:" or "mode=memory" in name or os.path.exists(name)  # noqa: PTH110
