"""The same plan gives the same bytes, in whatever order this run of the interpreter has its sets."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]

PRINT_DIGESTS = """
import hashlib, json, sys
sys.path.insert(0, sys.argv[1])
import django
django.setup()
from datetime import date
from planner.plan.document import check_plan, read_plan
from planner.engine import evaluate_report
from tests.examples import read_examples
from planner.report import FORMATS
from planner.report.paper.prints import render_html
from planner.report.said.edition import Edition
from ports.queries import shipped_matrix
from scripts.sites import make_sites
from tests.contract.arbitrary import arbitrary_plan

matrix = shipped_matrix()
plans = [read_plan(example.data, matrix=matrix) for example in read_examples()]
plans += [check_plan(document, matrix=matrix) for document in (make_sites(20), *map(arbitrary_plan, range(60)))]
digests = []
for number, plan in enumerate(plans):
    report = evaluate_report(matrix, plan)
    outputs = {name: FORMATS[name].render(report) for name in ("json", "csv", "markdown")}
    if number < 7:
        outputs["xlsx"] = FORMATS["xlsx"].render(report)
        outputs["html"] = render_html(report, Edition(date=date(2024, 2, 29)))
    digests += [(plan.name, name, hashlib.sha256(data).hexdigest()) for name, data in outputs.items()]
print(json.dumps(digests))
"""


def digests(seed):
    run = subprocess.run(
        [sys.executable, "-c", PRINT_DIGESTS, str(ROOT)],
        env=os.environ | {"PYTHONHASHSEED": str(seed), "DJANGO_SETTINGS_MODULE": "planner.settings"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def test_every_format_has_the_same_bytes_whatever_the_order_of_sets():
    first = digests(0)
    assert len(first) > 200
    assert digests(1) == first
