"""How Hypothesis draws in a usual run: each example for itself, and out of nothing but the test."""

from hypothesis import settings
from hypothesis.internal.conjecture import providers

NAME = "apart"
_NONE = providers.Constants()
_read_constants = providers._get_local_constants


class Apart(providers.HypothesisProvider):
    """Draws each example anew.

    By itself, Hypothesis makes five of six examples out of the one before, with a part of it twice: a hundred of them
    were some twenty that have little to do with each other, and took twice as long to draw. What fails is made small
    as ever.
    """


def _find_constants() -> providers.Constants:
    return _NONE if settings().backend == NAME else _read_constants()


def let_draw_apart() -> None:
    """Have Hypothesis know the way to draw by its name, and then draw nothing that stands in the code.

    It would look through all modules that are imported for texts and numbers, which takes each process two seconds,
    and then examples depend on what else was collected, and on each text of the code.
    """
    providers.AVAILABLE_PROVIDERS[NAME] = f"{__name__}.{Apart.__name__}"
    providers._get_local_constants = _find_constants
