"""Calls `manage.py report`, in this process or in one of its own."""

import json
import os
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from planner.plan.syntax import to_yaml
from tests import warm
from tests.report.samples import contoso

ROOT = Path(__file__).parents[2]


def save(name, document=None):
    """Write a plan document below the current folder and return its name."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    document = contoso() if document is None else document
    text = json.dumps(document) if path.suffix == ".json" else to_yaml(document)
    path.write_text(text, "utf-8")
    return name


def run(*arguments):
    """Call the command; its exit status."""
    try:
        call_command("report", *arguments)
    except SystemExit as leaving:
        return leaving.code
    return 0


def refuse(*arguments):
    """Call the command with wrong usage; what it says."""
    with pytest.raises(CommandError) as caught:
        call_command("report", *arguments)
    return str(caught.value)


def start(*arguments, data, run=warm.run, **options):
    """Run the command in a process of its own, with a data folder; from nothing by `subprocess.run`."""
    environment = os.environ | {"PLANNER_DATA": str(data), "PLANNER_SECRET_KEY": "a key for tests alone, 0123456789"}
    line = [sys.executable, str(ROOT / "manage.py"), "report", *arguments]
    return run(line, env=environment, check=False, timeout=600, **options)


def files(folder="."):
    """All files below a folder, sorted."""
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file())
