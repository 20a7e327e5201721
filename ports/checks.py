"""`manage.py check` reads the shipped matrix and the active one, and names every fault of them."""

from typing import Any

from django.core.checks import CheckMessage, Error, Warning, register
from django.db import DatabaseError

from ports.matrix import find_faults
from ports.models import PortMatrix
from ports.queries import SHIPPED, current_records, find_held_back, read_fixture

HELD_BACK = "Plans are evaluated against what is there. `manage.py load_matrix --force` loads the shipped one over it."


@register()
def check_matrices(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """One error for each fault of the shipped fixture (ports.E001) and of the rows in the database (ports.E002).

    A warning (ports.W001) where the shipped fixture is held back, as loading it would lose edits of staff.
    """
    try:
        messages: list[CheckMessage] = [
            Error(fault, obj=SHIPPED.name, id="ports.E001") for fault in find_faults(read_fixture(SHIPPED))
        ]
    except (OSError, ValueError) as error:
        messages = [Error(str(error), obj=SHIPPED.name, id="ports.E001")]
    messages += [Error(fault, obj="active matrix", id="ports.E002") for fault in _find_row_faults()]
    edits = _find_held_back()
    if edits:
        told = "\n".join(["The shipped matrix is newer than the loaded one and is held back for these edits:", *edits])
        messages.append(Warning(told, hint=HELD_BACK, obj=SHIPPED.name, id="ports.W001"))
    return messages


def _find_row_faults() -> list[str]:
    try:
        active = PortMatrix.objects.filter(active=True).values_list("pk", flat=True).first()
        return find_faults(current_records(active)) if active is not None else []
    except DatabaseError:
        return []  # not migrated yet, or out of reach: other checks say so


def _find_held_back() -> tuple[str, ...]:
    try:
        return find_held_back()
    except DatabaseError:
        return ()
