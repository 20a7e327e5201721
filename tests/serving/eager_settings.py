"""The service's settings, under which every file is made apart."""

from planner.settings import *  # noqa: F403

JOBS_FROM = 0
