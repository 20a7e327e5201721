"""Annotations as JSON: GitLab's code quality reports, and SARIF 2.1.0 for whoever reads that."""

import os
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import Any
from urllib.parse import quote

from planner.plan.syntax import to_json
from planner.report.lint.annotate import FAULT, Annotation, Linted

_GITLAB = {FAULT: "blocker", "error": "critical", "decision": "major", "warning": "minor", "info": "info"}
_SARIF = {FAULT: "error", "error": "error", "decision": "warning", "warning": "warning", "info": "note"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def render_gitlab(files: Sequence[Linted], failing: Collection[str]) -> bytes:
    """A code quality report: GitLab compares those of two branches by their fingerprints.

    https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
    """
    return _encode(
        [
            {
                "description": one.message,
                "check_name": one.code,
                "fingerprint": fingerprint,
                "severity": _GITLAB[one.severity],
                "location": {"path": one.file, "lines": {"begin": one.at.line}},
            }
            for one, fingerprint in _fingerprinted(files)
        ]
    )


def render_sarif(files: Sequence[Linted], failing: Collection[str]) -> bytes:
    """A log in SARIF 2.1.0 (OASIS), which GitHub's code scanning and editors read."""
    codes = sorted({one.code for file in files for one in file.annotations})
    run = {
        "tool": {"driver": {"name": "port-planner", "rules": [{"id": code} for code in codes]}},
        "columnKind": "unicodeCodePoints",
        "results": [
            {
                "ruleId": one.code,
                "ruleIndex": codes.index(one.code),
                "level": _SARIF[one.severity],
                "message": {"text": one.message},
                "locations": [
                    {
                        "physicalLocation": {
                            "artifactLocation": {"uri": quote(os.fsencode(one.file))},
                            "region": {"startLine": one.at.line, "startColumn": one.at.column},
                        }
                    }
                ],
                "partialFingerprints": {"portPlanner/v1": fingerprint},
            }
            for one, fingerprint in _fingerprinted(files)
        ],
    }
    return _encode({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _fingerprinted(files: Sequence[Linted]) -> Iterator[tuple[Annotation, str]]:
    """Each annotation with a fingerprint of its own: what is the same thing twice is counted."""
    seen: Counter[str] = Counter()
    for file in files:
        for one in file.annotations:
            fingerprint = one.fingerprint
            seen[fingerprint] += 1
            yield one, fingerprint if seen[fingerprint] == 1 else f"{fingerprint}-{seen[fingerprint]}"


def _encode(data: Any) -> bytes:
    # Half a surrogate pair, which a file's name can have, is no UTF-8.
    return to_json(data).encode("utf-8", "backslashreplace")
