"""Where the file of a plan is, as pages write it."""

import re

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()
_LINK = re.compile(r"https://[a-z0-9][^\s\"'<>\\@]*", re.IGNORECASE)


@register.simple_tag
def git_link(repository: str) -> SafeString:
    """A repository as a link if it is an address of https without a login; as text else, since people wrote it."""
    if _LINK.fullmatch(repository):
        return format_html('<a href="{0}" rel="noreferrer noopener"><bdi>{0}</bdi></a>', repository)
    return format_html("<bdi>{}</bdi>", repository)
