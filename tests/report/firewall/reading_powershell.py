"""A reader of the scripts for Windows hosts: a grammar of PowerShell parses them, every literal is read."""

import re

import tree_sitter
import tree_sitter_powershell

from planner.report.firewall.windows import _PARAMETERS, _PROGRAM

_PARSER = tree_sitter.Parser(tree_sitter.Language(tree_sitter_powershell.language()))
KEYS = {"Name", "DisplayName", "Description", "Direction", "Action", "Enabled", "Protocol", "LocalAddress",
        "RemoteAddress"}  # fmt: skip
_DATA = re.compile(
    r"\n(\$group = 'Port planner'\n\$denies = \$(?:true|false)\n)\n(\$rules = @\((?:\n.*?)?\n\)\n)", re.DOTALL
)


def parse(text):
    """The tree of a script that has no fault."""
    tree = _PARSER.parse(text.encode())
    faults = [node for node in _all(tree.root_node) if node.is_error or node.is_missing]
    assert not faults, [text.encode()[node.start_byte : node.end_byte] for node in faults]
    return tree.root_node


def _all(node):
    yield node
    for child in node.children:
        yield from _all(child)


def read_script(data):
    """The rules of a script as dictionaries; all else in it is comments and the program that never changes."""
    text = data.decode("ascii")
    assert "\n" not in text.replace("\r\n", "")
    text = text.replace("\r\n", "\n")
    head, _, rest = text.partition("\n" + "\n".join(_PARAMETERS))
    assert all(line.startswith("#") for line in head.splitlines()), head
    found = _DATA.match(rest)
    assert found, rest[:200]
    assert rest[found.end() :] == "\n".join(_PROGRAM) + "\n"
    parse(text)
    return read_rules(found[2])


def read_rules(text):
    """The tables that the variable for rules is given, as dictionaries; there is nothing but comments beside them."""
    rules = [_read(node) for node in _all(parse(text)) if node.type == "hash_literal_expression"]
    assert len({rule["Name"].casefold() for rule in rules}) == len(rules)
    outside = re.sub(r"(?m)^    (?:@\{\n(?:        .*\n)+    \}|# .*)\n", "", text)
    assert outside in ("$rules = @(\n)\n", "$rules = @(\n\n)\n"), outside
    return rules


def _read(node):
    rule = {}
    for entry in _all(node):
        if entry.type == "hash_entry":
            key, value = (child for child in entry.children if child.type in ("key_expression", "pipeline"))
            rule[key.text.decode()] = _literal(value)
    assert rule.keys() - KEYS in ({"LocalPort"}, {"RemotePort"}, {"IcmpType"}), rule
    assert rule.keys() >= KEYS
    return rule


def read_literal(line):
    """What is assigned to a variable."""
    (node,) = (one for one in _all(parse(line)) if one.type == "assignment_expression")
    return _literal(node.child_by_field_name("value"))


def _literal(node):
    """A string in single quotes, or an array of them; nothing that is worked out."""
    kinds = {one.type for one in _all(node)}
    assert not kinds & {"variable", "command", "sub_expression", "expandable_string_literal", "member_access"}, kinds
    texts = [
        re.sub(r"(['\u2018-\u201b])\1", r"\1", one.text.decode()[1:-1])
        for one in _all(node)
        if one.type == "verbatim_string_characters"
    ]
    if node.text.startswith(b"@("):
        return texts
    (text,) = texts
    return text
