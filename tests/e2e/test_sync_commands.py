"""push and pull of docs/plan-as-code.md, run as they stand there against a service that is reached by its API."""

import os
import re
import subprocess
import sys
from pathlib import Path

from planner.store.models import Plan
from tests.api.programs import make
from tests.examples import EXAMPLES

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "plan-as-code.md").read_text("utf-8")
SHOWN = "https://planner.example.com/"


def test_the_commands_of_the_page_run(site, tmp_path):
    """A new stored plan, a push of what the file changed, and a pull of what the service has besides."""
    made, pushed, pulled = re.findall(r"^port-planner (?:push|pull) .*?(?=\s*#|$)", PAGE, re.MULTILINE)
    (tmp_path / "plan.yaml").write_bytes(EXAMPLES["dmz"].data)
    told = {"PLANNER_TOKEN": make("own", plan=None), "NO_PROXY": "*", "PLANNER_DATA": str(tmp_path / "data")}

    def run(line):
        program = f'"{sys.executable}" -m planner.client'
        line = line.replace("port-planner", program, 1).replace(SHOWN, f"{site}/")
        environment = os.environ | told | {"PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            ["sh", "-c", line], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stderr

    file = tmp_path / "plan.yaml"
    run(made)
    [plan] = Plan.objects.all()
    assert file.read_text("utf-8").startswith(f"# port-planner: plan={plan.key} revision=1\n")
    file.write_text(file.read_text("utf-8").replace("192.0.2.10", "192.0.2.77"), "utf-8")
    assert "1 change pushed; the plan is at revision 2" in run(pushed)
    plan.refresh_from_db()
    assert "192.0.2.77" in str(plan.document)
    assert "0 changes pulled" in run(pulled)
