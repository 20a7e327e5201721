"""What people typed, fit for readers. That none of it costs a square is tests/report/test_text_growth.py's matter."""

import ast
import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ports.text import (
    CONTROL,
    CONTROL_BUT_BREAKS,
    INT_64,
    MAX_NAME,
    MAX_NAMED,
    MAX_SHORT,
    cut,
    free_name,
    many,
    name_key,
    name_letter,
    neutralise,
    neutralise_parts,
    one_line,
    plural,
    read_number,
    several,
    short,
    show,
    show_line,
)

ROOT = Path(__file__).resolve().parents[2]
ANY = st.text(st.characters(), max_size=40)
BREAKS = st.text("ab \t\r\n\u00a0\u2028\u202e\u3000", max_size=12)


@given(ANY | BREAKS)
def test_what_is_shown_hides_nothing_and_turns_nothing_round(text):
    seen = show(text)
    assert not any(
        unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") and letter not in "\t\n" for letter in seen
    )
    assert not set(seen) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufffe\uffff")
    assert show(seen) == seen
    spelled = re.sub(r"<U\+([0-9A-F]{4,6})>", lambda found: chr(int(found[1], 16)), seen)
    assert "<U+" in text or spelled == text.replace("\r\n", "\n").replace("\r", "\n")


def test_control_characters_are_those_that_the_unicode_standard_says():
    letters = [chr(number) for number in range(0x10000)]
    control = {letter for letter in letters if unicodedata.category(letter) in ("Cc", "Cs")}
    assert set(filter(CONTROL.search, letters)) == control
    assert set(filter(CONTROL_BUT_BREAKS.search, letters)) == control - set("\t\n\r")


@given(BREAKS | ANY)
def test_what_is_typed_on_one_line_has_single_spaces_and_no_control_characters(text):
    line = one_line(text)
    assert not CONTROL.search(line)
    assert line.split(" ") == line.split() or not line
    assert line.replace(" ", "") == "".join(c for c in text if not c.isspace() and not CONTROL.search(c))


@given(BREAKS | ANY)
def test_on_one_line_white_space_with_a_break_in_it_is_a_space(text):
    assert show_line(text) == re.sub(r"\s*[\t\r\n]\s*", " ", show(text)).strip()


def test_a_character_is_named_by_its_number():
    assert [name_letter(letter) for letter in "\x07\u202e\U0001ffff"] == ["<U+0007>", "<U+202E>", "<U+1FFFF>"]


@given(ANY, st.integers(1, 50))
def test_what_is_cut_says_so_and_is_never_too_long(text, most):
    shown = cut(text, most)
    assert len(shown) <= most
    assert shown == text or (shown.endswith("…") and text.startswith(shown[:-1]))


@given(ANY | BREAKS)
def test_a_short_name_is_on_one_line_in_one_direction(text):
    name = short(text * 3)
    assert len(name) <= MAX_SHORT
    assert name == " ".join(name.split())
    assert not set(name) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")


def test_names_are_listed_and_then_counted():
    names = ["A", "B", "C", "D", "E"]
    assert [several(names[:number]) for number in range(MAX_NAMED + 2)] == [
        "", "A", "A and B", "A, B and C", "A, B, C and 1 more",
    ]  # fmt: skip
    assert several(["A"] * 1_203) == "A, A, A and 1,200 more"


def test_things_are_counted():
    assert [many(number, "rule") for number in (0, 1, 2, 1_000)] == ["0 rules", "1 rule", "2 rules", "1,000 rules"]
    assert [plural(number, "boundary", "boundaries") for number in (0, 1, 2)] == [
        "boundaries", "boundary", "boundaries",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "taken", "free"),
    [
        ("PS01", (), "PS01"),
        ("PS01", ("ps01",), "PS02"),
        ("PS01", ("PS01", "PS02", "PS03"), "PS04"),
        ("PS99", ("PS99",), "PS100"),
        ("Staff", ("STAFF",), "Staff 2"),
        ("Staff", ("Staff", "Staff 2"), "Staff 3"),
        ("1234567890", ("1234567890",), "1234567890 2"),
        ("x" * MAX_NAME, ("x" * MAX_NAME,), "x" * (MAX_NAME - 2) + " 2"),
        ("é", ("e\u0301",), "é 2"),
    ],
)
def test_a_free_name_is_the_next_one_like_it(name, taken, free):
    assert free_name(name, {name_key(other) for other in taken}) == free


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=20))
def test_names_are_the_same_whatever_their_case_and_the_way_their_accents_are_written(name):
    assert name_key(name) == name_key(unicodedata.normalize("NFD", name)) == name_key(name_key(name))
    assert name_key("Straße") == name_key("STRASSE")


def test_a_text_that_is_too_long_for_a_name_is_like_no_other():
    assert name_key("X" * (MAX_NAME + 1)) == "X" * (MAX_NAME + 1)


@pytest.mark.parametrize("text", ["=1", " =1", "+1", "-1", "@a", "\u200b=1", "\ufeff+1", "＝1", "\ta", "\n", "\r=1"])
def test_a_cell_that_could_be_a_formula_begins_with_an_apostrophe(text):
    assert neutralise(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "a=1", "1-2", "'=1", "a\tb", "<=", "–1"])
def test_any_other_cell_is_as_it_was(text):
    assert neutralise(text) == text


def test_after_a_semicolon_a_cell_may_begin_as_well():
    assert neutralise_parts("=1; =2;+3; a;  @b") == "'=1; '=2;'+3; a;  '@b"
    assert neutralise_parts("a; b=1") == "a; b=1"


COPIES = {
    "a count of things": r"\{'' if [\w()]+ == 1 else 's'\}",
    "a cut text": r"\[: ?[\w ]+ - 1\](\.rstrip\(\))?\}?…",
    "a character by its number": r"U\+\{",
    "what begins a formula": "＝",
    "what a control character is": r"category\(\w+\) (not in|in|==) \(?.C[cs]",
}
NOWHERE = ("a count of things", "what a control character is")


@pytest.mark.parametrize("what", COPIES)
def test_no_other_module_does_it_once_more(what):
    paths = [path for folder in ("planner", "ports") for path in (ROOT / folder).rglob("*.py")]
    found = {str(path.relative_to(ROOT)) for path in paths if re.search(COPIES[what], path.read_text("utf-8"))}
    assert found == (set() if what in NOWHERE else {"ports/text.py"})


def test_it_knows_the_standard_library_alone():
    tree = ast.parse((ROOT / "ports" / "text.py").read_text("utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported == {"collections.abc", "functools"}


@pytest.mark.parametrize(
    ("text", "least", "most", "number"),
    [
        ("0", 0, 9, 0), ("0", 1, 9, None), ("9", 1, 9, 9), ("10", 1, 9, None), ("09", 1, 99, 9), ("009", 1, 99, None),
        ("", 0, 9, None), ("-1", -9, 9, None), ("+1", 0, 99, None), (" 1", 0, 99, None), ("1.0", 0, 999, None),
        ("²", 0, 9, None), ("٣", 0, 9, None), ("x", 0, 9, None), ("9" * 5_000, 0, INT_64, None),
        (str(INT_64), 0, INT_64, INT_64), (str(INT_64 + 1), 0, INT_64, None),
    ],
)  # fmt: skip
def test_a_number_is_read_where_it_is_one_and_within_what_is_allowed(text, least, most, number):
    assert read_number(text, least=least, most=most) == number
