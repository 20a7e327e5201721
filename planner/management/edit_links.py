"""The edit link of a plan that a command has made: nobody can tell it later."""

from django.urls import reverse

from planner.deploy.addresses import base_address
from planner.deploy.gunicorn import bind


def show_edit_link(token: str) -> str:
    """The address that opens the plan with this token, as a browser on this computer reaches it."""
    return f"{base_address(bind)}{reverse('open_edit_link', kwargs={'token': token})}"
