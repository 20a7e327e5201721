"""The service's addresses and two more, by which tests hold a request and see what the application gets of it."""

import time

from django.conf import settings
from django.http import HttpRequest, JsonResponse, StreamingHttpResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt


def wait(request: HttpRequest, name: str) -> StreamingHttpResponse:
    """Leave a file that says that it has begun, and answer when there is one that says so."""
    (settings.DATA_DIR / f"{name}-begun").touch()
    while not (settings.DATA_DIR / f"{name}-go").exists():
        time.sleep(0.01)
    return StreamingHttpResponse([b"done", b" at last\n"])


@csrf_exempt
def tell(request: HttpRequest) -> JsonResponse:
    """The texts of the request's environment, and its body."""
    texts = {name: value for name, value in request.META.items() if isinstance(value, str)}
    return JsonResponse({"body": request.body.decode(), **texts})


urlpatterns = [path("wait/<slug:name>/", wait), path("tell/", tell), path("", include("planner.urls"))]
