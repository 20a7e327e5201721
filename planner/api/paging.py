"""Pages that stay as they are under writes: each begins after a row, whatever has come before it since."""

from django.core import signing
from django.http import HttpRequest

from planner.api.problems import refuse
from planner.plan.faults import Fault, shown

USUAL, MOST = 50, 200
"""How many items a page has, and at most."""
_SALT = "planner.api.page"


def read_place(request: HttpRequest) -> tuple[int, int | None]:
    """How many items are asked for, and after which row; None for the first page. Raises Problem."""
    limit, after = int(request.GET.get("limit", USUAL)), request.GET.get("after")
    if after is None:
        return limit, None
    try:
        return limit, int(signing.loads(after, salt=_SALT))
    except (signing.BadSignature, ValueError, TypeError):
        sentence = f"This is what an answer said under `next`, found {shown(after)}."
        raise refuse([Fault("query.after", sentence, "parameter")], "The address asks for what isn't there.") from None


def write_next(number: int) -> str:
    """What leads to the page after this row. It tells nobody how many rows there are."""
    return signing.dumps(number, salt=_SALT)
