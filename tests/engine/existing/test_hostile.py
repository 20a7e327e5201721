"""Files that are broken, or made to do harm: a ruleset or a sentence comes of each, whatever reader it is given to."""

import bz2
import gzip
import io
import lzma
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.engine.existing.model import Ruleset, Unreadable
from planner.engine.existing.readers import READERS
from planner.engine.existing.reading import read_existing
from tests.engine.existing.samples import SAMPLES
from tests.strategies import often

SIZE = 2**18
"""Bytes of a large file here. Work that grows with its square would take an hour; one line of it is still read."""


def attempt(data, name):
    """What comes of a file: the ruleset, or the sentence."""
    try:
        return read_existing(data, name)
    except Unreadable as refused:
        said = str(refused)
        assert said[0].isupper()
        assert said.endswith((".", "…"))
        assert len(said) <= 1000
        assert said.isprintable()
        return said


def zipped(text):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", text)
    return file.getvalue()


PACKED = {
    "zip": zipped("x" * 1_000_000),
    "gzip": gzip.compress(b"x" * 1_000_000),
    "bzip2": bz2.compress(b"x" * 1_000_000),
    "xz": lzma.compress(b"x" * 1_000_000, preset=0),
    "pdf": b"%PDF-1.7\n",
}


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("kind", PACKED)
def test_what_is_packed_is_not_unpacked(name, kind):
    assert attempt(PACKED[kind], name).startswith("This is no text but ")


@pytest.mark.parametrize("name", READERS)
def test_a_file_of_another_format_is_no_ruleset_in_which_anything_is_open(name):
    for other, sample in SAMPLES.items():
        found = attempt(sample.encode(), name)
        if other != name and isinstance(found, Ruleset):
            entries = [entry for stage in found.stages for entry in stage.entries]
            entries += [entry for chain in found.chains.values() for entry in chain]
            assert not [entry for entry in entries if entry.verdict == "accept" and not entry.obscure], other
            assert all(stage.default != "accept" for stage in found.stages), other


def fill(text, most=SIZE):
    """A text as often as it goes into a large file."""
    return text * (most // len(text.encode()))


DEEP = 100_000
SHAPES = {
    "one line": lambda: fill("x"),
    "lines": lambda: fill("x\n"),
    "blanks": lambda: fill(" ") + "x",
    "line breaks": lambda: fill("\n", SIZE - 10) + "x",
    "quotes": lambda: fill('"'),
    "quoted lines": lambda: fill('"\n'),
    "commas": lambda: fill(","),
    "semicolons after the head": lambda: "source;destination;service;action\n" + fill(";", SIZE - 99),
    "values in a cell": lambda: (
        "source;destination;service;action\n" + fill("10.0.0.1,", SIZE - 99) + ";any;any;allow"
    ),
    "spaces in a cell": lambda: "source;destination;service;action\na" + fill(" ", SIZE - 99) + ";any;any;allow",
    "words in a cell": lambda: "source;destination;service;action\nany;any;" + fill("a ", SIZE - 99) + ";allow",
    "brackets in a cell": lambda: "source;destination;service;action\nany;any;" + fill("(", SIZE - 99) + ";allow",
    "digits": lambda: fill("9"),
    "digits in lists": lambda: '{"rules": [' + fill("9", SIZE - 99) + "]}",
    "lists": lambda: "[" * DEEP,
    "lists closed": lambda: "[" * DEEP + "]" * DEEP,
    "mappings": lambda: '{"rules":' * DEEP,
    "brackets": lambda: fill("[{"),
    "empty lists": lambda: "[" + fill("[],", SIZE - 99) + "[]]",
    "many keys": lambda: "{" + ",".join(f'"{number}":1' for number in range(20_000)) + "}",
    "backslashes": lambda: '"' + fill("\\", SIZE - 99),
    "sections": lambda: fill("config firewall policy\n"),
    "sections within": lambda: "config a\nedit 1\n" * DEEP,
    "braces": lambda: fill("{\n"),
    "tags": lambda: fill("<a>"),
    "tags that close": lambda: "<a>" * DEEP + "</a>" * DEEP,
    "entities": lambda: (
        '<!DOCTYPE a [<!ENTITY b "xxxxxxxxxx">'
        + "".join(f'<!ENTITY b{n} "{"&b" + str(n - 1 if n else "") + ";"}">' for n in range(30))
        + "]><config>&b29;</config>"
    ),
    "external entity": lambda: '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><config>&x;</config>',
    "rules of iptables": lambda: "*filter\n:FORWARD DROP [0:0]\n" + fill("-A FORWARD -j ACCEPT\n", SIZE - 99),
    "set lines": lambda: fill("set security policies from-zone a to-zone b policy c match source-address d\n"),
    "access lists": lambda: fill("access-list a extended permit ip any any\n"),
    "bytes that are no letters": lambda: fill("\x01\x02\x7f\u202e"),
}


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("shape", SHAPES)
def test_no_shape_of_a_large_file_keeps_a_reader_from_its_end(name, shape):
    """Work that grows with the square of a file, or a stack that it fills, would show here."""
    attempt(SHAPES[shape]().encode()[:SIZE], name)


CHANGES = st.lists(
    st.tuples(
        st.floats(0, 1),
        st.sampled_from(["cut", "drop", "double", "put", "swap"]),
        st.one_of(
            st.sampled_from(
                ["\n", '"', "{", "}", "[", "]", ",", ";", "!", "(", "0", "-1", "999999999999", "\ufeff", "\u202e", "é",
                 "\\", "null", "true", '{"a": 1}', "any", "/", "<", "&", "'", " ", "\t", "#"]
            ),
            st.text(max_size=3),
        ),
    ),
    min_size=1,
    max_size=6,
)  # fmt: skip


def mutate(text, changes):
    for where, how, what in changes:
        at = int(where * len(text))
        if how == "cut":
            text = text[:at]
        elif how == "drop":
            text = text[:at] + text[at + 1 + len(what) * 3 :]
        elif how == "double":
            text = text[:at] + text[max(0, at - 40) : at] * 2 + text[at:]
        elif how == "put":
            text = text[:at] + what + text[at:]
        else:
            text = text[:at] + what + text[at + len(what) :]
    return text


@pytest.mark.parametrize("name", SAMPLES)
@settings(max_examples=often(200))
@given(changes=CHANGES, encoding=st.sampled_from(["utf-8", "utf-8", "utf-8", "utf-16", "latin-1"]))
def test_a_broken_file_is_read_or_refused_with_a_sentence(name, changes, encoding):
    attempt(mutate(SAMPLES[name], changes).encode(encoding, "replace"), name)


def test_every_format_has_a_good_file_to_begin_with():
    assert set(SAMPLES) == set(READERS)


@pytest.mark.parametrize("name", SAMPLES)
def test_a_file_that_was_cut_anywhere_is_read_or_refused_with_a_sentence(name):
    assert isinstance(attempt(SAMPLES[name].encode(), name), Ruleset)
    for end in range(0, len(SAMPLES[name]), 7):
        attempt(SAMPLES[name][:end].encode(), name)
