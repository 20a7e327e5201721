"""What becomes of a flow under rules that are there: open only if all of it is, unknown if something isn't known."""

from dataclasses import replace

import pytest

from planner.engine.existing import walk
from planner.engine.existing.decide import MOST_NAMED, compare_with
from planner.engine.existing.model import Entry, Match
from planner.engine.existing.walk import MOST_NESTED, MOST_STEPS
from planner.engine.spans import FAMILIES, NOTHING, Spans
from tests.engine.existing.rulesets import (
    STORE,
    WEB,
    accept,
    decide,
    drop,
    flow,
    host,
    match,
    one_flow,
    plan,
    ruleset,
    stage,
)

THIS = match(WEB, STORE, "tcp/443")


def state_of(*entries, report=None, **more):
    return decide(report or one_flow(), *entries, **more)[0]


def test_a_flow_is_open_by_the_entry_that_admits_it_and_nothing_is_missing():
    one, gap = decide(one_flow(), accept("first", match("10.9.0.0/16")), accept("this", THIS))
    assert (one.state, one.by) == ("open", ("this",))
    assert gap.missing == gap.wider == gap.unknown == ()


def test_what_comes_too_late_is_found_in_a_chain_that_is_jumped_to_later():
    chains = {"inner": (accept("this", THIS),), "outer": (accept("into", verdict="jump", target="inner"),)}
    jump = accept("over", verdict="jump", target="outer")
    assert state_of(drop("no", match(WEB)), jump, chains=chains).shadowed == "this"
    assert state_of(drop("no", match(WEB)), replace(jump, verdict="goto"), chains=chains).shadowed == "this"
    assert not state_of(drop("no", match(WEB)), jump, chains=chains | {"inner": (drop("this", THIS),)}).shadowed
    assert not state_of(drop("no", match(WEB)), replace(jump, obscure=("a mark",)), chains=chains).shadowed
    # A chain that takes too much looking through is left, and what is known stays so.
    blocks = tuple(drop(f"b{n}", match(f"10.9.{n // 250}.{n % 250}", STORE, f"tcp/{n + 1}")) for n in range(900))
    wide = one_flow(source=("10.0.0.0/8",), ports="1-60000")
    many = state_of(drop("no"), jump, report=wide, chains=chains | {"inner": (*blocks, accept("this"))})
    assert (many.state, many.by) == ("closed", ("no",))


def test_a_flow_is_closed_by_the_entry_that_refuses_it_or_by_the_default():
    one, gap = decide(one_flow(), drop("no", match(WEB)), accept("this", THIS))
    assert (one.state, one.by, one.shadowed) == ("closed", ("no",), "this")
    assert [rule.id for rule in gap.missing] == [rule.id for rule in gap.report.rules]
    assert state_of().by == ("policy drop of forward",)
    assert state_of(accept("other", match(WEB, STORE, "udp/443"))).state == "closed"
    assert state_of(default="accept").by == ("policy accept of forward",)
    assert state_of(default="obscure").state == "unknown"


@pytest.mark.parametrize(
    ("report", "entry", "lacking"),
    [
        (one_flow(ports="80-90"), match(WEB, STORE, "tcp/80-89"), "10.0.0.10 to 192.0.2.10, tcp 90"),
        (
            one_flow(source=("10.0.0.0/24",)),
            match("10.0.0.0/25", STORE, "tcp/443"),
            "10.0.0.128/25 to 192.0.2.10, tcp 443",
        ),
        (
            one_flow(destination=("192.0.2.10", "192.0.2.20")),
            match(WEB, STORE, "tcp/443"),
            "10.0.0.10 to 192.0.2.20, tcp 443",
        ),
        (
            one_flow(),
            match(WEB, STORE, "tcp/443", source_ports=Spans(((1024, 65535),))),
            "10.0.0.10 to 192.0.2.10, tcp 443, from source ports 0-1023",
        ),
        (
            one_flow(source=(WEB, "fd00::10"), destination=(STORE, "2001:db8::10")),
            THIS,
            "fd00::10 to 2001:db8::10, tcp 443",
        ),
    ],
)
def test_a_flow_of_which_some_packets_are_refused_is_partly_open_and_missing_whole(report, entry, lacking):
    one, gap = decide(report, accept("some", entry))
    assert (one.state, one.by, one.refusing) == ("partly", ("some", "policy drop of forward"), one.by[1:])
    assert one.lacking == lacking
    assert [rule.id for rule in gap.missing] == [rule.id for rule in report.rules]


def test_several_entries_together_open_a_flow():
    one = state_of(
        accept("low", match(WEB, STORE, "tcp/80-84")),
        accept("high", match(WEB, STORE, "tcp/85-90")),
        report=one_flow(ports="80-90"),
    )
    assert (one.state, one.by) == ("open", ("low", "high"))


def test_an_entry_names_at_most_so_many_others():
    entries = [accept(str(port), match(WEB, STORE, f"tcp/{port}")) for port in range(100, 151)]
    assert len(state_of(*entries, report=one_flow(ports="100-150")).by) == MOST_NAMED


def test_an_echo_request_is_that_of_ipv4():
    report = one_flow("icmp", None, source=(WEB, "fd00::10"), destination=(STORE, "2001:db8::10"))
    assert state_of(accept("ping", match(WEB, STORE, "icmp/2048")), report=report).state == "open"
    assert state_of(accept("pong", match(WEB, STORE, "icmp/0")), report=report).state == "closed"
    six = one_flow("icmp", None, source=("fd00::10",), destination=("2001:db8::10",))
    one = state_of(accept("all"), report=six)
    assert (one.state, *one.constructs) == (
        "unknown",
        "echo requests between IPv6 addresses, which the document does not speak of",
    )


# ---- what isn't known ----


def test_an_entry_that_is_not_understood_makes_unknown_what_it_would_change():
    limited = accept("limited", THIS, obscure=("limit rate 10/second",))
    one, gap = decide(one_flow(), limited)
    assert (one.state, one.by, one.constructs) == ("unknown", ("limited",), ("limit rate 10/second",))
    assert len(gap.missing) == 1
    [unknown] = gap.unknown
    assert (unknown.construct, unknown.entries, len(unknown.flows)) == ("limit rate 10/second", ("limited",), 1)


def test_an_entry_that_is_not_understood_matters_only_where_its_verdict_differs():
    limited = accept("limited", THIS, obscure=("limit",))
    assert state_of(limited, accept("this", THIS)).state == "open"
    assert state_of(limited, accept("this", THIS)).by == ("this",)
    refused = drop("refused", THIS, obscure=("time",))
    assert state_of(refused).state == "closed"
    assert state_of(refused, accept("this", THIS)).constructs == ("time",)
    assert state_of(accept("other", match("10.9.9.9"), obscure=("x",)), accept("this", THIS)).state == "open"
    assert state_of(accept("reply", THIS, obscure=("x",), replies=True)).state == "closed"


def test_a_verdict_that_is_not_understood_makes_everything_unknown_that_comes_to_it():
    queue = Entry(name="queue", verdict="obscure", matches=(THIS,), obscure=("queue",))
    for last in (accept("yes"), drop("no")):
        assert state_of(queue, last).state == "unknown"
    assert state_of(accept("yes", THIS), queue).state == "open"
    assert state_of(Entry(name="queue", verdict="obscure")).constructs == ("queue",)


def test_a_part_of_a_flow_that_is_not_known_makes_it_unknown_even_if_another_part_is_closed():
    one = state_of(
        accept("low", match(WEB, STORE, "tcp/80-84")),
        accept("perhaps", match(WEB, STORE, "tcp/85"), obscure=("mark",)),
        report=one_flow(ports="80-90"),
    )
    assert one.state == "unknown"


def test_what_bears_on_anything_makes_everything_unknown_that_is_not_refused():
    report = one_flow()
    assert decide(report, accept("this", THIS), obscure=("translation",))[0].constructs == ("translation",)
    assert decide(report, obscure=("translation",))[0].state == "closed"


# ---- addresses ----


def test_addresses_that_are_not_in_the_plan_are_unknown_and_never_any():
    nobody = one_flow(source=(), destination=())
    one, gap = decide(nobody, accept("all"))
    assert one.state == "unknown"
    assert one.constructs == ("no address in the plan: Web", "no address in the plan: Store")
    assert [unknown.entries for unknown in gap.unknown] == [(), ()]
    half = one_flow(source=())
    assert decide(half, accept("this", THIS))[0].constructs == ("no address in the plan: Web",)
    assert decide(half, accept("to", match("", STORE, "tcp/443")))[0].state == "open"
    assert decide(half, accept("other", match("", "192.0.2.99")))[0].state == "closed"


def test_a_dns_name_is_what_entries_say_of_the_same_name_and_else_not_known():
    report = one_flow(destination=("Vault.example.com",))
    named = match(WEB, service="tcp/443", destinations=NOTHING, destination_names=frozenset({"vault.example.com"}))
    assert state_of(accept("named", named), report=report).state == "open"
    other = match(WEB, service="tcp/443", destinations=NOTHING, destination_names=frozenset({"other.example.com"}))
    for entry in (other, THIS):
        one = state_of(accept("x", entry), report=report)
        assert (one.state, one.constructs) == ("unknown", ("address of vault.example.com",))
    assert state_of(accept("whoever", match(WEB, "", "tcp/443")), report=report).state == "open"


def test_a_name_in_an_entry_may_mean_any_address():
    named = match(WEB, service="tcp/443", destinations=NOTHING, destination_names=frozenset({"vault.example.com"}))
    one = state_of(accept("named", named))
    assert (one.state, one.constructs) == ("unknown", ("address of vault.example.com",))
    both = match(WEB, STORE, "tcp/443", destination_names=frozenset({"vault.example.com"}))
    assert state_of(accept("both", both)).state == "open"
    everywhere = match(WEB, "", "tcp/443", destination_names=frozenset({"vault.example.com"}))
    assert state_of(accept("everywhere", everywhere)).state == "open"


def test_a_name_may_have_addresses_of_either_family():
    report = one_flow(source=(WEB, "fd00::10"), destination=("vault.example.com",))
    four = accept("four", match(WEB, "", "tcp/443"))
    six = accept("six", match("fd00::10", "", "tcp/443", 6))
    assert state_of(four, six, report=report).state == "open"
    one = state_of(four, report=report)
    assert (one.state, one.constructs) == ("unknown", ("address of vault.example.com",))


def test_names_beside_addresses_are_all_of_a_flow_too():
    report = one_flow(destination=(STORE, "vault.example.com"))
    assert state_of(accept("this", THIS), report=report).state == "unknown"
    assert state_of(accept("all", match(WEB, "", "tcp/443")), report=report).state == "open"


def test_what_has_no_packets_is_unknown_and_says_why():
    strangers = one_flow(destination=("2001:db8::10",))
    assert state_of(accept("all"), report=strangers).constructs == ("no address family in common: Web and Store",)
    for protocol, ports in (("icmp", None), ("tcp", "443")):
        strangers = one_flow(protocol, ports, source=("2001:db8::5",), destination=("10.0.0.9",))
        assert state_of(accept("all"), report=strangers).constructs == ("no address family in common: Web and Store",)
    own = one_flow(destination=("127.0.0.1",))
    assert state_of(accept("all"), report=own).constructs == ("no address that a firewall forwards: Store",)


def test_any_is_every_address_but_those_of_other_zones():
    endpoints = [host("World", "any", zone="Internet", group=True), host("Store", STORE, zone="DMZ")]
    report = plan([*endpoints, host("Web", WEB)], [flow("World", "Store")])
    four = accept("four", match("", STORE, "tcp/443"))
    assert decide(report, drop("inside", match("10.0.0.10 192.0.2.10")), four)[0].state == "open"
    assert decide(report, drop("special", match("127.0.0.0/8 224.0.0.0/4")), four)[0].state == "open"
    assert decide(report, drop("somebody", match("198.51.100.7")), four)[0].state == "partly"
    assert decide(report, accept("half", match("0.0.0.0/1", STORE, "tcp/443")))[0].state == "partly"


# ---- ways through a ruleset ----


def test_all_stages_have_to_admit_a_flow():
    both = (stage(accept("second", THIS), name="other"),)
    assert state_of(accept("first", THIS), more=both).by == ("first", "second")
    shut = (stage(drop("second", THIS), default="accept", name="other"),)
    assert (state_of(accept("first", THIS), more=shut).by) == ("second",)
    perhaps = (stage(accept("second", THIS, obscure=("mark",)), name="other"),)
    assert state_of(accept("first", THIS, obscure=("limit",)), more=perhaps).constructs == ("limit", "mark")
    assert state_of(drop("first", THIS), more=perhaps).state == "closed"
    assert state_of(accept("first", THIS, obscure=("limit",)), more=shut).by == ("second",)
    assert state_of(accept("first", THIS, obscure=("limit",)), more=(stage(default="accept"),)).state == "unknown"


def test_a_stage_of_the_other_family_lets_everything_pass():
    six = stage(drop("six"), name="ip6")
    six = type(six)(name="ip6", entries=six.entries, default="drop", families=frozenset({6}))
    assert state_of(accept("this", THIS), more=(six,)).state == "open"


def jump(target, *matches, **more):
    verdict = more.pop("verdict", "jump")
    return Entry(name=f"to {target}", verdict=verdict, matches=matches or (THIS,), target=target, **more)


def test_a_jump_comes_back_and_a_goto_does_not():
    chains = {"empty": (), "yes": (accept("yes", THIS),), "no": (drop("no", THIS), accept("late", THIS))}
    last = accept("last", THIS)
    assert state_of(jump("empty"), last, chains=chains).by == ("last",)
    assert state_of(jump("empty", verdict="goto"), last, chains=chains).by == ("policy drop of forward",)
    assert state_of(jump("yes"), chains=chains).by == ("yes",)
    one = state_of(jump("no"), last, chains=chains)
    assert (one.state, one.by, one.shadowed) == ("closed", ("no",), "late")
    assert state_of(jump("yes", verdict="goto"), chains=chains).by == ("yes",)


def test_return_goes_back_to_where_the_last_jump_came_from():
    back = Entry(name="back", verdict="return", matches=(THIS,))
    chains = {"a": (back, drop("no", THIS)), "b": (jump("a", verdict="goto"), drop("never", THIS))}
    assert state_of(jump("a"), accept("last", THIS), chains=chains).by == ("last",)
    assert state_of(jump("b"), accept("last", THIS), chains=chains).by == ("last",)
    assert state_of(back, accept("last", THIS)).by == ("policy drop of forward",)


def test_what_might_have_returned_is_unknown_only_if_that_differs():
    back = Entry(name="back", verdict="return", matches=(THIS,), obscure=("mark 5",))
    chains = {"a": (back, accept("yes", THIS)), "b": (back,)}
    one = state_of(jump("a"), chains=chains)
    assert (one.state, one.by, one.constructs) == ("unknown", ("yes",), ("mark 5",))
    assert state_of(jump("a"), accept("last", THIS), chains=chains).state == "open"
    assert state_of(jump("b"), accept("last", THIS), chains=chains).state == "open"


def test_a_jump_that_might_be_made_does_what_its_chain_does():
    low = accept("low", match("", "", "tcp/80"))
    chains = {"yes": (accept("yes", THIS),), "no": (drop("no", THIS),), "part": (low,)}
    perhaps = {"obscure": ("mark 7",)}
    assert state_of(jump("yes", **perhaps), chains=chains).constructs == ("mark 7",)
    assert state_of(jump("yes", **perhaps), accept("last", THIS), chains=chains).state == "open"
    assert state_of(jump("no", **perhaps), chains=chains).state == "closed"
    assert state_of(jump("no", **perhaps), accept("last", THIS), chains=chains).by == ("no",)
    assert state_of(jump("part", **perhaps), chains=chains).state == "closed"
    assert state_of(jump("part", **perhaps, verdict="goto"), accept("last", THIS), chains=chains).state == "unknown"


def test_a_jump_that_leads_nowhere_round_or_too_deep_is_unknown():
    assert state_of(jump("gone")).constructs == ("no chain gone",)
    chains = {"a": (jump("b"),), "b": (jump("a"),)}
    assert state_of(jump("a"), chains=chains).constructs == ("a leads back to itself",)
    deep = {str(number): (jump(str(number + 1)),) for number in range(MOST_NESTED + 1)} | {str(MOST_NESTED + 1): ()}
    assert state_of(jump("0"), chains=deep).constructs == (f"jumps nested deeper than {MOST_NESTED}",)


def test_chains_with_more_ways_than_atoms_in_the_world_are_gone_through_once():
    """Packets that come into a chain again fare as before, by whatever way: four ways to the next."""
    chains = {str(number): (jump(str(number + 1)),) * 4 for number in range(60)} | {"60": (accept("all", THIS),)}
    one, gap = decide(one_flow(), jump("0"), chains=chains)
    assert (one.state, one.by) == ("open", ("all",))
    assert gap.steps < 60 * 6
    one, gap = decide(one_flow(), jump("0"), chains=chains | {"60": ()})
    assert one.state == "closed"
    assert gap.steps < 60 * 6


def test_a_chain_that_was_gone_through_before_is_too_deep_where_it_is_reached_by_a_longer_way():
    """What became of packets in a chain isn't taken for what becomes of them where jumps are nested deeper."""
    deep = {str(number): (jump(str(number + 1)),) for number in range(MOST_NESTED + 1)} | {str(MOST_NESTED + 1): ()}
    near = str(MOST_NESTED - 3)
    assert state_of(jump(near), accept("last", THIS), chains=deep).by == ("last",)
    assert state_of(jump(near), jump("0"), chains=deep).constructs == (f"jumps nested deeper than {MOST_NESTED}",)
    round_about = {"a": (jump("b"),), "b": (jump("c"),), "c": (jump("b"),)}
    both = state_of(jump("c"), jump("a"), chains=round_about).constructs
    assert both == ("b leads back to itself", "c leads back to itself")


def jump_by_bits(leap):
    """Chains that each divide packets by one more bit of their source ports, and lead to the next with either half."""

    def half(bit):
        return Spans.of((port, port + (1 << bit) - 1) for port in range(1 << bit, 2**16, 2 << bit))

    def cut(number):
        whole = leap(str(number + 1))
        matches = tuple(replace(one, source_ports=half(15 - number)) for one in whole.matches)
        return replace(whole, matches=matches), whole

    return {str(number): cut(number) for number in range(16)} | {"16": ()}


@pytest.mark.slow
def test_chains_that_cut_packets_ever_smaller_cost_so_many_steps_and_no_more():
    one, gap = decide(one_flow(), jump("0"), chains=jump_by_bits(jump))
    assert one.state == "unknown"
    assert one.constructs == (f"more than {MOST_STEPS:,} steps through these entries",)
    assert gap.steps < MOST_STEPS + 5_000


def test_sets_of_thousands_of_ports_count_for_what_it_takes_to_compare_them():
    """A thousand entries, each for source ports that lie among those of all others, and none of them understood."""
    sets = [Spans.of((port, port) for port in range(1 + number, 65_000, 2_000)) for number in range(0, 2_000, 2)]
    whole = match("", "", "tcp/443")
    entries = [
        accept(str(number), replace(whole, source_ports=ports), obscure=("mark",)) for number, ports in enumerate(sets)
    ]
    one, gap = decide(one_flow(), *entries)
    assert one.state == "unknown"
    assert one.constructs == (f"more than {MOST_STEPS:,} steps through these entries",)
    assert gap.steps < 2 * MOST_STEPS + 5_000, "once for the flow, once for what is too wide"


def test_with_many_flows_they_cost_hardly_more(monkeypatch):
    """Each flow through such chains may take so many steps; once all have taken too many the rest take few."""
    monkeypatch.setattr(walk, "MOST_STEPS", 2_000)
    monkeypatch.setattr(walk, "MOST_WALKED", 3_000)

    def leap(target):
        return accept(f"to {target}", match("", ""), verdict="jump", target=target)

    chains = jump_by_bits(leap)
    ends = [host(f"S{number}", f"10.0.0.{number + 1}") for number in range(30)]
    flows = [flow(f"S{number}", "Store", ports="443") for number in range(30)]
    gap = compare_with(plan([*ends, host("Store", "10.1.0.1", zone="DMZ")], flows), ruleset(leap("0"), chains=chains))
    assert {one.state for one in gap.flows} == {"unknown"}
    assert "more than 200 steps" in gap.flows[-1].constructs[0]
    assert gap.steps < 2 * 2_000 + 30 * 300


def test_undecided_flows_are_missing_only_where_no_option_is_open():
    report = plan(
        [
            host("PS01", WEB, roles=["web-primary", "database"]),
            host("ESX", STORE, zone="DMZ", platforms=["vmware-esxi"], operations=["discovery"]),
        ],
        [],
    )
    ports = {one.flow.need.ports for one in compare_with(report, ruleset()).flows}
    assert ports == {"22", "443"}
    assert len(compare_with(report, ruleset()).missing) == 2
    gap = compare_with(report, ruleset(accept("ssh", match(WEB, STORE, "tcp/22"))))
    assert [(one.state, one.needed) for one in gap.flows] == [("open", True), ("closed", False)]
    assert gap.missing == ()
    assert gap.counts == {"open": 1, "partly": 0, "closed": 1, "unknown": 0}


def test_of_a_rule_only_what_is_not_open_is_missing():
    report = plan(
        [host("A", "10.0.0.1"), host("B", "10.0.0.2"), host("Store", STORE, zone="DMZ")],
        [flow("A", "Store"), flow("B", "Store")],
    )
    gap = compare_with(report, ruleset(accept("a", match("10.0.0.1", STORE, "tcp/443"))))
    [rule] = gap.missing
    assert ([end.name for end in rule.sources], rule.id) == (["B"], report.rules[0].id)


def test_an_entry_for_both_families_is_one_entry():
    report = one_flow(source=(WEB, "fd00::10"), destination=(STORE, "2001:db8::10"))
    both = accept("both", THIS, Match(family=6, sources=FAMILIES[6], destinations=FAMILIES[6]))
    assert state_of(both, report=report).by == ("both",)


def test_of_many_entries_that_might_admit_a_flow_the_first_are_named_and_each_refusal_still_counts():
    might = [accept(f"e{number}", THIS, obscure=(f"mark {number}",)) for number in range(MOST_NAMED + 5)]
    one = state_of(*might)
    assert (one.state, len(one.constructs)) == ("unknown", MOST_NAMED)
    assert state_of(*might, accept("this", THIS)).state == "open"
    refused = state_of(*might, drop("no", THIS, obscure=("limit",)), accept("this", THIS))
    assert refused.state == "unknown"
    assert "limit" in refused.constructs


def test_all_who_are_anywhere_in_a_zone_are_the_same_addresses():
    endpoints = [host(name, "any", zone="Internet", group=True) for name in ("World", "Moon")]
    report = plan([*endpoints, host("Store", STORE, zone="DMZ")], [flow("World", "Store"), flow("Moon", "Store")])
    gap = compare_with(report, ruleset(accept("all", match("", STORE, "tcp/443"))))
    assert [one.state for one in gap.flows] == ["open", "open"]
    gap = compare_with(report, ruleset(accept("some", match("10.0.0.0/8", STORE, "tcp/443"))))
    assert [one.state for one in gap.flows] == [gap.flows[0].state] * 2 != ["open", "open"]


def test_of_thousands_of_dns_names_twenty_are_named():
    names = frozenset(f"host-{number:05}.example.com" for number in range(20_000))
    either = accept("either", replace(match("198.51.100.1", "", "tcp/443"), source_names=names))
    (construct,) = state_of(either).constructs
    assert construct.startswith("address of host-00000.example.com, host-00001.example.com, ")
    assert construct.endswith("host-00019.example.com and 19,980 more")
