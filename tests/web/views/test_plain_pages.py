"""Characters that turn text round are written out on every page, and kept where they can be edited."""

import re

import pytest

from planner.web.plain_pages import write_out
from tests.report.samples import worst
from tests.web.views.pages import Page, store

TURNS = re.compile("[\u202a-\u202e\u2066\u2067]")


@pytest.mark.parametrize(
    ("html", "written"),
    [
        ("<p>a\u202eb</p>", "<p>a&lt;U+202E&gt;b</p>"),
        ("<title>\u2066</title>", "<title>&lt;U+2066&gt;</title>"),
        ('<a href="/?x=\u202e" title="\u202e">\u202d</a>', '<a href="/?x=\u202e" title="\u202e">&lt;U+202D&gt;</a>'),
        ("<textarea name=a>\u202e</textarea>\u202e", "<textarea name=a>\u202e</textarea>&lt;U+202E&gt;"),
        ("<text>\u2068שרת\u2069</text>", "<text>\u2068שרת\u2069</text>"),
    ],
)
def test_text_is_written_out_and_fields_are_not(html, written):
    assert write_out(html) == written


@pytest.mark.parametrize(
    "place",
    ["", "?view=flows", "?view=findings", "?view=diagram", "?view=unneeded", "?panel=own", "history/", "changes/",
     "delete/"],
)  # fmt: skip
def test_no_page_turns_text_round(client, place):
    _, key = store(worst())
    client.post(f"/plans/{key}/choices/", {"choice": "esxi", "option": "ssh"})
    response = client.get(f"/plans/{key}/{place}")
    assert response.status_code == 200
    page = Page(response)
    texts = [
        text for element in page.root.iter() if element.tag != "textarea" for text in (element.text, element.tail)
    ]
    assert not [text for text in texts if text and TURNS.search(text)]
    assert "<U+202E>plan" in page.text("title")


def test_a_name_is_edited_as_it_was_typed(client):
    _, key = store(worst())
    fields = Page(client.get(f"/plans/{key}/")).all("input", name="name")
    assert worst()["name"] in [field.get("value") for field in fields]
