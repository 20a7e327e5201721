"""Large values in tables of cases: the table has how one is made, and the test makes it.

Else each process that collects makes all of them, and has them until it ends.
"""


def made(value):
    """A value of a table: what it makes when it is a function, else itself."""
    return value() if callable(value) else value
