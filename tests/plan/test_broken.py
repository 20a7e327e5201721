"""Documents that are broken: each is refused in sentences that say where, and none does harm or takes long to refuse.

What the contract says of single values and keys is tested in tests/contract; here is what a file can do to its reader.
What is broken at every place of a document is one test that names all places where it fails.
"""

import copy
import json

import pytest

from planner.plan.document import Fault, Plan, PlanError, check_plan, read_plan
from planner.plan.syntax import MAX_BYTES, MAX_DEPTH, to_yaml
from ports.queries import shipped_matrix

SYNTAXES = pytest.mark.parametrize("syntax", ["json", "yaml"])
MIB = 2**20

SOUND = {
    "format": 1,
    "name": "Contoso",
    "description": "All kinds of content",
    "zones": [{"name": "Internal", "kind": "internal"}, {"name": "Internet", "kind": "internet"}],
    "endpoints": [
        {"name": "PS01", "zone": "Internal", "addresses": ["10.0.0.1"], "roles": ["web-primary"]},
        {
            "name": "T", "zone": "Internal", "group": True, "addresses": ["10.0.1.0/24"], "roles": ["database"],
            "platforms": ["windows"], "operations": ["reset"], "sessions": ["rdp"], "managed_by": ["PS01"],
        },
    ],
    "choices": {"winrm": "http", "active-directory": ["ldap"], "teamviewer": "443"},
    "ports": {"website": 8443},
    "corrections": ["telnet-port"],
    "additional_flows": [
        {"source": "PS01", "destination": "T", "protocol": "udp", "ports": "53", "reason": "Names"},
    ],
}  # fmt: skip


def places(tree=SOUND, path=()):
    """The path of everything in a document."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for step, value in items:
        yield (*path, step)
        yield from places(value, (*path, step))


PLACES = list(places())


def at_every_place(check, *things):
    """Run a check for every place of the sound document and every thing that may stand there; tell all that fail."""
    failed = {}
    for path in PLACES:
        for thing in things or [None]:
            try:
                check(path, *things and [thing])
            except (AssertionError, pytest.fail.Exception) as error:
                failed[f"{written(path)} {ascii(thing)[:40] if things else ''}".strip()] = str(error).split("\n")[0]
    assert not failed


def put(path, value):
    """The sound document with something else at one place."""
    document = copy.deepcopy(SOUND)
    part = document
    for step in path[:-1]:
        part = part[step]
    part[path[-1]] = value
    return document


def written(path):
    """A path as faults write it."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def read(data, syntax):
    if isinstance(data, dict):
        data = json.dumps(data, ensure_ascii=False)
    if isinstance(data, str):
        data = data.encode("utf-8", "surrogatepass")
    return read_plan(data, matrix=shipped_matrix(), syntax=syntax)


def refuse(data, syntax) -> tuple[Fault, ...]:
    """The faults of a document that must be refused; every one is fit to be shown."""
    with pytest.raises(PlanError) as caught:
        read(data, syntax)
    faults = caught.value.faults
    assert faults
    assert len(set(faults)) == len(faults)
    for fault in faults:
        assert fault.where
        assert fault.message[-1] in ".…"
        assert len(fault.where) <= 200
        assert len(fault.message) <= 700
        str(fault).encode()
        assert str(fault).isprintable(), ascii(fault)
        for word in ("Traceback", "pydantic", "Error", "<class", "object at 0x", "input_value", "NoneType", "Null("):
            assert word not in fault.message
    return faults


def only(data, syntax) -> Fault:
    faults = refuse(data, syntax)
    assert len(faults) == 1
    return faults[0]


@SYNTAXES
def test_the_document_that_is_broken_below_is_sound(syntax):
    assert isinstance(read(SOUND, syntax), Plan)


# --- size --------------------------------------------------------------------------------------------------------


@SYNTAXES
def test_a_document_of_the_largest_size_is_read(syntax):
    data = json.dumps(SOUND).encode()
    assert read(data + b" " * (MAX_BYTES - len(data)), syntax) == read(data, syntax)


@SYNTAXES
@pytest.mark.parametrize(
    "data",
    [
        lambda: json.dumps(SOUND).encode().ljust(MAX_BYTES + 1),
        lambda: b"[" * 20 * MIB,
        lambda: b"[" * 10 * MIB + b"]" * 10 * MIB,
        lambda: b'{"a":' * 4 * MIB + b"1" + b"}" * 4 * MIB,
        lambda: b"- " * 10 * MIB,
        lambda: b"\xff" * 20 * MIB,
        lambda: b"\x00" * 20 * MIB,
    ],
    ids=["a byte more", "open lists", "lists", "mappings", "dashes", "no text", "zeros"],
)
def test_a_larger_document_is_refused_by_its_size_whatever_is_in_it(data, syntax):
    fault = only(data(), syntax)
    assert fault.where == "document"
    assert f"at most {MAX_BYTES // MIB} MiB" in fault.message


def repeat(opening):
    return (opening * (MAX_BYTES // len(opening) + 1))[:MAX_BYTES]


@SYNTAXES
@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":', b"[[[{'a':", b'{"format":1,"zones":['])
def test_the_largest_document_of_nothing_but_nesting_is_refused(opening, syntax):
    assert only(repeat(opening), syntax).message


@pytest.mark.parametrize("opening", [b"- ", b"? ", b"- - a: ", b"[{a: ", b"!!seq [", b"&a ["])
def test_the_largest_yaml_document_of_nothing_but_nesting_is_refused(opening):
    assert only(repeat(opening), "yaml").where.startswith(("line ", "document"))


def test_yaml_is_nested_as_deep_as_is_said_and_no_deeper():
    def fault(depth):
        return only(b"[" * depth + b"]" * depth, "yaml")

    assert "nested too deeply" not in fault(MAX_DEPTH).message
    assert "nested too deeply" in fault(MAX_DEPTH + 1).message


@SYNTAXES
def test_deep_nesting_at_any_place_is_refused(syntax):
    deep = '[{"a":' * 300 + "1" + "}]" * 300
    at_every_place(lambda path: refuse(json.dumps(put(path, "DEEP")).replace('"DEEP"', deep), syntax))


@SYNTAXES
def test_what_is_much_too_long_is_cut_in_the_sentence_about_it(syntax):
    def check(path):
        if path != ("description",) and path[-1] != "reason":
            refuse(put(path, "x" * 100_000), syntax)

    at_every_place(check)


def test_what_is_wrong_with_thousands_of_endpoints_is_all_told_and_in_order():
    endpoints = [{"name": f"E{number}", "zone": "Nowhere", "roles": ["king"]} for number in range(3_000)]
    faults = refuse(SOUND | {"endpoints": endpoints, "additional_flows": []}, "json")
    assert [fault.where for fault in faults] == [
        f"endpoints[{number}].{key}" for number in range(3_000) for key in ("zone", "roles[0]")
    ]


# --- bytes -------------------------------------------------------------------------------------------------------


@SYNTAXES
@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252"])
def test_a_document_in_another_encoding_is_refused(encoding, syntax):
    data = json.dumps(SOUND | {"name": "Büro"}, ensure_ascii=False).encode(encoding)
    assert only(data, syntax).message


@SYNTAXES
@pytest.mark.parametrize(
    "wrong", [b"\xff", b"\xc3\x28", b"\xe2\x82", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf5\x80\x80\x80"]
)
@pytest.mark.parametrize("offset", [0, 20, -1])
def test_bytes_that_are_no_utf_8_are_told_with_their_offset(wrong, offset, syntax):
    data = json.dumps(SOUND).encode()
    offset %= len(data)
    fault = only(data[:offset] + wrong + data[offset:], syntax)
    sentence = f"The document is not UTF-8: the byte at offset {offset} fits no character."
    assert fault == Fault("document", sentence, "syntax")


@SYNTAXES
@pytest.mark.parametrize("control", [0, 1, 7, 8, 11, 12, 27, 31, 127])
def test_control_characters_between_values_are_refused(control, syntax):
    data = json.dumps(SOUND).encode().replace(b", ", b"," + bytes([control]), 1)
    assert refuse(data, syntax)


@SYNTAXES
def test_characters_that_are_none_are_refused_at_any_place_and_never_repeated(syntax):
    def check(path, text):
        if not (path == ("description",) or path[-1] == "reason") or "\n" not in text:
            refuse(json.dumps(put(path, text)), syntax)

    at_every_place(check, "\x00", "a\x1b[31mred", "\x85", "\ud800", "a\udfff", "\r\nX: y")


@SYNTAXES
def test_an_unknown_key_of_any_kind_is_told_at_its_place(syntax):
    def check(path, key):
        part = _at(path)
        if isinstance(part, dict):
            fault = only(json.dumps(put(path, part | {key: 1})), syntax)
            if syntax == "json" or (len(key) <= 1024 and key.isprintable()):  # YAML has limits of its own for keys
                assert fault.where.startswith(f"{written(path)}.")
                assert "This key is not known here" in fault.message

    keys = ("\x00", "\x1b[2J", "\ud83d", "a\nb", "", " ", "k" * 10_000, "\u202egnorw", "a.b[0]")
    at_every_place(check, *keys)


# --- numbers -----------------------------------------------------------------------------------------------------


def test_a_number_that_is_none_or_huge_is_told_at_any_place_of_a_json_document():
    def check(path, number):
        faults = refuse(json.dumps(put(path, "NUMBER")).replace('"NUMBER"', number), "json")
        assert written(path) in {fault.where for fault in faults}

    numbers = (
        "NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1e-999", "-0", "0.1", "9" * 21, "-" + "9" * 5_000,
        "1" * 100_000,
    )  # fmt: skip
    at_every_place(check, *numbers)


@pytest.mark.parametrize(
    "number", ["0" * 100_000 + "443", "443" + "0" * 100_000, "1-" + "9" * 100_000, "٤٤٣", "４４３"]
)
def test_the_digits_of_a_port_are_few_and_ascii(number):
    if number.startswith("0"):
        assert read(put(("ports", "website"), number), "yaml").ports == {"website": "443"}
    else:
        assert only(put(("ports", "website"), number), "yaml").where == "ports.website"


# --- keys --------------------------------------------------------------------------------------------------------


@SYNTAXES
def test_a_key_that_is_there_twice_is_told_at_its_place_in_any_mapping(syntax):
    def check(path):
        if isinstance(path[-1], int):
            return
        marked = json.dumps(SOUND if len(path) == 1 else put(path[:-1], {"MARK": 1} | _at(path[:-1])))
        if len(path) == 1:
            marked = '{"MARK": 1, ' + marked[1:]
        data = marked.replace('"MARK": 1', f'"{path[-1]}": {json.dumps(_at(path))}', 1)
        sentence = "This key is written more than once; keep one of them."
        assert only(data, syntax) == Fault(written(path), sentence, "repeated-key")

    at_every_place(check)


def _at(path):
    part = SOUND
    for step in path:
        part = part[step]
    return part


@pytest.mark.parametrize("path", [(), ("zones", 0), ("endpoints", 1), ("choices",), ("additional_flows", 0)], ids=str)
def test_half_a_character_in_a_key_hides_no_other_fault(path):
    part = {**_at(path), "\ud800": 1, "other": 2}
    faults = refuse(json.dumps(put(path, part) if path else part), "json")
    assert [fault.message[:28] for fault in faults] == ["This key is not known here; "] * 2
    assert [fault.where.removeprefix(written(path)).lstrip(".") for fault in faults] == ["\\ud800", "other"]


@SYNTAXES
def test_keys_that_are_there_twice_do_not_hide_other_faults(syntax):
    data = (
        '{"format": 2, "name": "T", "name": "T", "zones": [{"name": "Z", "kind": "dmz", "kind": "moon"}],'
        ' "endpoints": [{"name": "E", "zone": "Y", "zone": "Z"}], "endpoints": [], "moons": 1, "moons": 2}'
    )
    assert [fault.where for fault in refuse(data, syntax)] == [
        "format", "name", "zones[0].kind", "endpoints", "endpoints[0].zone", "endpoints[0].zone", "moons", "moons",
    ]  # fmt: skip


# --- YAML --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("name: Contoso", "name: &a Contoso", 2),
        ("name: Contoso", "&a name: Contoso", 2),
        ("name: Contoso", "name: *a", 2),
        ("name: Contoso", "*a : Contoso", 2),
        ("zones:\n", "zones: &a\n", 4),
        ("  - name: Internal\n", "  - &a\n    name: Internal\n", 5),
    ],
)
def test_an_anchor_or_alias_is_told_with_its_line(old, new, line):
    data = to_yaml(SOUND)
    assert old in data
    fault = only(data.replace(old, new, 1), "yaml")
    assert fault.where.startswith(f"line {line}, column ")
    assert "anchors and aliases" in fault.message


def test_an_anchor_on_the_whole_document_is_refused():
    assert "anchors and aliases" in only("&a\n" + to_yaml(SOUND), "yaml").message


@pytest.mark.parametrize(
    "tag", ["!", "!x", "!!str", "!!int", "!!python/object/apply:os.system", "!<tag:x,2000:y>", "!!map", "!!binary"]
)
@pytest.mark.parametrize("place", ["name: Contoso", "name: Internal", "roles:"])
def test_a_tag_is_told_with_its_line(tag, place):
    data = to_yaml(SOUND)
    key, _, value = place.partition(":")
    line = data[: data.index(place)].count("\n") + 1
    fault = only(data.replace(place, f"{key}: {tag}{value}", 1), "yaml")
    assert fault.where.startswith(f"line {line}")
    assert fault.message.startswith(("YAML tags (!) are not read", "This is no YAML"))


def test_a_tag_that_a_directive_gives_a_handle_is_refused():
    assert only("%TAG !e! tag:example.com,2000:\n--- !e!plan\n" + to_yaml(SOUND), "yaml").message


def test_aliases_that_would_grow_without_end_are_refused_at_the_first_of_them():
    lines = ["a0: &a0 [x]", *(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 60))]
    assert only("\n".join(lines), "yaml").where == "line 1, column 5"


@pytest.mark.parametrize(
    "broken", ["name: [", "name: 'x", 'name: "\\q"', "\tname: x", "a: b: c", "- a\nb: c", "{", "@x"]
)
def test_what_is_no_yaml_is_told_with_line_and_column(broken):
    fault = only("format: 1\n" + broken, "yaml")
    assert fault.where.startswith("line ")
    assert fault.message.startswith("This is no YAML")


@pytest.mark.parametrize("broken", ["{", "[1,]", "{'a': 1}", '{"a": 01}', '{"a" 1}', "{} {}", '{"a": "\x01"}', "nul"])
def test_what_is_no_json_is_told_with_line_and_column(broken):
    fault = only("\n" + broken, "json")
    assert fault.where.startswith("line 2, column ")
    assert fault.message.startswith("This is no JSON")


@SYNTAXES
@pytest.mark.parametrize("data", ["", " \n", "null", "[]", "1", '"plan"', "true", '["format"]'])
def test_what_is_no_mapping_is_one_fault_of_the_document(data, syntax):
    assert only(data, syntax).where in ("document", "line 1, column 1", "line 2, column 1")


@pytest.mark.parametrize(
    ("endpoints", "where"),
    [([{}] * 50_001, "endpoints"), ([{"name": "a", "zone": "z", "roles": ["x"] * 20_001}], "endpoints[0].roles")],
)
def test_a_list_longer_than_any_plan_needs_is_one_fault(endpoints, where):
    document = {"format": 1, "name": "n", "zones": [{"name": "z", "kind": "dmz"}], "endpoints": endpoints}
    with pytest.raises(PlanError) as caught:
        check_plan(document, matrix=shipped_matrix())
    assert [fault.where for fault in caught.value.faults] == [where]


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        ("a:\n  - {b: 1, [c]: 2}\n", "line 2, column 5", "A list or mapping can't be a key"),
        ("a:\n  b: 1\n  ? {c: 2}\n  : 3\n", "line 2, column 3", "A list or mapping can't be a key"),
        ("a:\n  - b\n  - *c\n", "line 3, column 5", "anchors and aliases"),
        ("a:\n  - b\n  - !!str c\n", "line 3, column 5", "tags"),
        (f"a:\n  {'[' * MAX_DEPTH}\n", f"line 2, column {2 + MAX_DEPTH}", "nested too deeply"),
    ],
)
def test_what_yaml_has_and_plans_have_not_is_told_at_its_place(text, where, said):
    fault = only(text.encode(), "yaml")
    assert said in fault.message
    assert fault.where == where


@pytest.mark.parametrize(
    ("data", "syntax"),
    [
        (b"[" + b"1," * 400_000 + b"1]", "json"),
        (b"{" + b'"a":1,' * 400_000 + b'"a":1}', "json"),
        (b"- 1\n" * 1_300_000, "yaml"),
    ],
    ids=["items", "one key", "items in YAML"],
)
@pytest.mark.slow
def test_more_values_than_any_plan_has_are_refused_at_once(data, syntax):
    with pytest.raises(PlanError, match="more than 400,000 values") as caught:
        read_plan(data, matrix=shipped_matrix(), syntax=syntax)
    assert len(caught.value.faults) == 1
