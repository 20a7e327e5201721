"""Entries that differ in their ports alone are taken together, and are each as wide as one by one."""

import random
from itertools import product

import pytest

from planner.engine.existing import bounds, forbidden, passing, stretches, walk, wider
from planner.engine.existing import decide as existing_decide
from planner.engine.existing.decide import compare_with
from planner.engine.spans import Spans
from tests.engine.existing.rulesets import accept, drop, flow, host, match, plan, ruleset, side, stage
from tests.strategies import rounds

REPORT = plan(
    [
        host("Public", "203.0.113.0/24", zone="Internet", group=True),
        host("Store", "192.0.2.10", zone="DMZ"),
        host("Stores", "192.0.2.0/26", zone="DMZ", group=True),
        host("Web", "10.0.0.10"),
        host("Twin", "10.0.0.10", "10.0.0.11"),
    ],
    [
        flow("Public", "Store", ports="20"), flow("Public", "Stores", ports="5-25"),
        flow("Web", "Store", ports="1-30"), flow("Web", "Stores", "udp", "12"),
        flow("Store", "Web", ports="40"), flow("Twin", "Public", ports="33"),
    ],
)  # fmt: skip
SEEDS = rounds(12) if rounds(12) <= 12 else 3 * rounds(12)
MAPPING = {"eth0": "Internet", "eth1": "DMZ", "eth2": "Internal"}


def some_ports(source):
    first = source.randint(1, 48)
    spans = [(first, min(48, first + source.choice([0, 0, 3, 20])))]
    if source.random() < 0.2:
        spans.append((source.randint(1, 48),) * 2)
    return Spans.of(spans)


def random_entries(source, *, jumps=True):
    """Runs of entries that differ in ports or in source ports, two kinds of them mixed, broken by others, by jumps and
    by what isn't understood."""
    for number in range(3):
        name = f"entry {number}"
        kinds = [
            (source.choice(["", "10.0.0.0/24", "192.0.2.0/27"]), source.choice(["", "", "192.0.2.0/25"]),
             source.choice(["tcp", "tcp", "udp", ""]), source.choice(["ports", "ports", "source_ports"]),
             {"enters": side(source.choice([*MAPPING, "eth9"]))} if source.random() < 0.3 else {})
            for _ in range(source.choice([1, 1, 2]))
        ]  # fmt: skip
        if len(kinds) > 1 and source.random() < 0.5:  # alike but for the side that they come in by
            kinds[1] = (*kinds[0][:4], {"enters": side(source.choice(list(MAPPING)))})
        for place in range(source.randint(3, 16)):
            one, other, protocol, axis, more = source.choice(kinds)
            its = match(one, other, protocol, **{axis: some_ports(source)})
            doubts = {"obscure": ("a limit",)} if source.random() < 0.04 else {}
            # Some stand there under one name, as lists of a device do.
            said = f"{name}.{place % 7 if number % 3 == 0 else place}"
            yield accept(said, its, verdict=source.choice(["accept", "accept", "drop"]), **more, **doubts)
        if source.random() < 0.3:
            yield drop(f"{name} all", match("10.0.0.0/28", "", source.choice(["tcp/1-9", "udp", ""])))
        if jumps and source.random() < 0.3:
            yield accept(f"{name} on", match("", "", "tcp/1-30"), verdict="jump", target="one")


@pytest.mark.parametrize("seed", range(SEEDS))
def test_entries_with_other_ports_are_as_wide_together_as_one_by_one(seed, monkeypatch):
    source = random.Random(f"ports {seed}")
    rules = ruleset(
        *random_entries(source),
        default=source.choice(["accept", "drop"]),
        chains={"one": tuple(random_entries(source, jumps=False))},
        more=(stage(*random_entries(source), default="accept", name="second"),) if seed % 3 == 0 else (),
    )
    monkeypatch.setattr(wider, "MOST_WORK", 10**7)
    for module, name, value in (
        (stretches, "BLOCK", 64), (stretches, "MASK", 2**64 - 1), (stretches, "LEAST", 2), (walk, "LEAST_MET", 3),
        (bounds, "KEPT", 400), (passing, "MOST_NAMED", 1 + seed % 3), (walk, "MOST_NAMED", 1 + seed % 3),
        (wider, "MOST_NARROWER", 3),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, value)

    def answer():
        return compare_with(REPORT, rules, MAPPING if seed % 4 else None, also=["forbidden"])

    made = []
    first_init = stretches.Stretch.__init__
    monkeypatch.setattr(
        stretches.Stretch,
        "__init__",
        lambda self, rows, axis, **more: made.append(axis) or first_init(self, rows, axis, **more),
    )
    together = answer()
    assert seed >= 12 or {3, 4} & set(made)
    for module in (existing_decide, passing, walk, forbidden):
        monkeypatch.setattr(module, "MOST_NAMED", 10**6)
    monkeypatch.setattr(walk, "LEAST_MET", 10**9)
    monkeypatch.setattr(wider, "MOST_NARROWER", 0)
    apart = answer()
    assert [one.state for one in together.flows] == [one.state for one in apart.flows]
    for one, other in zip(together.wider, apart.wider, strict=True):
        assert one == other
    assert together.untried == apart.untried == 0
    for one, other in zip(together.flows, apart.flows, strict=True):
        assert set(one.by) <= set(other.by), one
        assert set(one.constructs) <= set(other.constructs)
    assert [one.entry for one in together.forbidden.entries] == [one.entry for one in apart.forbidden.entries]


def ranges(entries, width, axis="ports"):
    return ruleset(*(
        accept(f"e{number}", match("", "", "tcp", **{axis: Spans(((number + 1, number + width),))}))
        for number in range(entries)
    ))  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("axis", ["ports", "source_ports"])
def test_thousands_of_entries_whose_ports_overlap_take_a_few_steps_each(axis):
    ends = [host(f"C{n}", f"10.0.0.{n}") for n in range(1, 11)] + [
        host(f"S{n}", f"192.0.2.{n}", zone="DMZ") for n in range(1, 11)
    ]
    report = plan(ends, [flow(f"C{n}", f"S{m}", ports="60000") for n, m in product(range(1, 11), repeat=2)])
    few, many = (compare_with(report, ranges(entries, 3_000, axis)) for entries in (300, 1_200))
    for found, entries in ((few, 300), (many, 1_200)):
        assert (len(found.wider), found.untried) == (entries, 0)
        assert {one.pairs for one in found.wider} == {380}
    # Of each block of a thousand and some entries that overlap one step.
    assert few.steps < 300 * 5 + 100 * 25, few.steps
    assert many.steps < 1_200 * 5 + 100 * 25, many.steps


@pytest.mark.slow
def test_of_four_thousand_entries_from_anywhere_to_anywhere_with_overlapping_ports_each_is_tried():
    report = plan([host("Web", "10.0.0.1"), host("Store", "192.0.2.1", zone="DMZ")], [flow("Web", "Store")])
    found = compare_with(report, ranges(4_000, 3_000))
    assert (len(found.wider), found.untried) == (4_000, 0)
    assert all(one.is_whole for one in found.wider)
    # The first admits all of its ports, the others one each.
    assert (found.wider[0].entry, found.wider[0].services) == ("e0", ("tcp 1-3000",))
    assert {one.services for one in found.wider[1:]} == {(f"tcp {port}",) for port in range(3_001, 7_000)}
    assert found.steps < 4_000 * 4, found.steps
