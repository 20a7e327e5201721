"""Another program, fwshift, finds no connection that it reads otherwise than we, in ten configurations of each kind.

It compares a configuration with set lines of an SRX that say what we read in it. It is run as a program of its own.
"""

from dataclasses import replace

import pytest

from planner.engine.existing.model import Ruleset
from planner.engine.existing.readers import READERS
from tests.engine.existing.devices import second_reader
from tests.fwshift import find_differences

pytestmark = pytest.mark.slow
KINDS = {"fortigate": "fortios", "asa": "asa", "paloalto": "panos", "srx": "junos"}


def compare(tmp_path, kind, text, lines):
    """The differences between a configuration and the set lines."""
    paths = tmp_path / "first", tmp_path / "second"
    for path, said in zip(paths, (text, lines), strict=True):
        path.write_text(said)
    found = find_differences(paths[0], kind, paths[1], "junos")
    # Within a zone a Palo Alto lets everything through; nothing of that passes a firewall here.
    return [one for one in found if one["from"] != one["to"] and not one.get("inside_the_zone")]


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("name", KINDS)
def test_another_program_decides_alike(name, seed, tmp_path):
    text = getattr(second_reader, name)(second_reader.Choice(seed))
    lines = second_reader.as_set_lines(READERS[name].read(text))
    assert compare(tmp_path, KINDS[name], text, lines) == []


@pytest.mark.parametrize("seed", range(10))
def test_another_program_decides_alike_about_what_comes_to_a_group_of_azure(seed, tmp_path):
    assert compare_azure(tmp_path, second_reader.azure(second_reader.Choice(seed))) == []


def compare_azure(tmp_path, text, read=None):
    """The differences about what comes from outside to the one group, but for the default rules, which come last."""
    [stage] = READERS["azure"].read(read or text).stages
    last = next(n for n, entry in enumerate(stage.entries) if " rest (" in entry.name)
    ruleset = Ruleset(format="azure", stages=(replace(stage, entries=stage.entries[: last + 1]),), chains={})
    lines = second_reader.as_set_lines(ruleset, ("outside", "web-nsg"))
    found = compare(tmp_path, "azure", text, lines)
    return [one for one in found if (one["from"], one["to"]) == ("outside", "web-nsg")]


def test_it_would_see_that_one_rule_of_azure_is_another(tmp_path):
    text = second_reader.azure(second_reader.Choice(1))
    assert compare_azure(tmp_path, text, text.replace('"Allow"', '"Deny"'))


def test_it_would_see_that_one_policy_is_another(tmp_path):
    text = second_reader.fortigate(second_reader.Choice(1))
    lines = second_reader.as_set_lines(READERS["fortigate"].read(text.replace("action accept", "action deny")))
    assert compare(tmp_path, "fortios", text, lines)
