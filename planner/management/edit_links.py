"""The edit link of a plan that a command has made: nobody can tell it later."""

from django.urls import reverse


def show_edit_link(token: str) -> str:
    """The address that opens the plan with this token, as a browser on this computer reaches it."""
    return f"{_find_base()}{reverse('open_edit_link', kwargs={'token': token})}"


def _find_base() -> str:
    from planner.deploy.addresses import base_address  # noqa: PLC0415 - the server's modules, for this alone
    from planner.deploy.gunicorn import bind  # noqa: PLC0415 - likewise; ends where PLANNER_BIND can't be meant

    return base_address(bind)
