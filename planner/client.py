"""`port-planner`: what works on plan files, and the service with what looks after it, as one command.

Each verb is the command of `manage.py` with that name, without the options that Django gives to all of its own. Exit
statuses are the same.
"""

import argparse
import os
import secrets
import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured

from planner.deploy.commands import FILE_VERBS, begin_with_files, run_command, works_on_files
from planner.deploy.place import IS_INSTALLED, SITE

if TYPE_CHECKING:
    from django.core.management.base import BaseCommand

_UPKEEP = {
    "createsuperuser": "django.contrib.auth", "check": "django.core", "load_matrix": "ports",
    **dict.fromkeys(("backup", "restore", "export_plans", "import_plans", "tidy", "work"), "planner"),
}  # fmt: skip
"""What looks after a service, and the application whose command it is."""
VERBS = (*FILE_VERBS, "matrix", "push", "pull", *_UPKEEP)
"""The commands that work on files; `matrix`, `push` and `pull` on what is stored, too; and those of a service."""
SERVE = "serve"
_NAME = "port-planner"
_DJANGOS = ("version", "settings", "pythonpath", "traceback", "no_color", "force_color", "skip_checks", "verbosity")
"""What Django has every command take, and nobody needs here."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the verb that the arguments name, those of the process if there are none. Leaves with its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    verb = _choose(given[:1])
    _prepare(verb)
    try:
        run_command(lambda: _run(verb, given))
    except ImproperlyConfigured as error:
        sys.exit(f"{error}")
    except Exception as error:
        from planner.store.trouble import say_trouble  # noqa: PLC0415 - needs settings, which may be what is wrong

        if not (said := say_trouble(error)):
            raise
        sys.exit(said)


def _run(verb: str, given: list[str]) -> None:
    if works_on_files(given):
        begin_with_files()
    else:
        import django  # noqa: PLC0415 - reads the settings, which must not happen before --help is answered

        django.setup()
    if verb == SERVE:
        _serve(given[1:])
    else:
        _find(verb).run_from_argv([_NAME, *given])


def _choose(first: list[str]) -> str:
    """The verb, if there is one of that name; leaves with status 2 otherwise, and with 0 for help."""
    parser = argparse.ArgumentParser(
        prog=_NAME,
        usage=f"{_NAME} [-h] [--version] VERB …",
        description="Work out the firewall rules of plan files, or serve Port planner.",
        epilog=f"{_NAME} VERB --help says what a verb takes.",
    )
    parser.add_argument("--version", action="version", version=f"{_NAME} {_find_version()}")
    parser.add_argument("verb", metavar="VERB", choices=(*VERBS, SERVE), help=", ".join((*VERBS, SERVE)))
    return str(parser.parse_args(first).verb)


def _find_version() -> str:
    try:
        return version(_NAME)
    except PackageNotFoundError:
        return "(not installed)"


def _prepare(verb: str) -> None:
    """What the settings read of the environment, where nobody has set it.

    An installed package keeps its data in the user's own folder. Only a service and what looks after it need a secret
    key that stays; others write no file for one, and take the one that is there.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "planner.settings")
    if IS_INSTALLED:
        folder = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
        os.environ.setdefault("PLANNER_DATA", str(Path(folder) / _NAME))
    if verb == SERVE or verb in _UPKEEP or {"PLANNER_SECRET_KEY", "PLANNER_SECRET_KEY_FILE"} & os.environ.keys():
        return
    if not os.access(Path(os.environ.get("PLANNER_DATA") or SITE / "data") / "secret-key", os.R_OK):
        os.environ["PLANNER_SECRET_KEY"] = secrets.token_urlsafe(48)


def _find(verb: str) -> "BaseCommand":
    """The command of a verb, whose help is about itself alone."""
    from django.core.management import load_command_class  # noqa: PLC0415 - by now garbage is looked for rarely

    command: BaseCommand = load_command_class(_UPKEEP.get(verb, "planner"), verb)
    make = command.create_parser

    def create_parser(prog_name: str, subcommand: str, **options: object) -> argparse.ArgumentParser:
        parser = make(prog_name, subcommand, **options)
        for action in parser._actions:  # argparse has no other way to what others have added
            if action.dest in _DJANGOS:
                action.help = argparse.SUPPRESS
        return parser

    command.create_parser = create_parser  # type: ignore[assignment, method-assign]  # of this one
    return command


def _serve(arguments: list[str]) -> None:
    """Bring database, port matrix and static files up to date, and serve: as scripts/serve.sh does."""
    parser = argparse.ArgumentParser(
        prog=f"{_NAME} {SERVE}",
        description="Serve Port planner on http://127.0.0.1:8000/, or where PLANNER_BIND says. What it keeps is in "
        "the folder that PLANNER_DATA names.",
    )
    parser.parse_args(arguments)
    from django.core.management import call_command  # noqa: PLC0415 - as for other verbs

    call_command("prepare")
    call_command("collectstatic", interactive=False, verbosity=0)
    call_command("first_account")
    # With a heap for each thread a process would keep several times what its largest request took.
    os.environ.setdefault("MALLOC_ARENA_MAX", "1")
    line = ["gunicorn", "--config", "python:planner.deploy.gunicorn", "planner.wsgi"]
    os.execv(sys.executable, [sys.executable, "-m", *line])  # noqa: S606 - in place of this process, as a service is


if __name__ == "__main__":
    main()
