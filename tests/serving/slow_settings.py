"""The service's settings, with two addresses more: an answer that waits, and one that tells of the request."""

from planner.settings import *  # noqa: F403

ROOT_URLCONF = "tests.serving.slow_urls"
