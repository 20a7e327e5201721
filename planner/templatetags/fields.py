"""A field of a form: its label, what is typed into it, its help and its errors, tied together for screen readers."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token, token_kwargs
from django.template.loader import get_template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

_TEMPLATE = "parts/field.html"
_MOST = 10  # errors in sight; the others are folded (parts/errors.html)


class Given(NamedTuple):
    """What `field` takes, in this order or by name."""

    id: str
    """The `id` of the control. Help and errors get ids made of it."""
    label: str
    errors: Iterable[str] = ()
    """Sentences that stand under the control and mark it as wrong."""
    help: str = ""
    optional: bool = False
    invalid: object = False
    """True marks the control as wrong, where the sentence about it stands elsewhere."""
    described: str = ""
    """Ids of what else describes the control, named before its help and errors."""
    alert: bool = False
    """Screen readers say the errors at once."""
    box: str = "field"
    """The class of the element around it all."""


@register.tag
def field(parser: Parser, token: Token) -> "FieldNode":
    """A labelled control: `{% field "zone-name" "Name" form.name.errors %}<input …{{ aria }}>{% endfield %}`.

    The control between the tags writes `{{ aria }}` as its last attributes. What else can be given stands at `Given`.
    """
    name, *bits = token.split_contents()
    given: dict[str, FilterExpression] = {}
    for place, bit in enumerate(bits):
        named = token_kwargs([bit], parser)
        given |= named or {Given._fields[place]: parser.compile_filter(bit)}
    if unknown := given.keys() - set(Given._fields):
        raise template.TemplateSyntaxError(f"{{% {name} %}} knows no {', '.join(sorted(unknown))}.")
    nodelist = parser.parse(("endfield",))
    parser.delete_first_token()
    return FieldNode(given=given, nodelist=nodelist)


class FieldNode(template.Node):
    """A `field` of a template."""

    def __init__(self, *, given: dict[str, FilterExpression], nodelist: NodeList) -> None:
        self.given, self.nodelist = given, nodelist

    def render(self, context: template.Context) -> SafeString:
        """The label, the control with what describes it, the help and the errors."""
        given = Given(**{name: expression.resolve(context) for name, expression in self.given.items()})
        ids = [given.described] if given.described else []
        ids += [f"{given.id}-help"] if given.help else []
        ids += [f"{given.id}-error"] if given.errors else []
        with context.push(aria=aria(" ".join(ids), given.errors or given.invalid)):
            control = self.nodelist.render(context)
        values: dict[str, Any] = given._asdict() | {"control": control, "rest": list(given.errors)[_MOST:]}
        return SafeString(get_template(_TEMPLATE).render(values))


@register.simple_tag
def aria(ids: str, invalid: object) -> SafeString:
    """The attributes that tell a screen reader which elements describe a control, and that what is in it is wrong."""
    described = format_html(' aria-describedby="{}"', ids) if ids else SafeString()
    return described + SafeString(' aria-invalid="true"' if invalid else "")


@register.simple_tag
def option(value: object, label: object, chosen: object) -> SafeString:
    """One of the options of a list to choose from, selected if it is what was chosen."""
    return format_html(
        '<option value="{}"{}>{}</option>', value, SafeString(" selected" if value == chosen else ""), label
    )
