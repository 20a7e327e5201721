"""The XML of a Palo Alto's configuration as a tree of entries. Pure.

Read by expat, which resolves nothing from elsewhere; a document type, and so every entity of its own, is refused.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from planner.engine.existing.model import Unreadable

_DEEPEST = 100
_MOST = 2_000_000
"""Most elements; each takes memory, however little stands in it. One with 10,000 rules has 600,000."""


@dataclass(slots=True)
class Node:
    """An element: its name, the value of its attribute “name”, its text, what is in it."""

    tag: str
    name: str = ""
    text: str = ""
    children: "list[Node]" = field(default_factory=list)

    def find(self, *path: str) -> "Node":
        """The first element at the end of a path of tags; an empty one where there is none."""
        node = self
        for tag in path:
            node = next((one for one in node.children if one.tag == tag), _NOTHING)
        return node

    def entries(self, *path: str) -> Iterator["Node"]:
        """The elements with a name at the end of a path."""
        return (one for one in self.find(*path).children if one.tag == "entry" and one.name)

    def members(self, *path: str) -> list[str]:
        """The texts of the members at the end of a path; a text by itself is one."""
        node = self.find(*path)
        found = [one.text for one in node.children if one.tag == "member" and one.text]
        return found or ([node.text] if node.text else [])


_NOTHING = Node("")


def read_tree(text: str) -> Node:
    """The element “config”. Raises Unreadable for what is no XML, has a document type, or is no such configuration."""
    root = Node("")
    path = [root]
    count = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 1
        if len(path) > _DEEPEST or count > _MOST:
            what = f"nested more than {_DEEPEST} deep" if len(path) > _DEEPEST else f"of more than {_MOST:,} elements"
            raise Unreadable(
                f"The XML is {what}, line {parser.CurrentLineNumber}; no configuration of a Palo Alto is."
            )
        node = Node(tag, attributes.get("name", ""))
        path[-1].children.append(node)
        path.append(node)
        texts.append([])

    def end(_: str) -> None:
        path.pop().text = "".join(texts.pop()).strip()

    def take(data: str) -> None:
        texts[-1].append(data)

    def refuse(*_: object) -> None:
        raise Unreadable("The XML has a document type, which no configuration of a Palo Alto has.")

    texts: list[list[str]] = [[]]
    # Whatever encoding it names: the text has been decoded.
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = take
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(text.encode("utf-8", "surrogatepass"), True)
    except expat.ExpatError as error:
        words = expat.ErrorString(error.code)
        raise Unreadable(f"This is no XML: line {error.lineno}, column {error.offset}: {words}.") from None
    top = root
    while top.tag != "config":
        if not top.children or top.tag not in ("", "response", "result"):
            raise Unreadable("This is no configuration of a Palo Alto: its first element is not config.")
        top = top.children[0]
    return top
