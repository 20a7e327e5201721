"""push and pull as docs/plan-as-code.md and the pipelines of docs/ci have them, against a service behind its API."""

import os
import re
import subprocess
import sys
from pathlib import Path

from planner.store.models import Plan
from tests.api.programs import make
from tests.commands.test_ci import read, repository, run  # noqa: F401 - a fixture among them
from tests.examples import EXAMPLES

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "plan-as-code.md").read_text("utf-8")
SHOWN = "https://planner.example.com/"


def test_the_commands_of_the_page_run(site, tmp_path):
    """A new stored plan, a push of what the file changed, and a pull of what the service has besides."""
    made, pushed, pulled = re.findall(r"^port-planner (?:push|pull) .*?(?=\s*#|$)", PAGE, re.MULTILINE)
    (tmp_path / "plan.yaml").write_bytes(EXAMPLES["dmz"].data)
    told = {"PLANNER_TOKEN": make("own", plan=None), "NO_PROXY": "*", "PLANNER_DATA": str(tmp_path / "data")}

    def do(line):
        program = f'"{sys.executable}" -m planner.client'
        line = line.replace("port-planner", program, 1).replace(SHOWN, f"{site}/")
        environment = os.environ | told | {"PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            ["sh", "-c", line], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stderr

    file = tmp_path / "plan.yaml"
    do(made)
    [plan] = Plan.objects.all()
    assert file.read_text("utf-8").startswith(f"# port-planner: plan={plan.key} revision=1\n")
    file.write_text(file.read_text("utf-8").replace("192.0.2.10", "192.0.2.77"), "utf-8")
    assert "1 change pushed; the plan is at revision 2" in do(pushed)
    plan.refresh_from_db()
    assert "192.0.2.77" in str(plan.document)
    assert "0 changes pulled" in do(pulled)


def commit(text):
    """Have the plan of the clone say so, in a commit of its own."""
    (Path("plans") / "site.yaml").write_text(text, "utf-8")
    subprocess.run(["git", "-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "-qam", "B"], check=True)


def test_the_pipelines_push_what_is_committed(site, repository):  # noqa: F811
    """The token of a pipeline may edit, and no more; each push says from which commit it is."""
    told = {"PLANNER_URL": f"{site}/", "NO_PROXY": "*", "GITHUB_STEP_SUMMARY": os.devnull}
    file = repository / "plans" / "site.yaml"
    status, said = run(f"port-planner push plans/site.yaml --new --to {site}/", PLANNER_TOKEN=make("own"), **told)
    assert status == 0, said
    github = next(
        step["run"] for step in read("docs/ci/github.yml")["jobs"]["plans"]["steps"] if step.get("name") == "Push"
    )
    gitlab = read("docs/ci/gitlab.yml")["plans"]["script"][-1]
    branch = {"CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main"}
    for script, port in ((github, "9443"), (gitlab, "10443")):
        text = file.read_text("utf-8")
        commit(text.replace(str(Plan.objects.get().document["ports"]["website"]), port))
        status, said = run(script, PLANNER_TOKEN=make("edit"), **told, **branch)
        assert status == 0, said
        [plan] = Plan.objects.all()
        assert plan.document["ports"]["website"] == port
        head = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
        assert plan.pushes.first().commit == head
        assert subprocess.run(["git", "status", "--porcelain"], capture_output=True, check=True).stdout == b""
