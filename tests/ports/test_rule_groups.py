"""Rules that Windows brings along are chosen by names that are the same in each of its languages."""

from dataclasses import replace

from ports.matrix.rule_groups import RuleGroup

GROUP = RuleGroup(
    slug="remote-desktop", name="Remote Desktop", group="@FirewallAPI.dll,-28752", text="Windows has rules for it."
)


def test_some_rules_of_a_group_are_chosen_by_their_names_and_all_of_it_by_its_resource():
    assert GROUP.chosen == "-Group '@FirewallAPI.dll,-28752'"
    some = replace(GROUP, rules=("RemoteDesktop-UserMode-In-TCP", "RemoteDesktop-UserMode-In-UDP"))
    assert some.chosen == "-Name RemoteDesktop-UserMode-In-TCP,RemoteDesktop-UserMode-In-UDP"


def test_a_rule_that_is_named_twice_is_a_fault():
    assert list(GROUP.find_faults("rule group 'remote-desktop'", None)) == []
    twice = replace(GROUP, rules=("RemoteDesktop-In-TCP",) * 2)
    assert list(twice.find_faults("rule group 'remote-desktop'", None)) == [
        "rule group 'remote-desktop' names a rule twice."
    ]
