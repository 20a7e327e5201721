"""The matrix that the product ships, read from its fixture. It needs no database, and so no tables of one."""

import json
from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

from ports.matrix import HEAD, Matrix, MatrixError, build_matrix, digest_records, find_faults, product_slug

SHIPPED = Path(__file__).parent / "fixtures" / "passwordstate.json"


def read_fixture(path: Path) -> dict[str, list[dict[str, Any]]]:
    """The records of a matrix fixture by kind, in the order of the file.

    Raises OSError when it can't be read, and ValueError with a sentence when it is no list of ports rows.
    """
    try:
        entries = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise ValueError(f"{path.name} is no JSON: {error}") from None
    except RecursionError:
        raise ValueError(f"{path.name} is nested too deeply for a list of rows.") from None
    records: dict[str, list[dict[str, Any]]] = defaultdict(list)
    if not isinstance(entries, list):
        raise ValueError(f"{path.name} must hold a list of rows.")
    for number, entry in enumerate(entries, 1):
        app, _, kind = str(entry.get("model", "")).partition(".") if isinstance(entry, dict) else ("", "", "")
        if app != "ports" or not isinstance(entry.get("fields"), dict):
            raise ValueError(f"{path.name}: row {number} must have a model of the app ports, and fields.")
        records[kind].append(entry["fields"])
    return dict(records)


@cache
def shipped_matrix() -> Matrix:
    """The matrix that the product ships, read from its fixture; needs no database."""
    return build_matrix(read_fixture(SHIPPED))


@cache
def shipped_records(path: Path) -> tuple[dict[str, list[dict[str, Any]]], str]:
    """The records of the shipped fixture at that path, and their digest.

    Raises MatrixError when it has faults, and what `read_fixture` does.
    """
    records = read_fixture(path)
    faults = find_faults(records)
    if faults:
        raise MatrixError(faults)
    return records, digest_records(records)


@cache
def shipped_product(path: Path) -> str:
    """The slug of the product whose fixture is shipped at that path; empty when it can't be read."""
    try:
        records = read_fixture(path)
    except (OSError, ValueError):
        return ""
    return product_slug(str(records[HEAD][0].get("product", ""))) if records.get(HEAD) else ""
