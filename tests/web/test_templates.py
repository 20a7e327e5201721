"""What holds of the templates as texts."""

import re

import pytest
from django.conf import settings
from django.template import Context, Template, TemplateSyntaxError

from planner.store.models import Plan

TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))


def test_no_line_hides_what_it_has_beyond_its_160th_character():
    assert TEMPLATES
    long = [
        f"{path.name}:{number}"
        for path in TEMPLATES
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > 160
    ]
    assert long == []


COUNTED_OUT = re.compile(r"and \{\{[^}]*\}\} (?:more|other)")
OPENS = re.compile(r"<(summary|a)\b.*?</\1>", re.DOTALL)


def test_no_list_ends_in_how_many_more_there_are_without_opening():
    texts = {path.name: OPENS.sub("", path.read_text()) for path in TEMPLATES}
    assert [name for name, text in texts.items() if COUNTED_OUT.search(text)] == []
    assert any(COUNTED_OUT.search(path.read_text()) for path in TEMPLATES)


def test_one_that_is_left_is_no_others():
    assert [path.name for path in TEMPLATES if re.search(r"\}\} (?:more )?others\b", path.read_text())] == []


def test_fields_that_take_ranges_offer_the_keyboard_that_has_a_hyphen():
    ranges = ("panels/port.html", "panels/closed.html", "own_settings.html")
    found = [path for path in TEMPLATES if str(path).endswith(ranges)]
    assert len(found) == 3
    assert not [path.name for path in found if "inputmode" in path.read_text()]


def test_one_place_says_that_a_control_is_wrong():
    assert [path.name for path in TEMPLATES if re.search("aria-invalid", path.read_text())] == []


def test_a_field_ties_its_label_help_and_errors_to_its_control():
    page = Template(
        '{% load fields %}{% field "port" "Port" errors "1 to 65535." described="note" box="narrow" %}'
        '<input id="port" name="port"{{ aria }}>{% endfield %}'
    ).render(Context({"errors": ["<0> is no port.", "A port is needed."]}))
    assert " ".join(page.split()) == (
        '<div class="narrow"> <label for="port">Port</label> '
        '<input id="port" name="port" aria-describedby="note port-help port-error" aria-invalid="true"> '
        '<p class="help" id="port-help">1 to 65535.</p> '
        '<p class="error" id="port-error"><bdi>&lt;0&gt; is no port.</bdi><br><bdi>A port is needed.</bdi> </p> </div>'
    )


def test_a_field_folds_the_errors_after_the_tenth_and_tells_all():
    page = Template('{% load fields %}{% field "port" "Port" errors %}<input{{ aria }}>{% endfield %}')
    text = page.render(Context({"errors": [f"{number} is no port." for number in range(70_001, 70_016)]}))
    seen, folded = text.split("<details")
    assert re.findall(r"\d{5}", seen) == [str(number) for number in range(70_001, 70_011)]
    assert re.findall(r"\d{5}", folded) == [str(number) for number in range(70_011, 70_016)]
    assert "and 5 more" in folded


def test_a_field_without_help_and_errors_says_nothing_of_them():
    page = Template('{% load fields %}{% field "port" "Port" %}<input{{ aria }}>{% endfield %}').render(Context({}))
    assert " ".join(page.split()) == '<div class="field"> <label for="port">Port</label> <input> </div>'


KEY = "12345678-1234-1234-1234-123456789012"
FORM = (
    '{% load edits %}{% edit_form "rename_plan" held=was shows=shown id=name|default:"main" '
    'hx_trigger="change, submit" hidden=True class=none %}<input>{% endedit_form %}'
)


def render_form(**values):
    page = Template(FORM).render(Context({"query": "a=1&b=<2>", **values}))
    return re.sub(r'(operation" autocomplete="off" value=)"\w{32}"', r"\1…", " ".join(page.split()))


def test_a_form_of_an_edit_says_where_it_is_sent_and_what_it_was_made_on():
    plan = Plan(key=KEY, revision=7)
    address = f"/plans/{KEY}/name/"
    for values, held in (({}, 7), ({"was": 5}, 5)):
        assert render_form(plan=plan, **values) == (
            f'<form method="post" action="{address}?a=1&amp;b=&lt;2&gt;" hx-post="{address}" hx-target="#report" '
            'id="main" hx-trigger="change, submit" hidden> '
            f'<input type="hidden" name="base" autocomplete="off" value="{held}"> '
            '<input type="hidden" name="operation" autocomplete="off" value=…> <input></form>'
        )
    assert ' id="&lt;x&gt;" ' in render_form(plan=plan, name="<x>")


def test_a_form_of_a_plan_that_git_owns_is_none_or_only_shows_its_fields():
    plan = Plan(key=KEY, revision=7, git={"path": "plan.yaml"})
    assert render_form(plan=plan) == ""
    fieldset = '<fieldset class="kept-in-git" id="main" disabled><input></fieldset>'
    assert render_form(plan=plan, shown=True) == fieldset
    assert render_form(plan=plan, shown=True, none="card") == fieldset.replace("git", "git card")


@pytest.mark.parametrize(
    ("tag", "said"), [("edit_form", "needs the name"), ('edit_form "rename_plan" "card"', 'no "card"')]
)
def test_a_form_of_an_edit_refuses_what_it_cannot_read(tag, said):
    with pytest.raises(TemplateSyntaxError, match=said):
        Template(f"{{% load edits %}}{{% {tag} %}}{{% endedit_form %}}")


def test_a_field_refuses_what_it_does_not_know():
    with pytest.raises(TemplateSyntaxError, match="knows no erors"):
        Template('{% load fields %}{% field "port" "Port" erors=wrong %}{% endfield %}')


UNNAMEABLE = re.compile(r"<(?:span|div|p|b|i|bdi|em|strong|small|code)\b(?![^>]*\brole=)[^>]*\baria-label")
"""An element without a role of its own may have no name, and programs that read aloud leave it out."""
HIDDEN = re.compile(r'<span aria-hidden="true">[^<]*</span>|arrow="."')


def test_what_has_a_name_has_a_role_and_one_place_draws_arrows():
    texts = {str(path.relative_to(settings.BASE_DIR / "templates")): path.read_text() for path in TEMPLATES}
    assert [name for name, text in texts.items() if UNNAMEABLE.search(text)] == []
    assert [name for name, text in texts.items() if "→" in HIDDEN.sub("", text)] == ["parts/arrow.html"]


def test_what_a_word_is_explained_by_stands_behind_it():
    assert [path.name for path in TEMPLATES if re.search(r"<d(?:iv|l)[^>]*>\s*<dd", path.read_text())] == []


def test_a_page_with_boxes_to_tick_has_the_rules_that_keep_them_beside_their_words():
    """Without these a box stood above its words wherever the column was narrow."""
    static = settings.BASE_DIR / "static"
    loose = []
    for path in TEMPLATES:
        text = path.read_text()
        sheets = re.findall(r"css/[\w/]+\.css", text)
        if 'class="option"' in text and '{% extends "base.html" %}' in text:
            rules = "".join((static / sheet).read_text() for sheet in sheets)
            loose += [] if re.search(r"parts/options\.css|\.option \{|grid\.css", rules) else [path.name]
    assert loose == []
