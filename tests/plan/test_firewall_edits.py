"""Edits of firewalls beside others': keys follow a rename, and what the firewall itself says stays as it is."""

import pytest

from planner.plan.changes import apply
from planner.plan.edits import EDITS
from planner.plan.merge import rebase
from planner.plan.rows import Renames, apply_renames
from tests.plan.test_changes import DOCUMENT, canonical

RENAMES = Renames(zones={"B": "Perimeter"}, endpoints={"one": "PS-LON-1"})
FIREWALL = {
    "name": "FW", "format": "nftables",
    "zones": {"A": "port1", "B": "port2"}, "published": {"one": "203.0.113.10"},
}  # fmt: skip


def carry(changes, firewall=FIREWALL, renames=RENAMES):
    """The firewall after an edit made before others renamed something, and the fields in which it meets them."""
    document = canonical({**DOCUMENT, "firewalls": [firewall]})
    now = apply_renames(document, renames)
    edit, met = rebase(EDITS["edit-firewall"](document, {"firewall": "FW", "changes": changes}), now, renames)
    return canonical(apply(now, edit))["firewalls"][0], met


@pytest.mark.parametrize(
    ("changes", "after"),
    [
        ({"zones": {"A": "port1", "B": "port3"}}, {"zones": {"A": "port1", "Perimeter": "port3"}}),
        ({"zones": {"A": "port1"}}, {"zones": {"A": "port1"}}),
        ({"published": {"one": "203.0.113.99"}}, {"published": {"PS-LON-1": "203.0.113.99"}}),
        ({"published": {}}, {"published": None}),
    ],
)
def test_a_zone_and_a_published_endpoint_of_a_firewall_follow_a_rename(changes, after):
    row, met = carry(changes)
    assert {key: row.get(key) for key in after} == after
    assert not met


def test_a_zone_that_comes_behind_a_firewall_comes_by_its_new_name():
    row, met = carry({"zones": FIREWALL["zones"]}, firewall={**FIREWALL, "zones": {"A": "port1"}})
    assert (row["zones"], met) == ({"A": "port1", "Perimeter": "port2"}, ())


def test_an_interface_that_is_called_as_a_zone_that_others_rename_keeps_its_name():
    row, met = carry(
        {"zones": {"A": "x", "B": "A"}}, firewall={**FIREWALL, "zones": {"A": "x", "B": "y"}},
        renames=Renames(zones={"A": "Inside"}),
    )  # fmt: skip
    assert (row["zones"], met) == ({"Inside": "x", "B": "A"}, ())
