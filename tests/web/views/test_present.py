"""A plan on the wall: one task after another, and at the end what it comes to."""

import pytest
import yaml

from tests.examples import UNANSWERED
from tests.report.samples import write_plan
from tests.web.views.pages import Page, store
from tests.web.views.test_todo import DONE


def slide(client, key, query=""):
    response = client.get(f"/plans/{key}/present/{query}")
    assert response.status_code == 200
    return Page(response)


@pytest.fixture
def open_plan():
    return store(yaml.safe_load(UNANSWERED["everything"].data))[1]


def test_each_task_of_the_list_has_a_slide_in_its_order(client, open_plan):
    page, heads = slide(client, open_plan), []
    while True:
        heads.append(page.text("h1"))
        following = page.all("a", id="next")
        if not following:
            break
        page = slide(client, open_plan, following[0].get("href"))
    todo = Page(client.get(f"/plans/{open_plan}/")).one("section", id="todo")
    tasks = [item for item in todo.iter("li") if (item.get("id") or "").startswith("todo-")]
    assert len(heads) == len(tasks) + 1
    assert heads[-1] == "That is all that is to be done"
    for head, task in zip(heads, tasks, strict=False):
        assert head in " ".join("".join(task.itertext()).split())


def test_a_decision_names_its_options_and_what_each_opens(client, open_plan):
    page = slide(client, open_plan)
    while "Decision" not in page.text():
        page = slide(client, open_plan, page.one("a", id="next").get("href"))
    options = page.one("ul", class_="slide-options").findall("li")
    assert len(options) > 1
    assert any("rule" in "".join(option.itertext()) for option in options)


@pytest.mark.parametrize("task", ["", "0", "-1", "x", "999999999", "1.5", "\0"])
def test_a_number_that_is_none_shows_a_task_anyway(client, open_plan, task):
    assert slide(client, open_plan, f"?task={task}").text("h1") == slide(client, open_plan).text("h1")


def test_after_the_last_comes_the_summary(client, open_plan):
    page = slide(client, open_plan, "?task=999999")
    assert page.text("h1") == "That is all that is to be done"
    assert "firewall rules" in page.text("dl")
    assert not page.all("a", id="next")
    assert page.one("a", id="leave").get("href") == f"/plans/{open_plan}/"


def test_where_nothing_is_to_be_done_that_is_said(client):
    page = slide(client, store(DONE)[1])
    assert page.text("h1") == "Nothing is left to do"


def test_what_is_typed_is_text(client):
    name = "<img src=x onerror=alert(1)>"
    page = slide(client, store(write_plan() | {"name": name})[1])
    assert name in page.text("article")
    assert not page.all("img")
