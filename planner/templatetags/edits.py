"""A form that edits the plan of the page: where it is sent, what it carries along, what a plan of git has of it."""

from typing import Any

from django import template
from django.template import Engine
from django.template.base import FilterExpression, NodeList, Parser, Token, token_kwargs
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()

_SENDER = "planner/sender.html"
_OWN = frozenset({"held", "shows"})
"""What can be given that isn't an attribute of the form."""


@register.tag
def edit_form(parser: Parser, token: Token) -> "EditForm":
    """`{% edit_form "rename_plan" class="small" %}…{% endedit_form %}`: a form of an edit, sent to that view.

    `held` is the revision that the form was filled in on, where that isn't the page's. Of a plan that git owns the
    form is left out; one that `shows` what the plan has is there as fields that can't be changed. Whatever else is
    given becomes an attribute of the form, `hx_trigger` as hx-trigger; of a value that is false it has none.
    """
    name, *bits = token.split_contents()
    if not bits:
        raise template.TemplateSyntaxError(f"{{% {name} %}} needs the name of a view.")
    view = parser.compile_filter(bits.pop(0))
    given = token_kwargs(bits, parser)
    if bits:
        raise template.TemplateSyntaxError(f"{{% {name} %}} takes attributes by name, and no {bits[0]}.")
    nodelist = parser.parse((f"end{name}",))
    parser.delete_first_token()
    return EditForm(view, given, nodelist)


class EditForm(template.Node):
    """An `edit_form` of a template."""

    def __init__(self, view: FilterExpression, given: dict[str, FilterExpression], nodelist: NodeList) -> None:
        self.view, self.given, self.nodelist = view, given, nodelist

    def render(self, context: template.Context) -> SafeString:
        """The form with its fields, or what stays of it."""
        given = {name: expression.resolve(context) for name, expression in self.given.items()}
        plan = context["plan"]
        if plan.git is not None:
            if not given.get("shows"):
                return SafeString()
            looks = {"class": f"kept-in-git {given.get('class') or ''}".rstrip(), "id": given.get("id")}
            return format_html("<fieldset{} disabled>{}</fieldset>", _attributes(looks), self.nodelist.render(context))
        view = self.view.resolve(context)
        url = reverse(view, kwargs={"key": plan.key})
        with context.push(held=given.get("held")):
            sender = Engine.get_default().get_template(_SENDER).render(context)
        words = '<form method="post" action="{0}?{1}" hx-post="{0}" hx-target="#report"{2}>{3}{4}</form>'
        fields = self.nodelist.render(context)
        return format_html(words, url, context.get("query", ""), _attributes(given), sender, fields)


def _attributes(given: dict[str, Any]) -> SafeString:
    said = ((name.replace("_", "-"), value) for name, value in given.items() if name not in _OWN)
    return format_html_join(
        "", "{}", ((SafeString(f" {name}") if value is True else format_html(' {}="{}"', name, value),)
                   for name, value in said if value)
    )  # fmt: skip
