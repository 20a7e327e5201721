"""The constants of the product's own code, and the names of tests, to be held against rules of the house."""

import ast
import re
from functools import cache
from pathlib import Path


@cache
def constants_of(path):
    """Each text and number of a module that is no docstring, with its line. A module is read once for all tests."""
    nodes = [*ast.walk(ast.parse(path.read_text("utf-8")))]
    prose = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    return tuple((n.lineno, n.value) for n in nodes if isinstance(n, ast.Constant) and id(n) not in prose)


def texts_of(path):
    """The texts among them."""
    return [(line, value) for line, value in constants_of(path) if isinstance(value, str)]


@cache
def list_tests():
    """The names of all tests that there are."""
    texts = (path.read_text("utf-8") for path in Path(__file__).parent.rglob("test_*.py"))
    return frozenset(name for text in texts for name in re.findall(r"def (test_\w+)\(", text))
