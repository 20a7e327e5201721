"""`manage.py check` reads the shipped matrix and the active one, and names every fault of them."""

from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.db import DatabaseError

from ports.matrix import find_faults
from ports.models import PortMatrix
from ports.queries import SHIPPED, current_records, read_fixture


@register()
def check_matrices(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """One error for each fault of the shipped fixture (ports.E001) and of the rows in the database (ports.E002)."""
    try:
        messages: list[CheckMessage] = [
            Error(fault, obj=SHIPPED.name, id="ports.E001") for fault in find_faults(read_fixture(SHIPPED))
        ]
    except (OSError, ValueError) as error:
        messages = [Error(str(error), obj=SHIPPED.name, id="ports.E001")]
    return messages + [Error(fault, obj="active matrix", id="ports.E002") for fault in _find_row_faults()]


def _find_row_faults() -> list[str]:
    try:
        active = PortMatrix.objects.filter(active=True).values_list("pk", flat=True).first()
        return find_faults(current_records(active)) if active is not None else []
    except DatabaseError:
        return []  # not migrated yet, or out of reach: other checks say so
