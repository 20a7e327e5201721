"""The database itself keeps the log: no entry is changed, and none is removed within 30 days.

SQLite forgets triggers when a migration makes the table anew. Whatever changes `Event` later has to run `guard` again;
a test looks for them in a database that all migrations have made.
"""

from django.db import migrations

SQLITE = (
    """
    CREATE TRIGGER planner_event_stays BEFORE DELETE ON planner_event
    WHEN OLD.at > strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now', '-30 days')
    BEGIN SELECT RAISE(ABORT, 'entries of the log stay for 30 days'); END
    """,
    """
    CREATE TRIGGER planner_event_unchanged BEFORE UPDATE ON planner_event
    BEGIN SELECT RAISE(ABORT, 'entries of the log are not changed'); END
    """,
)
POSTGRESQL = (
    """
    CREATE FUNCTION planner_event_guard() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'UPDATE' THEN RAISE EXCEPTION 'entries of the log are not changed'; END IF;
        IF OLD.at > now() - interval '30 days' THEN RAISE EXCEPTION 'entries of the log stay for 30 days'; END IF;
        RETURN OLD;
    END $$
    """,
    """
    CREATE TRIGGER planner_event_guard BEFORE UPDATE OR DELETE ON planner_event
    FOR EACH ROW EXECUTE FUNCTION planner_event_guard()
    """,
)
NO_SQLITE = ("DROP TRIGGER IF EXISTS planner_event_stays", "DROP TRIGGER IF EXISTS planner_event_unchanged")
NO_POSTGRESQL = (
    "DROP TRIGGER IF EXISTS planner_event_guard ON planner_event",
    "DROP FUNCTION IF EXISTS planner_event_guard()",
)


def _run(connection, statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, [])


def guard(apps, schema_editor):
    connection = schema_editor.connection
    _run(connection, SQLITE if connection.vendor == "sqlite" else [one.replace("%%", "%") for one in POSTGRESQL])


def lift(apps, schema_editor):
    connection = schema_editor.connection
    _run(connection, NO_SQLITE if connection.vendor == "sqlite" else NO_POSTGRESQL)


class Migration(migrations.Migration):
    dependencies = [("planner", "0020_differences")]
    operations = [migrations.RunPython(guard, lift)]
