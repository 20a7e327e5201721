"""`manage.py check` reads the shipped matrix and the current ones, and names every fault of them."""

from typing import Any

from django.core.checks import CheckMessage, Error, Warning, register
from django.db import DatabaseError

from ports.matrix import find_faults
from ports.models import PortMatrix
from ports.queries import SHIPPED, edition_records, find_held_back, read_fixture

HELD_BACK = (
    "Look at them on /matrix/ or by `manage.py matrix amendments`; revert those that are done with for all plans, "
    "for those on earlier editions too, which still have them."
)


@register()
def check_matrices(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """One error for each fault of the shipped fixture (ports.E001) and of the rows in the database (ports.E002).

    A warning (ports.W001) for each amendment that a current edition doesn't fit.
    """
    try:
        messages: list[CheckMessage] = [
            Error(fault, obj=SHIPPED.name, id="ports.E001") for fault in find_faults(read_fixture(SHIPPED))
        ]
    except (OSError, ValueError) as error:
        messages = [Error(str(error), obj=SHIPPED.name, id="ports.E001")]
    messages += [Error(fault, obj=slug, id="ports.E002") for slug, fault in _find_row_faults()]
    messages += [Warning(told, hint=HELD_BACK, obj="amendments", id="ports.W001") for told in _find_held_back()]
    return messages


def _find_row_faults() -> list[tuple[str, str]]:
    try:
        current = PortMatrix.objects.filter(current=True).order_by("pk").values_list("pk", "slug")
        return [(slug, fault) for pk, slug in current for fault in find_faults(edition_records(pk))]
    except DatabaseError:
        return []  # not migrated yet, or out of reach: other checks say so


def _find_held_back() -> tuple[str, ...]:
    try:
        return find_held_back()
    except DatabaseError:
        return ()
