"""Text functions cost in proportion to the text, whatever it is made of.

Regular expressions and Unicode tables work in C, where no steps can be counted. So processor time is compared, with a
margin that no line passes and every square does: sixteen times the text may cost 64 times as much, a square costs 256.
"""

import gc
import re
import time
import unicodedata
from contextlib import suppress
from dataclasses import replace

import pytest

from planner.engine import evaluate_report
from planner.plan import syntax
from planner.plan.document import PlanError, check_plan, read_plan
from planner.plan.endpoint_import import Wishes, compare
from planner.plan.endpoint_table import TableError, read_sheet
from planner.plan.faults import shown
from planner.report.firewall.words import _wrap, clean, cut
from planner.report.formats.csv import field
from planner.report.formats.markdown import _escape_lines, escape
from planner.report.formats.workbook import as_cell
from planner.report.paper import typst_pages, words
from planner.report.paper.printed import make
from planner.report.paper.styled import break_words
from planner.report.said.filters import Filter, filter_flows
from planner.report.said.outline import describe_reasons
from planner.web.plain_pages import write_out
from ports import text as module
from ports.filters import read_query
from ports.matrix import Reason
from ports.queries import shipped_matrix
from tests.report.samples import evaluate, sites

pytestmark = pytest.mark.slow

MATRIX = shipped_matrix()
KINDS = {
    "spaces": lambda n: f"a{' ' * n}b",
    "spaces and a break": lambda n: f"a{' ' * n}b\n",
    "tabs": lambda n: f"a{'	' * n}b",
    "line breaks": lambda n: "a\n" * (n // 2),
    "carriage returns": lambda n: "\r" * n,
    "spaces before breaks": lambda n: "   \n" * (n // 4),
    "no-break spaces": lambda n: "a\u00a0" * (n // 2),
    "semicolons": lambda n: "; " * (n // 2),
    "overrides": lambda n: "\u202e" * n,
    "separators": lambda n: "x\u2028" * (n // 2),
    "accents": lambda n: "e" + "\u0301" * n,
    "accents out of order": lambda n: "e" + "\u0315" * (n // 2) + "\u0323" * (n // 2),
    "accents by turns": lambda n: "e" + "\u0345\u0301" * (n // 2),
    "joiners": lambda n: "a\u200d" * (n // 2),
    "families": lambda n: "\U0001f468\u200d\U0001f469\u200d\U0001f467" * (n // 5),
    "formulas": lambda n: "=+-@" * (n // 4),
    "ends of sections": lambda n: "]]>" * (n // 3),
    "brackets": lambda n: "<" * n,
    "ampersands": lambda n: "&" * n,
    "quotes": lambda n: "\"'`" * (n // 3),
    "backslashes": lambda n: "\\" * n,
    "escaped quotes": lambda n: '\\"' * (n // 2),
    "code": lambda n: "#[$@" * (n // 4),
    "hyphens": lambda n: "a-" * (n // 2),
    "dots": lambda n: "a." * (n // 2),
    "addresses of pages": lambda n: "www.://" * (n // 7),
    "one word": lambda n: "x" * n,
    "words": lambda n: f"{'x' * 20} " * (n // 21),
    "hebrew": lambda n: "שלום" * (n // 4),
    "chinese": lambda n: "漢" * n,
}


def refused(work, *errors):
    """Work that ends in one of these errors, whose cost is told too."""

    def run(text):
        with suppress(errors):
            work(text)

    return run


def document(text):
    return {
        "format": 1,
        "name": text,
        "description": text,
        "zones": [{"name": text, "kind": "dmz"}, {"name": text, "kind": text}],
        "endpoints": [{"name": text, "zone": text, "addresses": [text], "managed_by": [text], text: text}],
        "ports": {text: text, "ssh": text},
        "additional_flows": [{"source": text, "destination": text, "protocol": "tcp", "ports": text, "reason": text}],
    }


EMPTY = {"format": 1, "name": "P", "zones": [{"name": "A", "kind": "dmz"}], "endpoints": []}
WORK = {
    "show": module.show,
    "show_line": module.show_line,
    "cut": lambda text: module.cut(text, 60),
    "short": module.short,
    "several": lambda text: module.several([text] * 4),
    "name_key": module.name_key,
    "free_name": lambda text: module.free_name(text, {module.name_key(text)}),
    "neutralise": module.neutralise,
    "csv": field,
    "markdown": escape,
    "markdown, lines": _escape_lines,
    "xlsx": as_cell,
    "firewall": clean,
    "firewall, cut": lambda text: cut(text, 100),
    "firewall, wrapped": lambda text: _wrap.__wrapped__(text, 100, "  "),  # what was wrapped before is at hand
    "paper": words.shown_lines,
    "paper, shortened": lambda text: words.shorten(text, 70),
    "paper, in words": typst_pages._part_words,
    "paper, in lines": typst_pages._part_lines,
    "paper, unseen": typst_pages._drop_unseen,
    "house style": lambda text: break_words(f"<p>{text.replace('&', '&amp;').replace('<', '&lt;')}</p>"),
    "page": lambda text: write_out(f"<p>{text.replace('<', '&lt;')}</p>"),
    "reasons": lambda text: describe_reasons([Reason(topic="", text=text), Reason(topic=text, text=text)]),
    "fault": shown,
    "document": refused(lambda text: check_plan(document(text), matrix=MATRIX), PlanError),
    "json": refused(lambda text: syntax.parse(f'{{"a": "{text}'.encode(), "json"), syntax.SyntaxFault),
    "yaml": refused(lambda text: syntax.parse(text.encode(), "yaml"), syntax.SyntaxFault),
    "yaml, quoted": refused(lambda text: syntax.parse(f'a: "{text}'.encode(), "yaml"), syntax.SyntaxFault),
    "json and back": lambda text: read_plan(
        syntax.to_json(EMPTY | {"description": text}).encode(), matrix=MATRIX, syntax="json"
    ),
    "yaml and back": lambda text: read_plan(syntax.to_yaml(EMPTY | {"description": text}).encode(), matrix=MATRIX),
    "table": refused(lambda text: compare(read_sheet(text.encode()), EMPTY, Wishes(), matrix=MATRIX), TableError),
    "cell of a table": refused(
        lambda text: compare(read_sheet(f'name,zone\n"{text}","{text}"'.encode()), EMPTY, Wishes(), matrix=MATRIX),
        TableError,
    ),
    "search": lambda text: read_query(MATRIX, {"text": text, "section": text, "port": text}),
}
"""What is done with text, by name."""
SMALL = 2_000
"""Characters; at 16 times as many a square takes half a second and more."""
LEAST = 0.002
"""Seconds that any work may take, since a clock is coarse."""


def measure(work, text):
    """Seconds, without looking for garbage: that costs the more, the more the tests before have left about."""
    gc.disable()
    try:
        began = time.process_time()
        work(text)
        return time.process_time() - began
    finally:
        gc.enable()


@pytest.mark.parametrize("name", WORK)
def test_sixteen_times_the_text_costs_no_square_of_it(name):
    work = WORK[name]
    for kind, repeat in KINDS.items():
        work(repeat(100))  # what is done once
        large = measure(work, repeat(16 * SMALL))
        if large <= 64 * LEAST:
            continue
        small = min(measure(work, repeat(SMALL)) for _ in range(3))
        most = 64 * max(small, LEAST)
        if large > most:  # a clock that was wrong once
            large = measure(work, repeat(16 * SMALL))
        assert large <= most, f"{kind}: {small:.4f} s became {large:.4f} s"


@pytest.mark.parametrize("name", WORK)
def test_only_what_is_short_is_brought_into_a_normal_form(name, monkeypatch):
    """Pythons that are allowed take the square of the number of accents to bring them into their order."""
    lengths = [0]
    normalize = unicodedata.normalize

    def watch(form, text):
        lengths.append(len(text))
        return normalize(form, text)

    monkeypatch.setattr(unicodedata, "normalize", watch)
    for kind, repeat in KINDS.items():
        if kind.startswith("accents"):
            WORK[name](repeat(5_000))
    assert max(lengths) <= 4 * module.MAX_NAME


def test_what_is_too_long_to_be_searched_for_is_refused():
    query, faults = read_query(MATRIX, {"text": "e" + "\u0301" * 5_000})
    assert query.text == ""
    assert "characters at most" in faults["text"]


def test_the_margin_tells_a_square_from_a_line():
    square = re.compile(r"\s*[\t\r\n]\s*").sub
    third = SMALL // 3  # shows already
    small, large = (measure(lambda text: square(" ", text), KINDS["spaces"](n)) for n in (third, 16 * third))
    assert large > 64 * max(small, LEAST)


def count_parts(node):
    """How many parts each paragraph of a node has, in the order of reading."""
    counts = [0]

    def walk(kids):
        for kid in kids:
            tag = "text" if isinstance(kid, str) else kid["t"]
            if tag == "turn":
                counts.append(0)
            elif tag == "long":
                counts[-1] += len(kid["k"])
            elif tag in typst_pages._INLINE and kid["k"]:
                walk(kid["k"])
            elif tag == "text" or tag in typst_pages._INLINE:
                counts[-1] += 1
            else:
                counts.append(0)
                walk(kid["k"])
                counts.append(0)

    walk([node])
    return counts


@pytest.mark.parametrize(
    "kids",
    [
        ["x" * 50_000],
        [make("bdi", "x" * 50_000), "y" * 50_000],
        [[make("b", "x" * 20), " and "] for _ in range(5_000)],
        words.shown_lines(f"{'x' * 20}\n" * 5_000),
        [make("span", make("i", "x" * 5_000), make("br"), "y" * 5_000)],
    ],
    ids=["a word", "two scripts", "many names", "many lines", "elements in elements"],
)
@pytest.mark.parametrize("tag", ["p", "td", "pre"])
def test_a_paragraph_on_paper_has_no_more_parts_than_its_lines_are_soon_broken_of(tag, kids):
    """Typst takes the square of their number. All that is said is still there, in its order."""
    element = make("div", make(tag, kids), make(tag, kids))
    node = typst_pages._make_node(element, [])
    counts = count_parts(node)
    assert max(counts) <= typst_pages._PARTS
    assert sum(counts) > 10_000
    assert "".join(say(node)) == "".join(element.texts())


def say(node):
    for kid in node["k"]:
        if isinstance(kid, str):
            yield kid
        else:
            yield from say(kid)


def test_what_is_short_is_one_paragraph():
    node = typst_pages._make_node(make("p", "Short words, and a", make("b", "w" * 40), make("br"), "line."), [])
    assert [kid if isinstance(kid, str) else kid["t"] for kid in node["k"]] == [
        "Short words, and a",
        "b",
        "br",
        "line.",
    ]


def test_a_word_of_a_house_style_may_break_every_400_letters_and_nothing_else_is_touched():
    assert break_words(f"<p>{'x' * 400}</p>") == f"<p>{'x' * 400}</p>"
    assert break_words(f"<p>{'x' * 401}</p>") == f"<p>{'x' * 400}<wbr>x</p>"
    assert break_words(f"<p>{'&lt;' * 801}</p>") == f"<p>{'&lt;' * 400}<wbr>{'&lt;' * 400}<wbr>&lt;</p>"
    for same in (
        f"<style>{'x' * 900}</style>",
        f'<a href="#{"x" * 900}">to</a>',
        f"<p>{('x' * 399 + ' ') * 9}</p>",
        f"<p>{('x' * 399 + '<br>') * 9}</p>",
    ):
        assert break_words(same) == same


class Address(str):
    """An address that counts how often it is looked at."""

    __slots__ = ()
    folded = 0

    def casefold(self):
        Address.folded += 1
        return str.casefold(self)


def test_a_search_looks_at_the_addresses_of_an_endpoint_once_in_however_many_flows_it_stands():
    plan = evaluate(sites(20)).plan
    ends = tuple(replace(end, addresses=tuple(map(Address, end.addresses))) for end in plan.endpoints)
    report = evaluate_report(MATRIX, replace(plan, endpoints=ends))
    Address.folded = 0
    assert filter_flows(report, Filter(text="nowhere")) == ()
    assert len(report.flows) > 100
    assert Address.folded == sum(len(end.addresses) for end in ends)
