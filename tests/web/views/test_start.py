"""The guided start: questions, what they come to, and the plan that is made of the answers."""

import re
from dataclasses import replace

import pytest

from planner.plan.blueprint import MAX_NAMES, OFFERED, blank_addresses, compose
from planner.plan.document import check_plan, dump_plan, read_plan
from planner.store.models import Plan, Revision
from planner.store.recent import Recent
from planner.web.views import start
from ports.actions import make_amendment
from ports.matrix import build_matrix
from ports.models import PortMatrix, Question, new_stamp
from ports.queries import shipped_matrix
from tests.examples import read_examples, unanswered
from tests.plan.blueprints import ANSWERS
from tests.ports.records import make_records
from tests.web.views.pages import HTMX, Page, words

START = "/plans/guided/"
PREVIEW = "/plans/guided/preview/"
MATRIX = shipped_matrix()


def form(answers=None, **fields):
    """What a browser sends: every question with its default, or these answers."""
    data = {"name": ""} | fields
    for slug, question in MATRIX.questions.items():
        answer = (answers or {}).get(slug, question.default)
        answer = [answer] if isinstance(answer, str) else list(answer)
        if question.kind == "list":
            data[f"answer-{slug}"] = "\r\n".join(answer)
        elif question.kind == "many":
            data[f"answer-{slug}"] = ["", *answer]
        else:
            data[f"answer-{slug}"] = answer
    return data


def checked(page, slug):
    """The values of the options that are ticked."""
    fields = page.all("input", name=f"answer-{slug}")
    return [field.get("value") for field in fields if field.get("checked") is not None]


def errors(page, slug):
    return [words(element) for element in page.one(id=f"error-{slug}").iter("p")]


# --- the page --------------------------------------------------------------------------------------------------------


def test_the_page_asks_every_question_with_the_usual_answers_chosen(client):
    response = client.get(START)
    page = Page(response)
    assert response.status_code == 200
    assert page.is_whole
    assert "Passwordstate" in page.text("h1")
    for slug, question in MATRIX.questions.items():
        assert question.title in page.text(id=f"question-{slug}")
        assert question.text in page.text(id=f"question-{slug}")
        if question.kind == "list":
            assert page.one("textarea", name=f"answer-{slug}").text in (None, "")
        else:
            assert checked(page, slug) == list(question.default)
            for option in question.options:
                assert option.name in page.text(id=f"question-{slug}")
                assert option.consequence in page.text(id=f"question-{slug}")


def test_the_report_is_there_before_the_first_answer(client):
    page = Page(client.get(START))
    preview = page.text(id="preview")
    assert "firewall rule" in preview
    assert "Clients → Internal" in preview
    assert "Windows account validation: RPC or SMB" in preview
    assert "decisions" in preview
    assert "follow practice or as documented" in preview


def test_no_id_is_there_twice(client):
    ids = Page(client.get(START)).ids
    assert len(set(ids)) == len(ids)


def test_every_field_has_a_label_and_every_group_of_options_a_legend(client):
    page = Page(client.get(START))
    labelled = {label.get("for") for label in page.all("label")}
    for field in [*page.all("textarea"), page.one("input", id="plan-name")]:
        assert field.get("id") in labelled
    assert all(fieldset.find("legend") is not None for fieldset in page.all("fieldset"))
    options = [f for f in page.all("input") if f.get("type") in ("radio", "checkbox")]
    inside = {id(field) for label in page.all("label") for field in label.iter("input")}
    assert options
    assert all(id(option) in inside for option in options)


def test_what_follows_only_from_some_answers_says_from_which(client):
    page = Page(client.get(START))
    leading = [f.get("value") for f in page.all("input", name="answer-portal") if f.get("data-leads") == "1 2"]
    assert leading == ["internal", "dmz", "cloud"]
    what_others_use = len(OFFERED) + 1
    assert len(page.all(class_="follower")) == sum(bool(q.when) for q in MATRIX.questions.values()) + what_others_use


def test_the_first_page_leads_there(client):
    page = Page(client.get("/"))
    (link,) = [link for link in page.all("a") if link.get("href") == START]
    assert words(link) == "Begin with the questions"
    assert "Answer a few questions" in page.text()
    assert "starts without addresses" in page.text()


# --- the plan --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("example", read_examples(), ids=lambda example: example.slug)
def test_the_answers_of_a_ready_made_topology_make_that_plan(client, example):
    wanted = unanswered(blank_addresses(read_plan(example.data, matrix=MATRIX)))
    response = client.post(START, form(ANSWERS[example.slug], name=wanted.name))
    plan = Plan.objects.get()
    assert response.status_code == 302
    assert len(response.url) == len("/plans//") + 36
    assert plan.document == {key: value for key, value in dump_plan(wanted).items() if key != "description"}
    assert Page(client.get(response.url)).text("h1") == wanted.name
    assert [revision.summary for revision in Revision.objects.all()] == ["Guided start"]


def test_without_a_name_and_without_an_answer_there_is_a_plan_all_the_same(client):
    assert client.post(START, {}).status_code == 302
    plan = Plan.objects.get()
    assert plan.name == "Passwordstate plan"
    assert plan.document == compose(MATRIX, {}, "Passwordstate plan")


def test_a_question_without_a_tick_is_answered_with_none_and_one_that_isnt_sent_is_skipped(client):
    client.post(START, {"answer-systems": [""], "answer-system-sessions": ["", "vnc"]})
    names = {e["name"]: e for e in Plan.objects.get().document["endpoints"]}
    assert "Windows servers" not in names
    assert "launcher-user" not in names["Staff"]["roles"]
    assert "DC01" in names


def test_a_plan_isnt_made_by_a_link(client):
    assert client.get(START).status_code == 200
    assert client.get(PREVIEW).status_code == 405
    assert not Plan.objects.exists()


def test_head_requests_are_answered(client):
    response = client.head(START)
    assert (response.status_code, response.content) == (200, b"")


# --- errors in place -------------------------------------------------------------------------------------------------

BAD_SITES = [
    ("Berlin\r\n\r\nberlin", "Line 3: “berlin” is there already, in line 1. Change one of them."),
    ("Ber\x0blin", "Line 1: “Ber\\x0blin” has a control character in it; delete it."),
    ("Oslo\r\nBer\x00lin", "Line 2: “Ber\\x00lin” has a control character in it; delete it."),
    ("x" * 300, "Line 1: this name has 300 characters; at most 239 fit."),
    ("Clients", "Line 1: the plan has a zone “Clients” already. Use another name."),
    ("\r\n".join(f"Site {n}" for n in range(MAX_NAMES + 1)),
     "These are 2,001 names; at most 2,000 are read here. Import the plan instead."),
]  # fmt: skip


@pytest.mark.parametrize(("text", "sentence"), BAD_SITES)
@pytest.mark.parametrize("address", [START, PREVIEW])
def test_a_list_at_fault_is_shown_again_with_its_sentence_and_nothing_is_stored(client, address, text, sentence):
    response = client.post(address, form({"portal": "dmz"}, name="Mine") | {"answer-sites": text})
    page = Page(response)
    assert response.status_code == 200
    assert errors(page, "sites") == [sentence]
    field = page.one("textarea", name="answer-sites")
    assert field.get("aria-invalid") == "true"
    assert field.get("aria-describedby") == "error-sites"
    assert (field.text or "").split() == text.replace("\x00", "\ufffd").split()
    assert checked(page, "portal") == ["dmz"]
    assert page.one("input", id="plan-name").get("value") == "Mine"
    assert "as soon as what is marked" in page.text(id="preview")
    if address == START:
        assert "No plan was made." in page.text(role="alert")
    assert not Plan.objects.exists()


@pytest.mark.parametrize(
    ("data", "slug", "sentence"),
    [
        ({"answer-portal": "moon"}, "portal",
         ("“moon” is no answer to this question; the answers are: No, Yes, the portal stands inside, "
         "Yes, in the DMZ, Yes, in the cloud.")),
        ({"answer-portal": ["dmz", "cloud"]}, "portal", "This question takes one answer; choose one."),
        ({"answer-site-systems": ["", "<b>"], "answer-sites": "Oslo"}, "site-systems",
         ("“<b>” is no answer to this question; the answers are: Windows servers, Linux and Mac, Network devices, "
         "VMware ESXi.")),
    ],
)  # fmt: skip
def test_an_answer_that_isnt_offered_is_told_where_it_was_given(client, data, slug, sentence):
    page = Page(client.post(START, form() | data))
    assert errors(page, slug) == [sentence]
    assert not Plan.objects.exists()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("x" * 256, "A name has 1 to 255 characters, found 256."),
        ("a\tb", "A name has no control characters, found 'a\\tb'."),
    ],
)
def test_a_name_that_is_none_is_told_beside_its_field(client, name, sentence):
    page = Page(client.post(START, form({"app": "dmz"}, name=name)))
    assert errors(page, "name") == [sentence]
    assert page.one("input", id="plan-name").get("value") == name
    assert page.one("input", id="plan-name").get("aria-invalid") == "true"
    assert checked(page, "app") == ["dmz"]
    assert not Plan.objects.exists()


@pytest.mark.slow
def test_a_paste_of_five_megabytes_gets_a_sentence_and_stays(client):
    text = "Büro in Østfold\r\n" * 300_000
    response = client.post(START, form() | {"answer-sites": text})
    page = Page(response)
    assert errors(page, "sites") == ["These are 300,000 names; at most 2,000 are read here. Import the plan instead."]
    assert len(page.one("textarea", name="answer-sites").text) > 4_500_000
    line = Page(client.post(PREVIEW, form() | {"answer-sites": "x" * 5_000_000}))
    assert errors(line, "sites") == ["Line 1: this name has 5,000,000 characters; at most 239 fit."]


def test_many_faults_are_told_by_the_first_of_them(client):
    page = Page(client.post(PREVIEW, form() | {"answer-sites": "Oslo\n" * 1_000}))
    told = errors(page, "sites")
    assert len(told) == 21
    assert told[-1] == "And 979 more lines like these."


def test_names_are_text_whatever_is_in_them(client):
    name = '</textarea><script>alert(1)</script>"{{ 7|add:7 }}'
    page = Page(client.post(PREVIEW, form(name=name) | {"answer-sites": f"{name}\n{name}"}))
    assert page.one("textarea", name="answer-sites").text == f"{name}\n{name}"
    assert not [script for script in page.all("script") if not script.get("src")]
    page = Page(client.post(PREVIEW, form(name=name) | {"answer-sites": name}))
    assert name in page.text(id="preview")


# --- the report beside it --------------------------------------------------------------------------------------------


def test_htmx_gets_the_report_and_the_sentences_alone(client):
    response = client.post(PREVIEW, form({"portal": "dmz", "portal-users": "internet"}), headers=HTMX)
    page = Page(response)
    assert not page.is_whole
    assert "HX-Request" in response.headers["Vary"]
    assert "Internet → DMZ" in page.text(id="preview")
    assert "DMZ → Internal" in page.text(id="preview")
    filled = [element.get("id") for element in page.all(hx_swap_oob="innerHTML")]
    assert [one for one in filled if not one.startswith("weight-")] == [
        *(f"error-{slug}" for slug in MATRIX.questions),
        "error-who-else-names", "preview-link", "preview-status",
    ]  # fmt: skip
    assert page.text(id="preview-status").startswith("3 firewall rules across 3 boundaries")
    assert not page.all("textarea")
    assert not Plan.objects.exists()


def test_htmx_is_told_what_is_wrong_and_then_that_nothing_is(client):
    page = Page(client.post(PREVIEW, form() | {"answer-sites": "Oslo\noslo"}, headers=HTMX))
    assert errors(page, "sites") == ["Line 2: “oslo” is there already, in line 1. Change one of them."]
    assert page.text(id="preview-status") == "Something in the answers has to be mended."
    page = Page(client.post(PREVIEW, form() | {"answer-sites": "Oslo"}, headers=HTMX))
    assert errors(page, "sites") == []


def test_without_javascript_the_report_comes_with_the_whole_page_and_all_input(client):
    data = form(
        {"sites": ["Oslo", "Berlin"], "messages": "embedded", "message-readers": "both", "gateway": "own"}, name="Mine"
    )
    page = Page(client.post(PREVIEW, data))
    assert page.is_whole
    assert page.one("textarea", name="answer-sites").text == "Oslo\nBerlin"
    assert checked(page, "message-readers") == ["both"]
    assert checked(page, "gateway") == ["own"]
    assert page.one("input", id="plan-name").get("value") == "Mine"
    assert "2 remote sites" in page.text(id="preview")
    assert words(page.one("button", formaction=PREVIEW)) == "Show the report"
    assert not Plan.objects.exists()


def test_a_plan_that_cant_work_says_why(client, monkeypatch):
    """No answer to the shipped questions leads there; another product's may."""
    needs = replace(MATRIX.checks[0], needs=("app-server",))
    monkeypatch.setattr("planner.web.views.products.current_matrix", lambda _="": replace(MATRIX, checks=(needs,)))
    monkeypatch.setattr(start, "_weighed", Recent(lambda _: 1, count=1))  # the same by its facts, which are another's
    page = Page(client.post(PREVIEW, form()))
    assert "It can't work yet" in page.text(id="preview")
    assert "1 error" in page.text(id="preview")


@pytest.mark.slow
def test_the_preview_counts_what_the_report_of_the_plan_has(client):
    given = form(ANSWERS["everything"], name="Everything")
    preview = Page(client.post(PREVIEW, given)).text(id="preview")
    address = client.post(START, given).url
    report = client.get(f"{address}report/json").json()
    assert f"{len(report['rules'])} firewall rules across" in preview
    warnings = sum(finding["severity"] == "warning" for finding in report["findings"])
    assert f"{warnings} warnings" in preview
    missing = sum(finding["code"] == "address-missing" for finding in report["findings"])
    assert f"{missing} endpoints of its rules" in preview


def test_a_thousand_sites_have_a_preview_as_short_as_any_but_for_the_names_that_unfold(client):
    data = form() | {"answer-sites": "\r\n".join(f"Site {number:04}" for number in range(1_000))}
    response = client.post(PREVIEW, data, headers=HTMX)
    assert "1,000 remote sites" in Page(response).text(id="preview")
    few = client.post(PREVIEW, form() | {"answer-sites": "One\r\nTwo"}, headers=HTMX)
    short, usual = (
        re.sub(rb"<details.*?</details>", b"", answer.content, flags=re.DOTALL) for answer in (response, few)
    )
    assert len(short) < len(usual) + 200
    assert len(response.content) < len(short) + 2 * 1_000 * 60, "each name once"


@pytest.mark.slow
def test_the_page_costs_a_fixed_number_of_queries(client, django_assert_num_queries):
    client.get(START)
    for data in (form(), form({"sites": [f"S{n}" for n in range(50)]})):
        with django_assert_num_queries(2):  # the products, the matrix
            client.post(PREVIEW, data, headers=HTMX)


# --- other matrices --------------------------------------------------------------------------------------------------


def test_a_matrix_without_questions_has_no_guided_start(client):
    Question.objects.all().delete()
    PortMatrix.objects.update(stamp=new_stamp())
    assert START not in {link.get("href") for link in Page(client.get("/")).all("a")}
    for response in (client.get(START), client.post(START, {}), client.post(PREVIEW, {})):
        assert response.status_code == 404
        assert "There are no questions" in Page(response).text()
    assert not Plan.objects.exists()


def test_without_a_matrix_the_page_says_so(client):
    PortMatrix.objects.all().delete()
    for response in (client.get(START), client.post(START, {}), client.post(PREVIEW, {})):
        assert response.status_code == 503
        assert "load_matrix" in Page(response).text()


def test_an_amended_question_is_asked_at_once(client):
    make_amendment(row="question/portal", field="text", value="Is there a portal at all?", reason="Test")
    assert "Is there a portal at all?" in Page(client.get(START)).text()


def test_what_an_amended_port_opens_is_told_at_once(client):
    """What was told before is kept, but for the matrix that it was true of."""
    asked = form({"portal": ["internal"]})
    before = Page(client.post(PREVIEW, asked)).text(id="preview")
    make_amendment(row="service/password-reset-portal", field="ports", value="44344", reason="Test")
    assert "44344" in Page(client.post(PREVIEW, asked)).text(id="preview")
    assert "44344" not in before


def test_an_empty_plan_is_a_plan():
    matrix = build_matrix(make_records())
    assert check_plan(compose(matrix, {}, "X"), matrix=matrix).zones
