"""A process that begins warm does what one of its own does, has read nothing of ours, and stands for no other kind."""

import os
import signal
import subprocess
import sys

import pytest

from tests import warm
from tests.warm import ROOT, Warm

pytestmark = pytest.mark.slow
PROGRAMS = {
    "says": "import os, sys; print(sys.argv, sys.path[0] in ('', os.getcwd()), __name__)",
    "hears": "import sys; print(sys.stdin.read()); print('aside', file=sys.stderr)",
    "has its environment": "import os; print(sorted(os.environ.items()))",
    "ends with a status": "import sys; sys.exit(3)",
    "ends with a sentence": "import sys; sys.exit('That was it.')",
    "ends by a signal": "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    "does its last things": "import atexit; atexit.register(print, 'last')",
    "forks and waits": "import os; n = os.fork(); n or os._exit(7); print(os.waitpid(n, 0)[1])",
    "starts and waits": "import subprocess; print(subprocess.run(['false']).returncode)",
    "holds nothing open": "import os; print(sorted(map(int, os.listdir('/dev/fd')))[:3])",
    "is told by signals": "from signal import *; print([getsignal(each) for each in (SIGCHLD, SIGINT, SIGTERM)])",
}


def begin(start, *line):
    environment = {name: value for name, value in os.environ.items() if name != "HOME"} | {"ONE": "1"}
    return start(
        [sys.executable, *line], cwd=ROOT, env=environment, capture_output=True, text=True, check=False, input="heard"
    )


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_it_does_what_a_process_of_its_own_does(program):
    found, wanted = (begin(start, "-c", program, "one", "two") for start in (warm.run, subprocess.run))
    assert (found.returncode, found.stdout, found.stderr) == (wanted.returncode, wanted.stdout, wanted.stderr)


@pytest.mark.parametrize("line", [("manage.py", "--version"), ("-m", "gunicorn", "--version")])
def test_it_runs_programs_and_modules(line):
    found, wanted = (begin(start, *line) for start in (warm.run, subprocess.run))
    assert (found.returncode, found.stdout, found.stderr) == (wanted.returncode, wanted.stdout, wanted.stderr) != ""


def test_a_command_runs_in_any_folder(tmp_path):
    (tmp_path / "plan.yaml").write_text("format: 1\n", "utf-8")
    line = [sys.executable, str(ROOT / "manage.py"), "lint", "plan.yaml"]
    with Warm(line, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.told is not None
        found = process.communicate()
    wanted = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (process.returncode, *found) == (wanted.returncode, wanted.stdout, wanted.stderr)
    assert process.returncode == 1


def test_it_has_imported_much_and_read_no_setting_and_opened_no_database():
    program = (
        "import sys; from django.conf import settings; from django.apps import apps; "
        "print('planner.engine.rules' in sys.modules or 'planner.engine' in sys.modules, settings.configured, "
        "apps.apps_ready, [name for name in sys.modules if name.endswith(('sqlite3', 'planner.settings'))])"
    )
    assert begin(warm.run, "-c", program).stdout == "True False False []\n"


def test_one_that_is_ended_is_ended():
    process = Warm([sys.executable, "-c", "import time; time.sleep(600)"], cwd=ROOT)
    assert process.told is not None
    assert process.poll() is None
    process.terminate()
    assert process.wait() == process.poll() == -signal.SIGTERM


@pytest.mark.parametrize(
    "options",
    [{"env": {"LD_PRELOAD": ""}}, {"env": {"PYTHONPATH": "/"}}, {"cwd": "/"}, {"shell": True}, {"preexec_fn": int}],
)
def test_what_begins_otherwise_has_a_process_of_its_own(options):
    options["env"] = os.environ | options.get("env", {})
    process = Warm([sys.executable, "-c", ""], **{"cwd": ROOT} | options)
    assert process.told is None
    assert process.wait() == 0
