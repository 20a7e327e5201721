"""Acts that count for more than others: whoever is logged in gives the password again before them.

`planner.web.password_again` asks; this says of what, on the lowest floor, where every view can say it of itself.
"""

from collections.abc import Callable
from typing import Any


def sensitive[View: Callable[..., Any]](view: View) -> View:
    """Mark a view: what is posted to it asks for the password, unless it was given lately."""
    view.sensitive = True  # type: ignore[attr-defined]  # decorators around it hand it on
    return view
