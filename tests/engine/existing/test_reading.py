"""Files of firewalls: how they are decoded, and what none of them is."""

import gc
import json

import pytest

from planner.engine.existing.model import Unreadable
from planner.engine.existing.readers import READERS
from planner.engine.existing.reading import read_existing
from planner.plan.limits import EXISTING
from tests.each import each
from tests.engine.existing.samples import SAMPLES
from tests.made import made

TABLE = "source,destination,service,action,name\nany,any,tcp/443,allow,Zürich\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_text_is_utf_8_or_has_a_byte_order_mark(encoding):
    (entry,) = read_existing(TABLE.encode(encoding), "csv").stages[0].entries
    assert entry.name == "row 2 “Zürich”"


def test_utf_16_of_either_order_is_read():
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        assert read_existing(mark + TABLE.encode(encoding), "csv").stages[0].entries


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "The configuration is empty; it is made by "),
        (b" \r\n\t", "The configuration is empty"),
        (TABLE.encode("latin-1"), "Line 2 is not UTF-8; save the file as UTF-8."),
        (TABLE.encode("utf-16")[:-1], "This begins as UTF-16 and isn't; save it as UTF-8."),
        (b"\xff\xfe\x00\xd8", "This begins as UTF-16 and isn't"),
        (TABLE.replace("ü", "u").encode("utf-16-le"), "This is no text: it has characters of the number 0."),
        (b"PK\x03\x04\x14\x00", "This is no text but a zip archive"),
        (b"\x1f\x8b\x08", "packed by gzip; unpack it"),
        (b"%PDF-1.7", "a PDF"),
        (lambda: b"\n" * 2_000_000 + b"x\r\n", "The configuration has 2,000,001 lines; at most 2,000,000 are read."),
        (lambda: b"x" * (EXISTING + 1), "The configuration has more than 20 MiB, which is the most that is read."),
    ],
    ids=range(11),
)
def test_what_is_no_text_of_a_firewall_is_refused_with_a_sentence(data, said):
    with pytest.raises(Unreadable) as refused:
        read_existing(made(data), "csv")
    assert said in str(refused.value)


@pytest.mark.parametrize("name", ["iptables", "fortigate", "asa", "srx"])
def test_a_line_of_a_device_has_an_end(name):
    with pytest.raises(Unreadable, match="a line of more than 1,048,576 characters"):
        read_existing(b"x" * (2**20 + 1), name)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Unreadable("Line 1:\n“a\u202e\ufeffb” is none."), "Line 1: “a<U+202E>�b” is none."),
        (Unreadable("x" * 2000), "x" * 999 + "…"),
        (RecursionError(), "The configuration is nested too deeply; that of no firewall is."),
    ],
)
def test_what_a_reader_says_of_a_file_is_a_sentence_on_one_line(monkeypatch, error, said):
    def refuse(_):
        raise error

    monkeypatch.setattr("planner.engine.existing.readers.csv.read", refuse)
    with pytest.raises(Unreadable) as refused:
        read_existing(b"x", "csv")
    assert str(refused.value) == said


def test_every_reader_that_is_offered_is_there():
    for name, reader in READERS.items():
        assert reader.name == name
        assert callable(reader.read)
        assert reader.label
        assert reader.made_by


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ("a\\ud800b", "a\ufffdb"), ("\\uDC00\\ud83d\\ude00", "\ufffd\U0001f600"), ("\\\\ud800", "\\ud800"),
        ("\\ud83d\\ud83d\\ude00", "\ufffd\U0001f600"), ("\\u00e4", "ä"),
    ],
    ids=range(5),
)  # fmt: skip
def test_half_a_character_in_json_is_one_that_can_be_shown(said, read):
    chain = {
        "family": "inet", "table": "f", "name": "c", "handle": 1, "type": "filter", "hook": "forward", "prio": 0,
        "policy": "drop",
    }  # fmt: skip
    rule = {"family": "inet", "table": "f", "chain": "c", "handle": 2, "comment": "HERE", "expr": [{"drop": None}]}
    text = json.dumps({"nftables": [{"chain": chain}, {"rule": rule}]}).replace("HERE", said)
    [stage] = read_existing(text.encode(), "nftables").stages
    assert stage.entries[0].comment == read


def test_nobody_looks_for_circles_while_several_are_read_and_afterwards_it_is_as_before(monkeypatch):
    seen = []

    def nested(text):
        seen.append(gc.isenabled())
        if text == "outer":
            with pytest.raises(Unreadable):
                read_existing(b"inner", "csv")
            seen.append(gc.isenabled())
        raise Unreadable("That is all.")

    monkeypatch.setattr("planner.engine.existing.readers.csv.read", nested)
    with pytest.raises(Unreadable, match="That is all"):
        read_existing(b"outer", "csv")
    assert seen == [False, False, False]
    assert gc.isenabled()


PAGED = [("fortigate", "--More-- "), ("asa", "<--- More --->"), ("srx", "---(more)---"), ("srx", "---(more 34%)---")]


@each(("name", "mark"), PAGED)
@each("wiped", ["\r{}\r", "\r\n{}\r\n", "\r\n", "\r"])
def test_a_mark_of_a_pager_that_is_wiped_out_takes_no_line_with_it(name, mark, wiped):
    """A terminal goes back, writes blanks over it, and goes back once more; a form makes ends of lines of that."""
    lines = SAMPLES[name].splitlines()
    paged = "".join(f"{mark}{wiped.format(' ' * len(mark))}{line}\r\n" for line in lines)
    assert read_existing(paged.encode(), name) == read_existing(SAMPLES[name].encode(), name)


@each(("name", "mark"), PAGED)
@each("end", [" " * 20, "\b" * 9 + " " * 9 + "\b" * 9, "\x1b[K", ""])
def test_a_mark_of_a_pager_that_may_hide_a_line_is_refused(name, mark, end):
    first, *lines = SAMPLES[name].splitlines()
    paged = "\n".join([first, mark + end + lines[0].strip(), *lines[1:], ""])
    with pytest.raises(Unreadable) as refused:
        read_existing(paged.encode(), name)
    assert str(refused.value) == (
        f"Line 2 has the mark of a pager, {mark.strip()}, so that lines may be lost. Have the device write it in one "
        f"go: {READERS[name].unpaged}."
    )


def test_what_is_no_mark_of_a_pager_stays():
    text = SAMPLES["fortigate"].replace('"Vault"', '"--More-- \r \r"')
    [entry] = read_existing(text.encode(), "fortigate").stages[0].entries
    assert "--More--" in entry.name
    with pytest.raises(Unreadable, match="Line 1 is none of iptables-save"):
        read_existing(b"--More-- \r         \r*filter\n", "iptables")
