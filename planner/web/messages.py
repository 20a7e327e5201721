"""Where a sentence waits for the next page: in the browser, under a name that only this host can set where it can."""

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage


class HostMessages(CookieStorage):
    """Django's cookie of messages, signed, under settings.COOKIE_PREFIX."""

    cookie_name = f"{settings.COOKIE_PREFIX}messages"
