"""Reading pages as a browser would, and plans to look at."""

import json
import re
from xml.etree.ElementTree import Element

import pytest
from django.http import HttpResponse
from selectolax.lexbor import LexborHTMLParser

from planner.store.models import Hold, Plan, hash_token
from planner.store.presence import COOKIE, Visitor, keep_visitor
from tests.report.samples import contoso, in_lots
from tests.web.views.stored import store_again

HTMX = {"HX-Request": "true"}
SENTENCE = re.compile(r"^[A-Z“‘'0-9].*[.!?]$", re.DOTALL)


def by_turns(names, cases, **more):
    """Have a test tried with each case, every other one sent by htmx and the others by a plain form (`htmx`)."""
    rows = [(number % 2 == 1, *case) for number, case in enumerate(cases)]
    return pytest.mark.parametrize(("htmx", *names), rows, **more)


def by_lots(names):
    """Have a test tried with each of these names as a part of `name`, as many together as one name has room for."""
    lots = [" / ".join(lot) for lot in in_lots(names)]
    return pytest.mark.parametrize("name", lots, ids=lambda lot: ascii(lot)[:30])


class Page:
    """An HTML answer, parsed as browsers parse it.

    Only what is asked for is made into elements, each with all that is in it: what a page is asked is a small part of
    it mostly, which the parser finds in a hundredth of the time that making all of them takes.
    """

    def __init__(self, response):
        self.html = response.content.decode()
        self._parser = LexborHTMLParser(self.html)
        self._made = {}

    @property
    def root(self):
        """The tree of all elements, without comments; what isn't HTML has its namespace."""
        return self._make(self._parser.root)

    def all(self, tag="*", **attributes):
        """Elements with these attributes: True is any value, None that it isn't there, `class_` one of the classes."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        selector = tag + "".join(_select(name, value) for name, value in wanted.items())
        found = map(self._make, self._parser.css(selector))
        return [element for element in found if _fits(element, tag, wanted)]

    def _make(self, node):
        """The element of a node: the same one whenever it is asked for, by itself or with what it is in."""
        made = self._made.get(node.mem_id)
        return _element(node, SVG if _is_drawn(node) else "", self._made) if made is None else made

    def tags(self):
        """The name and the attributes of every element, without what is in it."""
        for node in self._parser.css("*"):
            yield node.tag, {name: value or "" for name, value in node.attributes.items()}

    def one(self, tag="*", **attributes):
        found = self.all(tag, **attributes)
        assert len(found) == 1, f"{len(found)} of <{tag} {attributes}>"
        return found[0]

    def text(self, tag=None, **attributes):
        """The text of the one element that fits; of the whole page without anything."""
        if tag or attributes:
            return words(self.one(tag or "*", **attributes))
        return " ".join(self._parser.body.text().split())

    @property
    def ids(self):
        return [found for node in self._parser.css("[id]") if (found := node.attributes["id"])]

    @property
    def is_whole(self):
        return self.html.lstrip().startswith("<!doctype html>")

    def table(self, name):
        """The rows of the tables of a class, each as the list of its cells' texts."""
        return [
            [words(cell) for cell in row if cell.tag in ("td", "th")]
            for table in self.all("table", class_=name)
            for row in table.iter("tr")
            if row.find("td") is not None
        ]


SVG, XLINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"


def _select(name, value):
    """What has an attribute with a value, or with any, or hasn't it, as a selector; `_fits` has the last word."""
    if value in (True, None):
        return f"[{name}]" if value else f":not([{name}])"
    text = re.sub(r'["\\\\\n\r\f]', lambda letter: f"\\{ord(letter[0]):x} ", value)
    return f'[{name}{"~" if name == "class" else ""}="{text}"]'


def _is_drawn(node):
    """Whether an element is below an `<svg>`."""
    above = node.parent
    while above is not None and above.tag != "svg":
        above = above.parent
    return above is not None


def _element(node, space, made):
    space = SVG if node.tag == "svg" else space
    element = made[node.mem_id] = Element(space + node.tag)
    for name, value in node.attributes.items():
        element.set(name.replace("xlink:", XLINK) if space else name, value or "")
    last = None
    for child in node.iter(include_text=True):
        if child.tag == "-text":
            if last is None:
                element.text = (element.text or "") + child.text_content
            else:
                last.tail = (last.tail or "") + child.text_content
        elif not child.tag.startswith(("-", "!")):
            last = made.get(child.mem_id)
            if last is None:
                last = _element(child, space, made)
            element.append(last)
    return element


def seen(text):
    """A text as a page shows it: white space folded, and what would turn it round written out."""
    return re.sub("[\u202a-\u202e\u2066\u2067]", lambda letter: f"<U+{ord(letter[0]):04X}>", " ".join(text.split()))


def _fits(element, tag, wanted):
    if not isinstance(element.tag, str) or tag not in ("*", element.tag):
        return False
    for name, value in wanted.items():
        if name == "class":
            if value not in element.get("class", "").split():
                return False
        elif element.get(name) != value and (value is not True or element.get(name) is None):
            return False
    return True


def words(element):
    """The text of an element with every white space as one space."""
    return " ".join("".join(element.itertext()).split())


def parse(html):
    return Page(type("Answer", (), {"content": html.encode()}))


BROWSERS = tuple(letter * 43 for letter in "abcd")
"""The keys of browsers that hold every plan that `store` makes."""


def know(client, key=BROWSERS[0]):
    """The client, as the browser with this key."""
    client.cookies[COOKIE] = visitor_cookie(key)
    return client


def visitor_cookie(key):
    """The value of the signed cookie by which a browser is known."""
    response = HttpResponse()
    keep_visitor(response, Visitor(key=key), secure=False)
    return response.cookies[COOKIE].value


def store(document=None):
    """A plan in the database, which BROWSERS hold: its row and its key."""
    plan = store_again(json.dumps(document or contoso()).encode())
    return plan, give(plan)


def give(plan):
    """Have BROWSERS hold a plan. Returns its key."""
    holds = [Hold(plan=plan, browser=hash_token(key), role=Hold.Role.OWN) for key in BROWSERS]
    Hold.objects.bulk_create(holds, ignore_conflicts=True)  # who made it on a page has it
    return str(plan.key)


def store_unchecked(document):
    """A plan with a document that nobody checked, as another matrix may have left it: its key."""
    return give(Plan.objects.create(name=document.get("name", ""), document=document))


def document_of(plan):
    plan.refresh_from_db()
    return plan.document
