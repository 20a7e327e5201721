"""Further editions of the shipped product, and the made-up product beside it, loaded as anybody would load them."""

import json
from pathlib import Path

from ports.actions import load_matrix
from ports.models import PortMatrix
from ports.queries import SHIPPED

NEXT = "passwordstate-2027-03"
GATEKEEPER = Path(__file__).parent / "second_matrix" / "gatekeeper.json"
HARBOUR = Path(__file__).parent / "second_matrix" / "harbour.yaml"


def load_next(folder, slug=NEXT, *, activate=True, fixed=(), product="", **ports):
    """An edition with the shipped one's rows, but for services' ports; `fixed` services can't be set in plans.

    With a name of a product it is an edition of that.
    """
    entries = json.loads(SHIPPED.read_text("utf-8"))
    for entry in entries:
        fields = entry["fields"]
        if entry["model"] == "ports.portmatrix":
            fields["slug"] = slug
            fields["product"] = product or fields["product"]
        elif "matrix" in fields:
            fields["matrix"] = [slug]
        if entry["model"] == "ports.service" and (known := ports.get(fields["slug"].replace("-", "_"))):
            fields["ports"] = known
        if entry["model"] == "ports.service" and fields["slug"] in fixed:
            fields["configurable"] = False
    path = folder / f"{slug}.json"
    path.write_text(json.dumps(entries), "utf-8")
    return load_matrix(path=path, activate=activate)[0]


def load_gatekeeper():
    """The made-up product."""
    return load_matrix(path=GATEKEEPER)[0]


def shipped_edition():
    """The row of the edition that is shipped, which tests load first."""
    return PortMatrix.objects.get(slug="passwordstate-2026-11")
