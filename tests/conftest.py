"""What all tests share: property tests try the same examples on every run, and no clock decides whether one passes."""

import gc
import os
import shutil
import sqlite3
import subprocess
import sys
from collections import defaultdict
from contextlib import closing, nullcontext, suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test import Client, TransactionTestCase
from hypothesis import HealthCheck, settings

from planner.deploy.frames import call_with_room
from tests import between, chance
from tests.each import run, thin
from tests.quick import RENDERS, empty_tables, render_by
from tests.running import look_less, need_less, tell_less
from tests.settings import DATA

chance.let_draw_apart()
settings.register_profile(
    "ci",
    max_examples=100,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
    backend=chance.NAME,
)
settings.register_profile(
    "long", settings.get_profile("ci"), derandomize=False, max_examples=1000, backend="hypothesis"
)
settings.register_profile("quick", settings.get_profile("ci"), max_examples=25)
settings.load_profile("ci")  # `pytest --hypothesis-profile long` looks further, elsewhere each time
ROOT = Path(__file__).resolve().parents[1]


def pytest_addoption(parser):
    parser.addoption("--quick", action="store_true", help="a part of the examples and cases of each test")
    parser.addoption("--late", action="store_true", help="in browsers, each page comes late and in two parts")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config):
    """Run everything with room for its calls, as each request of the service is answered: a quarter of a page's time.

    What is nested as deep as pytest and Django are comes by the end of a piece of memory for frames all the time.
    """
    others = config.pluginmanager.subset_hook_caller("pytest_cmdline_main", remove_plugins=[sys.modules[__name__]])
    return call_with_room(partial(others, config=config))


def pytest_configure(config):
    """Collect the static files, before there are workers and before a test asks for one."""
    if config.getoption("quick"):
        settings.load_profile("quick")
        run.is_quick = True
    look_less()
    if hasattr(config, "workerinput"):
        if "workercount" in config.workerinput:  # `make mutate` has one process, which tells nobody
            tell_less(config)
    else:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
        environment = os.environ | {"PATH": path, "PLANNER_DATA": str(DATA)}
        subprocess.run([ROOT / "scripts" / "static.sh"], env=environment, check=True)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Under `--quick`, leave most cases of long tables of cases out: the same ones each time, and no test whole."""
    if not config.getoption("quick"):
        return
    cases = defaultdict(list)
    for item in items:
        cases[item.nodeid.partition("[")[0]].append(item)
    kept = {item for found in cases.values() for item in thin(found)}
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    items[:] = [item for item in items if item in kept]


def pytest_collection(session):
    """What is made while tests are collected stays: looking through it again and again for garbage finds none."""
    gc.disable()
    if "workercount" in getattr(session.config, "workerinput", ()):  # `make mutate` has one process, which is alone
        import_share(session.config)


def import_share(config):
    """Import first what no other worker does, so that in a fresh clone each module is compiled by one of them.

    Workers start together and collect the same: each would rewrite the assertions of all, which takes three times as
    long as all else that is done before the first test.
    """
    number, workers = int(config.workerinput["workerid"].removeprefix("gw")), config.workerinput["workercount"]
    here = config.invocation_params.dir
    ignored = [(here / name).resolve() for name in config.getoption("ignore") or ()]
    folders = [found for name in config.args if (found := here / name).is_dir()]
    files = sorted({file.resolve() for folder in folders for file in folder.rglob("test_*.py")})
    for file in files[number::workers]:
        if file.is_relative_to(ROOT) and not any(map(file.is_relative_to, ignored)):
            # One that can't be imported, or not here, is told of when it is collected.
            with suppress(Exception, pytest.skip.Exception):
                import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))


def pytest_collection_finish(session):
    """Never look for garbage among the tests themselves, which are many objects, all of them in use.

    What tests keep for one another grows, and to look through all of it took a twelfth of the time of tests with pages
    and reports; so that is done at a tenth of the usual times. New objects are looked at as often as usual: more
    of them at once take longer than they did one after the other. What nobody has any more of what they were collected
    into, a seventh, stays as well: to find it takes each worker a second, and its memory doesn't shrink by that.
    """
    need_less(session.items)
    gc.freeze()
    gc.set_threshold(*gc.get_threshold()[:2], 100)
    gc.enable()
    if connection.vendor != "sqlite":
        # Programs that tests start have a folder of their own, and a file in it. This is where the tests run: the
        # process that hands them out has collected none, and its workers must know the server.
        os.environ.pop("DATABASE_URL", None)


@pytest.fixture(scope="session", autouse=True)
def _quickly_emptied():
    """Tests that need transactions of their own, such as those in browsers, leave an empty database soon."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty_tables)
        yield


@pytest.fixture(scope="session", autouse=True)
def _plainly_rendered(django_test_environment):
    """Pages of tests are rendered as in service, without a copy of what each partial was given."""
    with render_by(RENDERS):
        yield


@pytest.fixture(scope="session", autouse=True)
def _young_garbage_alone(django_test_environment):
    """After a large request only what is new is looked through for garbage, as all that tests keep takes a third of a
    second. `sharing/test_memory.py` tries with a service of its own what its memory has room for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("planner.web.middleware.gc", SimpleNamespace(collect=partial(gc.collect, 1)))
        yield


@pytest.fixture
def client():
    """A browser that holds the plans that `tests.web.views.pages.store` makes."""
    from tests.web.views.pages import know

    return know(Client())


@pytest.fixture(scope="session")
def migrated():
    """A copy of the database that the first process of this run migrated, if it has; on PostgreSQL there is none."""
    run = between.name_run()
    return between.FOLDER / f"{run}.sqlite3" if run and connection.vendor == "sqlite" else None


@pytest.fixture(scope="session")
def django_db_keepdb(migrated):
    """Whether there is nothing to migrate."""
    return bool(migrated and migrated.exists())


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory, migrated, django_db_keepdb):
    """A database in a file, as in production: one in memory is one connection for all threads of the live server.

    On PostgreSQL (DATABASE_URL) each process that runs tests has one of its own.
    """
    if connection.vendor == "sqlite":
        name = str(tmp_path_factory.mktemp("database") / "test.sqlite3")
        if django_db_keepdb:
            shutil.copyfile(migrated, name)
    else:
        name = f"test_{connection.settings_dict['NAME']}_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
    connection.settings_dict["TEST"]["NAME"] = name


@pytest.fixture(scope="session")
def django_db_setup(request, migrated, django_db_blocker):
    """Without what keeps the log (planner/migrations/0021): between tests it is emptied. `guarded` has it back.

    To migrate an empty database takes seconds, so that one process of a run does, and the others wait.
    """
    migration = import_module("planner.migrations.0021_log_only_grows")
    with between.one_at_a_time("migrating") if migrated else nullcontext(), django_db_blocker.unblock():
        request.getfixturevalue("django_db_setup")  # as pytest-django has it
        assert_guarded()
        if migrated and not migrated.exists():
            begun = migrated.with_suffix(".begun")
            begun.unlink(missing_ok=True)  # of a process that failed over it
            with closing(sqlite3.connect(begun)) as target:
                connection.connection.backup(target)
            begun.rename(migrated)
        migration.lift(None, SimpleNamespace(connection=connection))
    yield
    with django_db_blocker.unblock():
        connection.close()


def assert_guarded():
    """That all migrations together leave what keeps the log."""
    found = {
        "sqlite": "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'planner_event'",
        "postgresql": "SELECT 1 + count(*) FROM pg_trigger WHERE tgname = 'planner_event_guard'",
    }
    with connection.cursor() as cursor:
        cursor.execute(found[connection.vendor])
        assert cursor.fetchone() == (2,), "a migration has made the table of the log anew, without its triggers"


@pytest.fixture
def guarded(db):
    """The log as it is kept in service: the database refuses to change it."""
    migration = import_module("planner.migrations.0021_log_only_grows")
    migration.guard(None, SimpleNamespace(connection=connection))


@pytest.fixture
def server(request):
    """For tests without a database: on PostgreSQL there is one nevertheless, and it is an empty one."""
    if connection.vendor != "sqlite":
        request.getfixturevalue("db")
