"""Tables that one test goes through, row by row.

A case of `pytest.mark.parametrize` takes milliseconds beside what it does: every worker collects it, its fixtures are
looked for, and it is told of. Hundreds of them that take a millisecond each are rows of a table here.
"""

from functools import wraps
from inspect import signature
from types import SimpleNamespace

import pytest

run = SimpleNamespace(is_quick=False)
"""Whether this run is under `--quick`, as `conftest.py` says."""
FEW = 2
"""Cases of one test that `--quick` tries all of."""
EVERY = 9
"""Of more of them `--quick` tries the first and each that comes so many later."""


def thin(cases):
    """The cases that `--quick` tries."""
    return cases if len(cases) <= FEW else cases[::EVERY]


def each(names, values):
    """Have a test tried with each value, or with each tuple of values where there are several names.

    It stands where `pytest.mark.parametrize` would, above or below others of its kind: then each value comes with
    each of theirs. A row that fails keeps no other from being tried, and all that fail are named. What fixtures make
    is the same for all rows.
    """
    names = names if isinstance(names, tuple) else (names,)
    rows = [dict(zip(names, value if len(names) > 1 else (value,), strict=True)) for value in values]

    def spread(test):
        bare, others = getattr(test, "table", (test, [{}]))
        table = [row | other for row in rows for other in others]

        @wraps(bare)
        def try_each(**fixtures):
            failed = {}
            for row in thin(table) if run.is_quick else table:
                try:
                    bare(**fixtures, **row)
                except (Exception, pytest.fail.Exception) as error:
                    failed[", ".join(f"{name}={ascii(value)[:80]}" for name, value in row.items())] = error
            if failed:
                raise BaseExceptionGroup("; ".join(failed), list(failed.values()))

        needed = signature(bare)
        kept = [one for name, one in needed.parameters.items() if not any(name in row for row in table)]
        try_each.__signature__ = needed.replace(parameters=kept)
        try_each.table = bare, table
        return try_each

    return spread
