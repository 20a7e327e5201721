"""The templates of docs/ci, whose steps are run as a pipeline runs them, in a repository of plans."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import yaml

from planner.client import SERVE, VERBS
from planner.plan.document import dump_plan
from planner.plan.formatting import format_document
from planner.plan.syntax import to_yaml
from tests import warm
from tests.examples import EXAMPLES, PLANS

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
CI = ROOT / "docs" / "ci"
CLIENT = f"""#!{sys.executable}
import sys

sys.path.insert(0, {str(ROOT)!r})
from planner.client import main

main()
"""
DONE = '#!/bin/sh\ntest -n "$2"\n'
"""What installs nothing, and looks whether it is told what."""


def read(name):
    return yaml.safe_load((ROOT / name).read_text("utf-8"))


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository with a plan in its first commit and another one now. Nothing is installed, as all is there."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name, text in {"port-planner": CLIENT, "pip": DONE, "apt-get": DONE}.items():
        (tools / name).write_text(text, "utf-8")
        (tools / name).chmod(0o755)
    clone = tmp_path / "clone"
    (clone / "plans").mkdir(parents=True)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PLANNER_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("PLANNER_WHEEL", "port_planner.whl")
    monkeypatch.chdir(clone)
    plan = clone / "plans" / "site.yaml"
    plan.write_bytes(EXAMPLES["one-server"].data)
    for line in ("init -q", "add .", "-c user.name=A -c user.email=a@example.com commit -qm A"):
        subprocess.run(["git", *line.split()], check=True)
    document = dump_plan(PLANS["one-server"]) | {"ports": {"website": "8443"}}
    plan.write_bytes(format_document(to_yaml(document).encode(), "yaml"))
    return clone


def run(script, **environment):
    """Run a step as GitHub's and GitLab's runners do: a shell that stops at the first failure."""
    done = subprocess.run(
        ["bash", "-e", "-c", script], env=os.environ | environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def spoil(clone):
    plan = clone / "plans" / "site.yaml"
    plan.write_text(plan.read_text("utf-8").replace("kind: internal", "kind: lan"), "utf-8")


NOBODY = {"PLANNER_URL": "http://127.0.0.1:9/", "PLANNER_TOKEN": "ppt_" + "x" * 43}
"""A service that nobody runs."""


def belong(clone):
    """Have the plan belong to a stored one, so that it is pushed."""
    plan = clone / "plans" / "site.yaml"
    line = "# port-planner: plan=00000000-0000-4000-8000-000000000001 revision=1\n"
    plan.write_text(line + plan.read_text("utf-8"), "utf-8")


def tell_unreachable(done):
    """Whether a push got as far as it can without a service."""
    status, said = done
    return status == 2 and "site.yaml: http://127.0.0.1:9/api/v1 can't be reached" in said


def test_each_step_for_github_does_what_its_name_says(repository, tmp_path):
    workflow = read("docs/ci/github.yml")
    assert workflow[True]["pull_request"]["paths"] == ["plans/**"]
    assert workflow["jobs"]["plans"]["steps"][0]["with"]["fetch-depth"] == 0, "push looks for earlier commits"
    steps = {step["name"]: step for step in workflow["jobs"]["plans"]["steps"] if "run" in step}
    summary = tmp_path / "summary.md"
    environment = {"BEFORE": "HEAD", "RUNNER_TEMP": str(tmp_path), "GITHUB_STEP_SUMMARY": str(summary)}
    for step in steps.values():
        known = {"PLANNER_WHEEL", "PLANNER_URL", "PLANNER_TOKEN"}
        assert {name for name in step.get("env", {}) if name not in environment} <= known
        status, said = run(step["run"], **environment)
        assert status == 0, said
    assert "8443" in summary.read_text("utf-8")
    belong(repository)
    assert tell_unreachable(run(steps["Push"]["run"], **NOBODY))
    spoil(repository)
    status, said = run(steps["Lint"]["run"])
    assert status == 1
    assert re.search(r"^::error file=plans/site.yaml,line=\d+,col=\d+,title=Fault", said, re.MULTILINE)


def test_the_job_for_gitlab_leaves_its_reports(repository):
    job = read("docs/ci/gitlab.yml")["plans"]
    status, said = run("\n".join([*job["before_script"], *job["script"]]))
    assert status == 0, said
    reports = job["artifacts"]["reports"]
    assert isinstance(json.loads(Path(reports["codequality"]).read_text("utf-8")), list)
    assert ET.parse(reports["junit"]).getroot()[0].get("failures") == "0"
    assert Path(job["artifacts"]["paths"][0], "site.markdown").exists()
    belong(repository)
    on_main = NOBODY | {"CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main"}
    *_, push = job["script"]
    assert tell_unreachable(run(push, **on_main))
    assert run(push, **on_main | {"CI_COMMIT_BRANCH": "late"})[0] == 0
    assert job["variables"]["GIT_DEPTH"] == "0", "push looks for earlier commits"
    assert "slim" in job["image"]
    assert job["before_script"][0].endswith(" git"), "push asks it, and slim images have none"
    spoil(repository)
    assert run("\n".join(job["script"]))[0] == 1
    assert json.loads(Path(reports["codequality"]).read_text("utf-8"))[0]["severity"] == "blocker"


def test_the_hooks_are_the_same_here_and_in_the_template():
    (local,) = read("docs/ci/pre-commit.yaml")["repos"]
    shared = read(".pre-commit-hooks.yaml")
    assert [(hook["id"], hook["entry"]) for hook in local["hooks"]] == [(hook["id"], hook["entry"]) for hook in shared]
    for hook in local["hooks"]:
        assert re.search(hook["files"], "plans/site.yaml")
        assert not re.search(hook["files"], "docker-compose.yaml")


def test_the_hooks_run(repository):
    for hook in read(".pre-commit-hooks.yaml"):
        status, said = run(f"{hook['entry']} plans/site.yaml")
        assert status == 0, said
    spoil(repository)
    assert run(f"{read('.pre-commit-hooks.yaml')[1]['entry']} plans/site.yaml")[0] == 1


def test_the_client_has_its_verbs_and_nothing_of_django(repository):
    status, said = run("port-planner --help")
    assert status == 0
    assert all(verb in said for verb in (*VERBS, SERVE))
    status, said = run("port-planner lint --help")
    assert status == 0
    assert "usage: port-planner lint" in said
    assert not re.search(r"--(settings|traceback|pythonpath|no-color|skip-checks|verbosity)", said)
    for wrong in ("migrate", "", "lint", f"ask {repository}/plans/site.yaml Nobody Nowhere tcp/1"):
        line = [sys.executable, "-m", "planner.client", *wrong.split()]
        assert warm.run(line, cwd=warm.ROOT, capture_output=True).returncode == 2, wrong
    assert not (Path(os.environ["PLANNER_DATA"]) / "secret-key").exists()


def test_the_package_names_what_is_there():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert project["project"]["scripts"] == {"port-planner": "planner.client:main"}
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["packages"] == ["planner", "ports"]
    assert all((ROOT / name).exists() for name in wheel["force-include"])
    assert {Path(name).parts[1] for name in wheel["force-include"].values()} == {"_site"}
    assert shutil.which("git")
