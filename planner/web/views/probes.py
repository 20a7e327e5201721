"""What those ask who watch over the service: whether the process is alive, and whether it can do its work."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from planner.store.readiness import list_troubles


@require_safe
def show_health(request: HttpRequest) -> HttpResponse:
    """ok: the process answers. It asks nothing else, as a new process would mend nothing else."""
    return _answer("ok")


@require_safe
def show_readiness(request: HttpRequest) -> HttpResponse:
    """ok when requests can be answered; else 503, and in a word each what is wrong, as in `readiness.WORDS`."""
    troubles = list_troubles()
    return _answer(*troubles, status=503) if troubles else _answer("ok")


def _answer(*words: str, status: int = 200) -> HttpResponse:
    content = "".join(f"{word}\n" for word in words)
    return HttpResponse(content, content_type="text/plain", status=status, headers={"Cache-Control": "no-store"})
