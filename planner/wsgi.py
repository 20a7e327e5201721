"""The WSGI application that gunicorn serves."""

import os
import re
from collections.abc import Callable, Iterable
from typing import Any

from django.core.wsgi import get_wsgi_application
from django.template import engines
from django.urls import reverse

from planner.deploy.frames import call_with_room

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "planner.settings")
_ENCODING = re.compile(r";\s*charset[^=;]*=[^;]*", re.IGNORECASE)
_answer = get_wsgi_application()
# Every view, its address and what templates can call is loaded before gunicorn forks: the first visitor of each worker
# would wait for it otherwise.
reverse("show_home")
engines.all()


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer a request, whose text is UTF-8 whatever it says: over what is no encoding of text Django fails.

    To HEAD, the headers that GET would get and no body (RFC 9110, 9.3.2): Django's views make one all the same, and
    leave it to the server to throw it away.
    """
    if kind := environ.get("CONTENT_TYPE"):
        environ["CONTENT_TYPE"] = _ENCODING.sub("", kind)
    answer = call_with_room(lambda: _answer(environ, start_response))
    if environ.get("REQUEST_METHOD") != "HEAD":
        return answer
    if close := getattr(answer, "close", None):
        close()  # the server would, but doesn't get it
    return ()
