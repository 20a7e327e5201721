"""The one style of plan files: what is said stays, and so does every comment; formatting twice is formatting once."""

import json
import re

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from planner.plan import formatting, syntax
from planner.plan.document import PlanError, dump_plan, read_plan
from planner.plan.formatting import format_document, rewrite_document
from planner.plan.rows import NO_RENAMES, Renames, apply_renames
from planner.plan.syntax import parse, to_json, to_yaml
from ports.queries import shipped_matrix
from tests.examples import EXAMPLES, PLANS
from tests.plan.test_broken import SOUND
from tests.strategies import often


def fmt(text, kind="yaml"):
    """Format a text, and see that doing it again changes nothing."""
    written = format_document(text.encode(), kind)
    assert format_document(written, kind) == written
    return written.decode()


def said(text):
    """What the words of comments are, in any order."""
    return sorted(re.findall(r"#\w+", text))


WRITTEN = """\
# yaml-language-server: $schema=plan.json
# Ours

name: Contoso   # the name
format: 1
zones: # all of them
  - {kind: dmz, name: A}   # in brackets
  # about B
  - name: B # its name


    kind: internal
  # - name: C
  #   kind: lan
endpoints:

  # the first
  - zone: A # its zone
    # about the name
    name: "P # 1"
    group: True
    roles: [web-primary, # main
      database   # beside
      ] # closed
    # no more roles
  # no more endpoints
# what is decided
choices: {esxi: ssh, # undecided before
   # likewise
   windows-validation: smb}


description: |  # in lines
  a
    b # no comment

  c
ports:
  website: 8443
  # smtp: 25
# nothing more

# at all
"""
FORMATTED = """\
# yaml-language-server: $schema=plan.json
# Ours

format: 1
name: Contoso  # the name

description: |  # in lines
  a
    b # no comment

  c
zones:  # all of them
  - name: A  # in brackets
    kind: dmz
  # about B
  - name: B  # its name

    kind: internal
  # - name: C
  #   kind: lan
endpoints:
  # the first
  # about the name
  - name: 'P # 1'
    zone: A  # its zone
    group: true
    roles:
      - web-primary  # main
      - database  # beside  # closed
    # no more roles
  # no more endpoints
# what is decided
choices:
  esxi: ssh  # undecided before
  # likewise
  windows-validation: smb
ports:
  website: '8443'
  # smtp: 25
# nothing more

# at all
"""


def test_keys_come_in_order_and_every_comment_stays_at_what_it_is_about():
    assert fmt(WRITTEN) == FORMATTED


@pytest.mark.parametrize("slug", EXAMPLES)
def test_what_the_service_writes_is_formatted(slug):
    text = to_yaml(dump_plan(PLANS[slug]))
    assert fmt(text) == text == EXAMPLES[slug].data.decode()
    text = to_json(dump_plan(PLANS[slug]))
    assert fmt(text, "json") == text


def test_json_has_its_keys_in_order_and_its_types():
    text = json.dumps(
        dict(reversed(SOUND.items())) | {"ports": {"website": 8443}, "more": [1.5, None, True, "\ud800"]}
    )
    written = fmt(text, "json")
    assert list(json.loads(written)) == [*SOUND, "more"]
    assert json.loads(written) == json.loads(text)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_lines_end_as_they_did_and_a_byte_order_mark_goes(mark, end):
    assert format_document((mark + WRITTEN.replace("\n", end)).encode(), "yaml").decode() == FORMATTED.replace(
        "\n", end
    )


def test_mixed_ends_of_lines_become_one():
    assert fmt(WRITTEN.replace("\n", "\r\n", 5)) == FORMATTED


@pytest.mark.parametrize(
    "text",
    [
        "a: &x 1\nb: *x\n",
        "a: !!str 1\n", "a: 1\n---\nb: 2\n", "a: 1\na: 2\n", "- a\n", "", "~\n", "a: [\n", "a: \x01",
        "zones: [{name: A, name: B}]", "<<: {a: 1}\n<<: {b: 2}\n",
    ],
)  # fmt: skip
def test_what_cannot_be_read_or_would_lose_something_is_refused(text):
    with pytest.raises(PlanError) as caught:
        format_document(text.encode(), "yaml")
    assert caught.value.faults[0].message


@pytest.mark.parametrize(
    "text", ['{"a": NaN}', '{"a": 1e999}', '{"a": [-Infinity]}', f'{{"a": {"9" * 30}}}', "[1]", '{"a": 1, "a": 2}']
)
def test_json_that_would_lose_something_is_refused(text):
    with pytest.raises(PlanError):
        format_document(text.encode(), "json")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("--- # top\nname: A\n...\n# end\n", "# top\nname: A\n# end\n"),
        ("%YAML 1.1 # which\n---\nname: A\n", "name: A\n"),
        ("{ # open\n name: A } # close\n", "# open\nname: A  # close\n"),
        ("? name # key\n: # value\n  A # text\n", "name: A  # key  # value  # text\n"),
        ("zones:\n  - # dash\n    name: A\n", "zones:\n  # dash\n  - name: A\n"),
        ("zones:\n- name: A\n# b\n- name: B\n", "zones:\n  - name: A\n  # b\n  - name: B\n"),
        ("a: 'x # y' # z\nb: x#y\n", "a: 'x # y'  # z\nb: x#y\n"),
        ("a:\n  # none\nb: ~ # nothing\n", "a:\n  # none\nb: ~  # nothing\n"),
        ("zones: [] # none\nendpoints: {}\n", "zones: []  # none\nendpoints: {}\n"),
        ("a: |+ # kept\n  x\n\n\n# after\nb: 1\n", "a: 'x\n\n\n\n  '  # kept\n# after\nb: '1'\n"),
        ("a: >-\n  x\n  y # in it\n# after\nb: 0443\n", "a: 'x y # in it'\n# after\nb: '0443'\n"),
        ("a: x\n  y\n\n  z # after\nb: yes\n", "a: |-  # after\n  x y\n  z\nb: 'yes'\n"),
        ("\n\n# one\n\n\n\n# two\na: b\n\n\n\n", "# one\n\n# two\na: b\n"),
        ("name: A\nformat: '1'\n", "format: 1\nname: A\n"),
        ("name: null\n'null': ''\n'~': 2024-01-01\n", "name: null\n'null': ''\n'~': '2024-01-01'\n"),
        ("a: |\n  x\n\n\n# after\nb: 1\n", "a: |\n  x\n\n# after\nb: '1'\n"),
        # A comment comes to stand below the last key, which is another one by then.
        (
            "endpoints:\n  - zone: A\n    # z\n    name: P\n    # y\n\n      # four\nformat: 1\n",
            "format: 1\nendpoints:\n  # z\n  - name: P\n    # y\n\n    # four\n    zone: A\n",
        ),
    ],
    ids=range(17),
)  # fmt: skip
def test_comments_in_odd_places_and_texts_in_odd_shapes(text, written):
    assert fmt(text) == written


def test_each_reason_why_a_document_is_not_formatted_has_its_code():
    found = {}
    for text in ('{"a": 1', '{"a": 1, "a": 2}', "[1]", '{"a": NaN}'):
        with pytest.raises(PlanError) as caught:
            format_document(text.encode(), "json")
        found[text] = [fault.code for fault in caught.value.faults]
    assert list(found.values()) == [["syntax"], ["repeated-key"], ["no-mapping"], ["number"]]


def test_what_would_mean_something_else_is_not_written(monkeypatch):
    monkeypatch.setattr(formatting, "_write_yaml", lambda *_: "name: B\n")
    with pytest.raises(PlanError, match="can't be formatted without changing it"):
        format_document(b"name: A\n", "yaml")


@pytest.mark.parametrize(
    ("kind", "text"), [("json", b'{"name":"A"}'), ("yaml", b"{name: A,zones: [{name: B,kind: dmz}]}")]
)
def test_what_would_be_longer_than_is_read_stays_as_it_is(kind, text, monkeypatch):
    monkeypatch.setattr(syntax, "MAX_BYTES", len(text))
    with pytest.raises(PlanError) as caught:
        format_document(text, kind)
    [fault] = caught.value.faults
    assert (fault.code, fault.where) == ("unformattable", "document")
    assert "longer than is read" in str(fault)


def test_no_text_is_written_so_that_blank_lines_after_it_are_its_own():
    for end in ("", "\n", "\n\n", "\n \n", "\n\t"):
        for text in ("", "a", "a\nb", "\na", " a\nb"):
            assert "+" not in to_yaml({"name": text + end})


def test_long_texts_keep_their_words():
    for word in ("word ", "two  spaces ", "a" * 300 + " ", "# no comment ", ": "):
        text = to_yaml({"description": (word * 60).strip(), "name": "A"})
        assert parse(fmt(text + "# end\n").encode(), "yaml")["description"] == (word * 60).strip()


TEXTS = st.text(st.sampled_from("ab 1#:-'\"\n\t|>{}[],&*!%@`~é😀\x85\u2028"), max_size=12)
TREES = st.fixed_dictionaries(
    {"format": st.just("1"), "name": TEXTS},
    optional={
        "description": TEXTS,
        "zones": st.lists(
            st.fixed_dictionaries({"kind": TEXTS, "name": TEXTS, "networks": st.lists(TEXTS, max_size=2)}), max_size=2
        ),
        "endpoints": st.lists(
            st.fixed_dictionaries(
                {"zone": TEXTS, "group": st.just("true"), "name": TEXTS, "roles": st.lists(TEXTS, max_size=2)}
            ),
            max_size=2,
        ),
        "ports": st.dictionaries(TEXTS.filter(bool), TEXTS, max_size=2),
        "x": st.lists(st.lists(TEXTS, max_size=2), max_size=2),
    },
)


@given(TREES, st.randoms(use_true_random=False), st.booleans())
@settings(max_examples=often(100))
def test_whatever_is_written_means_the_same_and_loses_no_comment(tree, chance, flow):
    keys = list(tree)
    chance.shuffle(keys)
    text = yaml.safe_dump(
        {key: tree[key] for key in keys}, sort_keys=False, allow_unicode=True, default_flow_style=flow or None
    )
    lines = []
    number = 0
    for line in text.splitlines(keepends=False):
        lines.append(line)
        if chance.random() < 0.4:
            number += 1
            lines.append(" " * chance.randrange(7) + f"#c{number}" if chance.random() < 0.7 else "")
    commented = "\n".join(lines) + "\n"
    data = commented.encode()
    try:
        before = parse(data, "yaml")
    except ValueError:
        return  # a comment within a text of several lines
    written = fmt(commented)
    after = parse(written.encode(), "yaml")
    assert after == before
    values = str(before)
    assert said(written) == said(commented) or "#c" in values


KEPT = """\
# Ours

format: 1
name: P
zones:
  - name: A # the inside
    kind: internal
  # the border
  - name: B
    kind: dmz
endpoints:
  # the first
  - name: one # its name
    zone: A
    addresses:
      - 10.0.0.1 # old
      # and the new one
      - 10.0.0.2
  # the second
  - name: two
    zone: B # at the border
additional_flows:
  # pings
  - source: one
    destination: two
    protocol: icmp
    reason: Ping
  # to be changed
  - source: two
    destination: one
    protocol: tcp
    ports: "9" # why nine
    reason: Own
firewalls:
  - name: FW
    format: asa
    zones: {A: inside, B: outside} # as cabled
# the end
"""


def rewritten(change, renames=NO_RENAMES, text=KEPT):
    before = dump_plan(read_plan(text.encode(), matrix=shipped_matrix()))
    after = json.loads(json.dumps(before))
    change(after)
    written = rewrite_document(text.encode(), before, after, renames)
    assert dump_plan(read_plan(written, matrix=shipped_matrix())) == after
    assert format_document(written, "yaml") == written
    return written.decode()


def test_a_file_that_says_the_same_is_only_formatted():
    assert rewritten(lambda _: None) == fmt(KEPT)
    crlf = KEPT.replace("\n", "\r\n")
    assert rewritten(lambda _: None, text=crlf) == fmt(crlf)


def test_a_file_that_would_be_longer_than_is_read_is_written_shorter(monkeypatch):
    """With line breaks of one byte, else without its comments, else in one line."""
    text = b"# head\r\nformat: 1\r\nname: P\r\nendpoints: []\r\nzones:\r\n  - {name: A, kind: dmz} # ours\r\n"
    before = dump_plan(read_plan(text, matrix=shipped_matrix()))
    after = {**before, "zones": [*before["zones"], *({"name": f"B{number}", "kind": "dmz"} for number in range(9))]}
    whole, plain = rewrite_document(text, before, after, NO_RENAMES), to_yaml(after).encode()
    assert whole.count(b"\r\n") == whole.count(b"\n")

    def write(most):
        monkeypatch.setattr(syntax, "MAX_BYTES", most)
        return rewrite_document(text, before, after, NO_RENAMES)

    assert write(len(whole)) == whole
    assert write(len(whole) - 1) == whole.replace(b"\r", b"")
    assert write(len(plain)) == plain
    short = write(len(plain) - 1)
    assert len(short) < len(plain)
    assert dump_plan(read_plan(short, matrix=shipped_matrix())) == after


def test_comments_stay_at_their_rows_where_others_come_go_and_change():
    def change(plan):
        plan["zones"].insert(0, {"name": "New", "kind": "cloud"})
        plan["endpoints"][0] |= {"name": "uno", "addresses": ["10.0.0.2", "10.0.0.9"]}
        plan["endpoints"].reverse()
        plan["additional_flows"] = [
            {"source": "two", "destination": "uno", "protocol": "tcp", "ports": "10", "reason": "Own"},
            {"source": "uno", "destination": "two", "protocol": "icmp", "reason": "Ping"},
        ]
        del plan["firewalls"]

    written = rewritten(change, Renames(endpoints={"one": "uno"}))
    assert "  - name: New\n    kind: cloud\n  - name: A  # the inside" in written
    assert "  # the second\n  - name: two\n    zone: B  # at the border" in written
    assert "  # the first\n  - name: uno  # its name" in written
    assert "      # and the new one\n      - 10.0.0.2\n" in written
    assert (
        "  # to be changed\n  - source: two\n    destination: uno\n    protocol: tcp\n    ports: '10'  # why nine"
        in written
    )
    assert "  # pings\n  - source: uno" in written
    assert written.startswith("# Ours\n")
    assert written.endswith("# the end\n")
    assert "# old" not in written
    assert "# as cabled" not in written


NAMING = """format: 1
name: P
zones:
  - name: DMZ
    kind: dmz
  - name: In
    kind: internal
endpoints:
  - name: PS01
    zone: In
    roles:
      - web-primary
  - name: Host
    zone: In
    managed_by:
      - PS01  # because of HQ
firewalls:
  - name: FW
    format: asa
    zones:
      DMZ: outside  # the cable in rack 3
      In: DMZ  # called so on the device
    published:
      # by ticket 7
      PS01: 203.0.113.1
never:
  - from:
      zone: DMZ  # by policy 12
    to:
      endpoint: PS01
    reason: Policy
"""


def test_comments_stay_at_names_that_are_called_otherwise_by_now():
    renames = Renames(zones={"DMZ": "Edge"}, endpoints={"PS01": "PS-LON"})
    written = rewritten(lambda plan: plan.update(apply_renames(plan, renames)), renames, text=NAMING)
    named = NAMING.replace("PS01", "PS-LON").replace("DMZ", "Edge").replace("In: Edge", "In: DMZ")
    assert written == fmt(named), "each comment at what it was about, and the firewall's own words as they were"
