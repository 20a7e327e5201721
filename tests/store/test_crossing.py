"""All rows from PostgreSQL to a file of SQLite and back: every kind of row, every field, no number given twice.

For `make postgres`, which runs the tests of what is stored on PostgreSQL.
"""

import sqlite3
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection, models
from django.db.models.fields.related import ForeignKey

from planner.store.backup import DATABASE, BadBackup
from planner.store.crossing import _list_models, dump_rows, has_rows, load_rows
from planner.store.models import Attempt, Plan

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor == "sqlite", reason="carries rows from and to PostgreSQL"),
]
LONG_AGO = datetime(2020, 2, 29, 12, 30, 15, 123456, tzinfo=UTC)
VALUES = {
    models.BooleanField: True,
    models.CharField: "ü’x",
    models.TextField: "first\nsecond ☂",
    models.DateTimeField: LONG_AGO,
    models.DateField: date(2020, 2, 29),
    models.DurationField: timedelta(seconds=7),
    models.DecimalField: Decimal(7),
    models.FloatField: 7.5,
    models.JSONField: {"b": [1, None, "ü"], "a": {"deep": 7.5}},
    models.UUIDField: uuid.UUID(int=7),
    models.BinaryField: b"\x00\xff",
    models.IntegerField: 7,
}


def value_of(field):
    if isinstance(field, ForeignKey):
        return make(field.related_model).pk
    if field.choices:
        return field.flatchoices[0][0]
    for kind, value in VALUES.items():
        if isinstance(field, kind):
            most = getattr(field, "max_length", None)
            return value[:most] if isinstance(value, str) else value
    raise AssertionError(f"no value for {field}")


def make(model):
    """The first row of a kind, made if there is none; each field has a value that isn't its default's."""
    found = model._base_manager.order_by("pk").first()
    if found is not None:
        return found
    row = model()
    for field in model._meta.concrete_fields:
        if not isinstance(field, models.AutoField | models.BigAutoField):
            setattr(row, field.attname, value_of(field))
    if model._meta.label in ("planner.Hold", "planner.ApiToken"):
        row.browser = ""  # of an account, or of a browser
    row.save_base(raw=True, force_insert=True)
    return row


def everything():
    return {model._meta.label: list(model._base_manager.order_by("pk").values()) for model in _list_models()}


def test_every_kind_of_row_goes_to_a_file_and_comes_back_as_it_was(tmp_path):
    for model in _list_models():
        make(model)
    before = everything()
    assert all(before.values())
    assert has_rows()
    dump_rows(tmp_path / DATABASE)
    Plan.objects.update(name="another", updated=datetime.now(UTC))
    Attempt.objects.all().delete()
    load_rows(tmp_path / DATABASE)
    assert everything() == before


def test_a_number_that_was_given_is_never_given_again(tmp_path):
    last = [Attempt.objects.create(subject="a", mark=str(number)).pk for number in range(3)][-1]
    Attempt.objects.all().delete()
    dump_rows(tmp_path / DATABASE)
    load_rows(tmp_path / DATABASE)
    assert Attempt.objects.create(subject="a", mark="b").pk > last


def test_what_postgresql_cant_keep_changes_nothing(tmp_path):
    Attempt.objects.create(subject="a", mark="kept")
    dump_rows(tmp_path / DATABASE)
    file = sqlite3.connect(tmp_path / DATABASE)
    file.execute("UPDATE planner_attempt SET mark = 'a' || char(0) || 'b'")
    file.commit()
    file.close()
    with pytest.raises(BadBackup, match=r"^The rows can't be carried over: .+\.$"):
        load_rows(tmp_path / DATABASE)
    assert Attempt.objects.get().mark == "kept"
