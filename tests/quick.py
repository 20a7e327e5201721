"""What tests do faster than the service does, to the same end. The service itself is tried in tests/sharing."""

from contextlib import ExitStack, contextmanager
from typing import ClassVar
from unittest import mock

from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core.management.color import no_style
from django.db import connection, connections, transaction
from django.template.base import PartialTemplate, Template
from django.test.signals import template_rendered
from django.test.utils import instrumented_test_render
from whitenoise.middleware import WhiteNoiseMiddleware


class QuickArgon2(Argon2PasswordHasher):
    """The same hash with the least work: every test makes its passwords and passphrases anew."""

    time_cost, memory_cost, parallelism = 1, 8, 1


class ScannedOnce(WhiteNoiseMiddleware):
    """Looks through the static files once in a process, and not for every browser that a test makes."""

    found: ClassVar = {}

    def update_files_dictionary(self, root, prefix):
        if (root, prefix) not in self.found:
            super().update_files_dictionary(root, prefix)
            self.found[root, prefix] = dict(self.files)
        self.files |= self.found[root, prefix]


RENDERS = {kind: kind._render for kind in (Template, PartialTemplate)}
"""How templates and their partials are rendered in service. For tests Django keeps a copy of what each was given: more
than a tenth of what a page takes, and none of ours looks at it."""


@contextmanager
def render_by(renders):
    """Have templates of each kind rendered by another method until the block ends."""
    with ExitStack() as stack:
        for kind, render in renders.items():
            stack.enter_context(mock.patch.object(kind, "_render", render))
        yield


@contextmanager
def note_templates(note):
    """Have a function told of each template that is rendered meanwhile (`django.test.signals.template_rendered`)."""
    with render_by(dict.fromkeys(RENDERS, instrumented_test_render)):
        template_rendered.connect(note)
        try:
            yield
        finally:
            template_rendered.disconnect(note)


OF_MODELS = {"django_content_type", "auth_permission"}
"""What `migrate` writes for each model, and no test: nobody changes it, and it takes longest to write."""


def empty_tables(test):
    """What Django does after a test with transactions, without writing what is said of models anew."""
    for name in test._databases_names(include_mirrors=False):
        connection = connections[name]
        tables = set(connection.introspection.django_table_names(only_existing=True, include_views=False)) - OF_MODELS
        statements = connection.ops.sql_flush(no_style(), sorted(tables), reset_sequences=False, allow_cascade=False)
        connection.ops.execute_sql_flush(statements)


_number: list[int] = []
"""Of the shipped matrix as it was stored first."""
_rows: list[tuple[str, list[tuple[object, ...]]]] = []
"""Its rows as the database gave them: the statement that writes those of a table, and what it writes."""


def load_shipped():
    """The shipped matrix in an empty database, as `load_matrix` stores it; from the second time on the same rows.

    Their numbers and their stamp come again, too, so what the process has read of the matrix is true and stays.
    """
    # The settings import this module, before there are models.
    from ports.actions import load_matrix
    from ports.models import ROWS, PortMatrix
    from ports.queries import SHIPPED

    if not _rows or PortMatrix.objects.exists():
        edition, is_new = load_matrix(path=SHIPPED)
        if is_new and not _rows:
            _number.append(edition.pk)
            _rows.append(_read_rows(PortMatrix, "id", edition))
            _rows.extend(_read_rows(model, "matrix_id", edition) for model in ROWS)
        return edition
    with transaction.atomic(), connection.cursor() as cursor:
        for statement, rows in _rows:
            cursor.executemany(statement, rows)
    return PortMatrix.objects.get(pk=_number[0])


def _read_rows(model, column, edition):
    """What writes the rows of a matrix in a table: ten times as quick as models are made and stored."""
    quote = connection.ops.quote_name
    table, names = quote(model._meta.db_table), [quote(field.column) for field in model._meta.concrete_fields]
    columns, places = ", ".join(names), ", ".join(["%s"] * len(names))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM {table} WHERE {quote(column)} = %s ORDER BY id", [edition.pk])
        return f"INSERT INTO {table} ({columns}) VALUES ({places})", cursor.fetchall()
