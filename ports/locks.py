"""One at a time, across all processes and machines, where no row stands for what is decided."""

from django.db import connection


def one_at_a_time(what: str) -> None:
    """Until this transaction ends, whoever else asks for the same has to wait; call it first thing in one.

    On SQLite a transaction that may write is alone already (IMMEDIATE). On PostgreSQL it is an advisory lock, of 64
    bits of a hash: two things that share one wait for each other for nothing, and that is all.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [what])
