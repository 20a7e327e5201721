"""The commands of docs/api.md, run as they stand there against a service."""

import json
import os
import re
import subprocess
from pathlib import Path

from tests.api.programs import make
from tests.web.views.pages import store

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text("utf-8")


def test_the_commands_of_the_page_run(site, tmp_path):
    _, key = store()
    script = "set -eu\n" + re.search(r"```sh\n(.*?)```", PAGE, re.DOTALL)[1]
    told = {"TOKEN": make("edit"), "PLAN": key, "SERVICE": site, "NO_PROXY": "*"}
    done = subprocess.run(
        ["sh"], input=script, cwd=tmp_path, env=os.environ | told, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "plan.json").read_text("utf-8"))["name"]
    assert 'etag: "1"' in (tmp_path / "headers.txt").read_text("utf-8").lower()
    assert "table inet" in (tmp_path / "rules.nft").read_text("utf-8")
    assert (tmp_path / "rules.csv").read_text("utf-8").count("\n") > 3
    assert '"answer"' in done.stdout
