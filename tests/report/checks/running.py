"""Check scripts as tests have them: written for a plan, unpacked, run."""

import io
import json
import os
import subprocess
import zipfile

from planner.report import FORMATS
from tests.report.samples import evaluate, write_plan

BASH = ["bash"]
"""What runs a script here."""
WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
HERE = f"127.0.{10 + WORKER}.2"
"""Where the services of a test listen: tests side by side have addresses of their own."""


def loopback(*flows, **more):
    """A plan of this host alone: PS01 calls SQL on HERE, Far on a network, Named by a name."""
    return write_plan(
        {"name": "PS01", "zone": "Internal", "addresses": ["127.0.0.1"]},
        {"name": "SQL", "zone": "DMZ", "addresses": [HERE]},
        {"name": "Far", "zone": "DMZ", "group": True, "addresses": ["127.9.0.0/16"]},
        {"name": "Named", "zone": "DMZ", "addresses": ["localhost"]},
        {"name": "Unknown", "zone": "DMZ", "addresses": ["nowhere.invalid"]},
        additional_flows=[
            {"source": "PS01", "destination": to, "protocol": protocol, "ports": ports, "reason": "x"}
            for to, protocol, ports in flows
        ],
        **more,
    )  # fmt: skip


def archive_of(document):
    """By name, the files of the archive of checks of a plan document."""
    with zipfile.ZipFile(io.BytesIO(FORMATS["checks"].render(evaluate(document)))) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def run_script(script, *options, folder, before=()):
    """Exit status, results and what was said of a bash script."""
    path = folder / "check.sh"
    path.write_bytes(script)
    done = subprocess.run(
        [*before, *BASH, str(path), *options], capture_output=True, text=True, check=False, timeout=120, cwd=folder
    )
    return done.returncode, json.loads(done.stdout) if done.stdout.startswith("{") else done.stdout, done.stderr


def outcomes(results, *, closed=False):
    """Of each attempt: destination, address, protocol, port, outcome."""
    return {
        (row["destination"], row["address"], row["protocol"], row["port"]): row["outcome"]
        for row in results["results"]
        if row["id"].startswith("closed-") == closed
    }
