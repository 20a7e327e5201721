"""Many entries in a row are taken together, and say the same as one by one."""

import random

import pytest

from planner.engine import spans
from planner.engine.existing import decide as existing_decide
from planner.engine.existing import forbidden, passing, stretches, walk, wider
from planner.engine.existing.boxes import SPANS_OF_WORK
from planner.engine.existing.decide import compare_with
from tests.engine.existing.rulesets import accept, drop, flow, host, match, plan, ruleset, side, stage
from tests.strategies import rounds

REPORT = plan(
    [
        host("Public", "any", zone="Internet", group=True),
        host("Store", "192.0.2.10", zone="DMZ"),
        host("Stores", "192.0.2.0/26", zone="DMZ", group=True),
        host("Web", "10.0.0.10"),
    ],
    [
        flow("Public", "Store"), flow("Public", "Store", ports="80-90"), flow("Store", "Public"),
        flow("Web", "Public"),
        flow("Public", "Stores"), flow("Web", "Stores", ports="1-65535"),
    ],
)  # fmt: skip


SEEDS = rounds(10) if rounds(10) <= 10 else 2 * rounds(10)
"""How many rulesets are tried, beside those in which what is too wide was once said in other words."""


def blocked(count, service="tcp/443"):
    return [
        drop(f"block {number}", match(f"198.51.{number // 200}.{number % 200 + 1}", "", service))
        for number in range(count)
    ]


def one_by_one(monkeypatch):
    monkeypatch.setattr(walk, "LEAST_MET", 10**9)


def test_thousands_of_refusals_cost_as_many_steps_as_are_named():
    gap = compare_with(REPORT, ruleset(*blocked(4_000), accept("all")))
    partly = next(one for one in gap.flows if one.state == "partly")
    assert partly.by[0] == "all"
    assert partly.refusing == tuple(f"block {number}" for number in range(20))
    assert gap.steps < 1_500, gap.steps


@pytest.mark.parametrize("verdict", ["accept", "drop", "both"])
def test_flows_from_anywhere_cost_no_more_steps_with_more_entries(verdict, monkeypatch):
    monkeypatch.setattr(existing_decide, "find_wider", lambda search, tell: ())

    def count(entries):
        names = {"both": ("accept", "drop")}.get(verdict, (verdict,))
        rows = [
            accept(f"e{number}", match(f"198.51.{number // 250}.{number % 250}", "", "tcp/443"),
                   verdict=names[number % len(names)])
            for number in range(entries)
        ]  # fmt: skip
        gap = compare_with(REPORT, ruleset(*rows, default="accept"))
        return gap.steps, [one.state for one in gap.flows]

    (few, states), (many, again) = count(1_500), count(4_500)
    assert states == again
    over = 2 * 3_000 // SPANS_OF_WORK  # all addresses are gone over once, for all flows together
    assert many - few < over + len(REPORT.flows), (few, many)


def test_entries_of_single_flows_among_those_of_all_leave_these_as_they_are_for_every_flow(monkeypatch):
    stores = 60
    report = plan(
        [host("Public", "any", zone="Internet", group=True),
         *(host(f"S{number}", f"192.0.2.{number}", zone="DMZ") for number in range(stores))],
        [flow("Public", f"S{number}") for number in range(stores)],
    )  # fmt: skip
    monkeypatch.setattr(existing_decide, "find_wider", lambda search, tell: ())
    made, looked = [], []
    first_init, first_and = stretches.Stretch.__init__, spans.Spans.__and__
    monkeypatch.setattr(
        stretches.Stretch,
        "__init__",
        lambda self, rows, *a, **more: made.append(len(rows)) or first_init(self, rows, *a, **more),
    )

    def meet(one, other):
        looked.append(min(len(one.spans), len(other.spans)))
        return first_and(one, other)

    monkeypatch.setattr(spans.Spans, "__and__", meet)
    entries = [
        accept(f"e{number}", match(f"203.0.113.{number % 250}", f"192.0.2.{number // 30}", "tcp/443"))
        if number % 30 == 5
        else accept(f"e{number}", match(f"198.51.{2 * number // 250}.{2 * number % 250}", "", "tcp/443"),
                    verdict=("accept", "drop")[number % 2])
        for number in range(30 * stores)
    ]  # fmt: skip
    gap = compare_with(report, ruleset(*entries, accept("all")))
    assert {one.state for one in gap.flows} == {"partly"}
    # Those of the first block are looked through for each flow until as many are named as are ever told.
    assert sum(made) < 50 * len(entries), sum(made)
    assert sum(looked) < 50 * len(entries), sum(looked)


def random_entries(source):
    """Stretches of entries that differ in one side, broken by others, by jumps and by what isn't understood."""
    services = ["tcp/443", "tcp/80-85", "", "tcp/1-100", "tcp/443"]
    for number in range(10):
        kind, name, service = source.random(), f"entry {number}", source.choice(services)
        more = {"enters": side(source.choice(["eth0", "eth1", "eth9"]))} if source.random() < 0.3 else {}
        if kind < 0.7:
            left, verdicts = source.random() < 0.7, source.choice([["accept"], ["drop"], ["accept", "drop"]])
            for place in range(source.randint(2, 20)):
                near = f"{'198.51.100' if left else '192.0.2'}.{source.randint(0, 80)}"
                ends = (near, source.choice(["", "", "192.0.2.0/24"])) if left else ("", near)
                if source.random() < 0.05:
                    service = source.choice(services)
                yield accept(f"{name}.{place}", match(*ends, service), verdict=source.choice(verdicts), **more)
        elif kind < 0.8:
            yield accept(name, match(f"198.51.100.{source.randint(0, 7) * 8}/29", "", service), **more)
        elif kind < 0.9:
            yield accept(name, match("", "", service), obscure=("a limit",), **more)
        else:
            yield accept(name, match("198.51.100.0/25", "", service), verdict=source.choice(["jump", "goto"]),
                         target=source.choice(["one", "other"]))  # fmt: skip


@pytest.mark.parametrize("seed", sorted({*range(SEEDS), 30, 57, 111}))
def test_what_is_taken_together_says_what_one_by_one_does(seed, monkeypatch):
    source = random.Random(f"stretches {seed}")
    entries = list(random_entries(source))
    chains = {name: tuple(one for one in random_entries(source) if one.verdict in ("accept", "drop"))
              for name in ("one", "other")}  # fmt: skip
    rules = ruleset(
        *entries,
        default=source.choice(["accept", "drop"]),
        chains=chains,
        more=(stage(*random_entries(source), default="accept", name="second"),) if seed % 2 else (),
    )
    monkeypatch.setattr(stretches, "BLOCK", 64)
    monkeypatch.setattr(stretches, "MASK", 2**64 - 1)
    monkeypatch.setattr(walk, "LEAST_MET", 3)
    monkeypatch.setattr(stretches, "LEAST", 2)
    monkeypatch.setattr(stretches, "LEAST_ALIKE", 3)
    for module in (passing, walk):
        monkeypatch.setattr(module, "MOST_NAMED", 1 + seed % 3)

    def answer():
        return compare_with(
            REPORT, rules, {"eth0": "Internet", "eth1": "Internal"} if seed % 4 else None, also=["forbidden"]
        )

    together = answer()
    monkeypatch.setattr(wider, "MOST_WORK", 10**7)  # one by one takes more
    monkeypatch.setattr(wider, "MOST_AT_ONCE", 10**5)  # and with a set in halves three times as much
    for module in (existing_decide, passing, walk, forbidden):
        monkeypatch.setattr(module, "MOST_NAMED", 10**6)
    one_by_one(monkeypatch)
    apart = answer()
    assert [one.state for one in together.flows] == [one.state for one in apart.flows]
    assert together.wider == apart.wider
    for one, other in zip(together.flows, apart.flows, strict=True):
        assert set(one.by) <= set(other.by), one
        assert set(one.refusing) <= set(other.refusing)
        assert bool(one.by) == bool(other.by)
        assert set(one.constructs) <= set(other.constructs)
    assert [one.entry for one in together.forbidden.entries] == [one.entry for one in apart.forbidden.entries]


def test_a_refusal_in_a_row_of_them_names_what_would_admit_it_and_comes_later_in_the_same_row():
    rows = [drop(f"d{number}", match(f"198.51.100.{number}", "", "tcp/443")) for number in range(100)]
    rows += [accept(f"a{number}", match(f"198.51.100.{number}", "", "tcp/443")) for number in range(200)]
    first = next(one for one in compare_with(REPORT, ruleset(*rows)).flows if one.flow.need.ports == "443")
    assert (first.state, first.shadowed) == ("partly", "a0")


def test_what_a_later_stage_refuses_is_not_said_to_be_admitted_by_entries_of_a_row():
    rows = [accept(f"a{number}", match(f"198.51.{number // 250}.{number % 250}", "", "tcp/443"))
            for number in range(300)]  # fmt: skip
    second = stage(accept("last", match("198.51.1.49", "", "tcp/443")), name="second")
    one = next(one for one in compare_with(REPORT, ruleset(*rows, more=(second,))).flows if one.state == "partly")
    assert set(one.by) - set(one.refusing) == {"a299", "last"}


def test_what_is_remembered_is_forgotten_once_it_is_much_and_the_answer_is_the_same(monkeypatch):
    rules = ruleset(*blocked(300), accept("all", match("", "192.0.2.0/24")), *blocked(300, "tcp/80"))
    before = compare_with(REPORT, rules).flows
    monkeypatch.setattr(stretches, "KEPT_ROWS", 1)
    monkeypatch.setattr(stretches, "KEPT_SPANS", 1)
    assert compare_with(REPORT, rules).flows == before
