"""`manage.py check` reads the ready-made topologies as plans: the matrix itself knows only what fits together."""

from contextlib import suppress
from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.db import DatabaseError

from planner.plan.topologies import find_topology_faults
from ports.matrix import Matrix, MatrixError
from ports.queries import SHIPPED, NoMatrix, current_matrix, shipped_matrix


@register()
def check_topologies(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """One error (planner.E001) for each fault of a topology, of the shipped matrix and of the current one."""
    found = dict.fromkeys((name, fault) for name, matrix in _list_matrices() for fault in find_topology_faults(matrix))
    return [Error(fault, obj=name, id="planner.E001") for name, fault in found]


def _list_matrices() -> list[tuple[str, Matrix]]:
    """The matrices that can be read; what is wrong with others, other checks say."""
    matrices = []
    with suppress(MatrixError, OSError, ValueError):
        matrices.append((SHIPPED.name, shipped_matrix()))
    with suppress(MatrixError, NoMatrix, DatabaseError):
        current = current_matrix()
        matrices.append((current.edition, current))
    return matrices
