"""Rows are found by what their sets begin and end with: as going over all of them finds them, in fewer steps."""

import random
from itertools import product

import pytest

from planner.engine.existing import bounds
from planner.engine.existing.bits import list_bits, to_bits
from planner.engine.existing.bounds import Bounds
from planner.engine.spans import Spans


def test_bits_are_listed_in_order():
    assert list(list_bits(0b101001)) == [0, 3, 5]
    assert list(list_bits(to_bits([700, 64, 63], 700))) == [63, 64, 700]
    assert list(list_bits(0)) == []


def draw_set(draw, most):
    """Up to so many spans of up to 40 numbers below 400."""
    begins = [draw.randrange(400) for _ in range(draw.randint(1, most))]
    return Spans.of((first, first + draw.choice([0, 0, 1, 39])) for first in begins)


@pytest.mark.parametrize("kept", [0, 400, 3_000, 2**24])
@pytest.mark.parametrize("together", [1, 8])
def test_what_sets_have_in_common_is_what_going_over_all_finds(monkeypatch, kept, together):
    draw = random.Random(kept + together)
    monkeypatch.setattr(bounds, "KEPT", kept)
    monkeypatch.setattr(bounds, "MANY_SPANS", together)
    monkeypatch.setattr(bounds, "MANY_ROWS", together)
    for most, count in product((1, 3, 30), (0, 1, 7, 60)):
        sets = list({draw_set(draw, most) for _ in range(count)})
        owners = [draw.randrange(len(sets)) for _ in range(3 * count)]
        rows = {one: [row for row, owner in enumerate(owners) if owner == number] for number, one in enumerate(sets)}
        known = Bounds(rows, len(owners))
        for _ in range(40):
            asked = draw_set(draw, draw.choice([1, 1, 4]))
            met = {row for one, several in rows.items() if one & asked for row in several}
            around = {row for one, several in rows.items() if one.covers(asked) for row in several}
            assert set(list_bits(known.find_met(asked))) == met, asked
            assert set(list_bits(known.find_around(asked))) == around, asked


class Counted(list):
    """Bounds that count how many of them are gone over."""

    gone = 0

    def __getitem__(self, key):
        found = super().__getitem__(key)
        if isinstance(key, slice):
            Counted.gone += len(found)
        return found


@pytest.mark.parametrize("several", [1, 400])
def test_what_is_found_takes_no_more_where_many_meet_and_sets_have_many_spans(monkeypatch, several):
    """Two thousand sets of one span, and a few hundred of many, each of which meets all that is asked for."""
    Counted.gone = 0
    count = 2_000 if several == 1 else 200
    sets = {
        Spans(tuple((10 * place + number, 10 * several + 3_000 + number) for place in [0]))
        if several == 1
        else Spans(tuple((100_000 * place + number, 100_000 * place + 50_000) for place in range(several))): [number]
        for number in range(count)
    }
    known = Bounds(sets, count)
    known._begins, known._ends = Counted(known._begins), Counted(known._ends)
    for one in (known._inside, known._beginning, known._ending):
        one._places._bounds = Counted(one._places._bounds)
    assert known.find_met(Spans(((2_500, 2_999),))) == known.find_around(Spans(((2_500, 2_999),))) == (1 << count) - 1
    built, Counted.gone = Counted.gone, 0
    assert built <= 6 * several * count
    for asked in range(300):
        known.find_met(Spans(((asked, 40_000_000),)))
        known.find_around(Spans(((asked, asked + 10),)))
    assert Counted.gone < 300 * 20, Counted.gone
