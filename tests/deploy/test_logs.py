"""What is taken out of a log: every secret that a page or an address may have, and little else."""

import logging

from django.core import signing
from django.urls import URLResolver, get_resolver

from planner.deploy.logs import UNDER_LINKS, RedactTokens, redact
from planner.store.models import make_token
from planner.web.under_links import UNDER_LINKS as ADDRESSES
from tests.web.views.pages import BROWSERS, visitor_cookie


def test_tokens_are_taken_out_wherever_they_stand():
    token = make_token()
    offer = signing.dumps([token, 3], salt="x")
    for text in (
        f"GET /shared/{token}/?view=flows",
        f"GET /edit/{token}",
        f'"http://ports.example/shared/{token}/report/pdf"',
        f"/accounts/login/?next=%2Fedit%2F{token}%2F",
        f"/login/?next=%2fshared%2f{token}%2f",
        f"Failed lookup for key [label] in [{{'token': '{token}', 'offer': '{offer}'}}]",
        f"<QueryDict: {{'offer': ['{offer}'], 'label': ['Team']}}>",
        f"offer={offer}&label=Team",
        f"Cookie: opening={signing.dumps(7, salt='y')}; viewer={visitor_cookie(BROWSERS[0])}; x={token}",
    ):
        said = redact(text)
        assert token not in said
        assert offer not in said
        assert BROWSERS[0] not in said
        assert "…" in said


def list_patterns(resolver, before=""):
    for one in resolver.url_patterns:
        inside = isinstance(one, URLResolver)
        yield from list_patterns(one, f"{before}{one.pattern}") if inside else (f"{before}{one.pattern}",)


def test_every_address_with_the_token_of_a_link_is_under_one_that_is_known():
    """Else its token stands in logs, and what it shows in caches."""
    found = {
        pattern.lstrip("^").partition("/")[0] for pattern in list_patterns(get_resolver()) if "<token>" in pattern
    }
    assert found == set(UNDER_LINKS)
    assert {f"/{name}/" for name in found} == set(ADDRESSES)
    for name in found:
        assert redact(f"GET /{name}/one-that-is-none/") == f"GET /{name}/…/"


def test_what_is_no_secret_stays():
    for text in (
        "Not Found: /plans/6f0d1e1c-2d4b-4f5e-9a3b-1c2d3e4f5a6b/history/",
        "a_function_whose_name_is_as_long_as_a_token_is",
        f"SELECT 1 WHERE token_hash = '{'0123456789abcdef' * 4}'",
        "SHARED is one word, /shared is another, and /matrix/?q=edit/this a third",
        "10:15:30:443 [2001:db8::1]:8443",
    ):
        assert redact(text) == text


def test_all_parts_of_a_record_are_redacted():
    token = make_token()
    try:
        raise ValueError(f"/shared/{token}/")
    except ValueError as error:
        facts = (type(error), error, error.__traceback__)
    record = logging.LogRecord("x", logging.ERROR, __file__, 1, "%s at %r", (token, {"a": token}), facts, sinfo=token)
    assert RedactTokens().filter(record)
    said = logging.Formatter().format(record)
    assert token not in said
    assert "ValueError: /shared/…/" in said
