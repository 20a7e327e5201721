"""Those of `eager_settings`, where a file may take a quarter of what PLANNER_JOB_MIB says.

Its least would be enough for plans of thousands of sites; the process by itself takes 55 MiB.
"""

from tests.serving.eager_settings import *  # noqa: F403
from tests.serving.eager_settings import JOB_MIB

JOB_MIB //= 4
