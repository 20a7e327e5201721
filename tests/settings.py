"""The settings that tests run under: the service's own, with a data folder for each process that runs tests.

pytest-django reads this module before any conftest, in a plain `pytest` as in each worker of a run on several
processors. What the shell says of a service that is run here is no business of the tests.
"""

import os
from pathlib import Path

DATA = Path(__file__).resolve().parent / "artifacts" / "data"
"""Never the plans that `make run` keeps. The collected static files are in it, for all processes together."""

for _name in [name for name in os.environ if name.startswith("PLANNER_") and name != "PLANNER_CHROMIUM"]:
    del os.environ[_name]
_folder = DATA / os.environ.get("PYTEST_XDIST_WORKER", "main")
_folder.mkdir(parents=True, exist_ok=True)
if not (_folder / "static").is_symlink():
    (_folder / "static").symlink_to("../static")
os.environ["PLANNER_DATA"] = str(_folder)
os.environ["DJANGO_SETTINGS_MODULE"] = "planner.settings"  # for the programs that tests start

from planner.settings import *  # noqa: E402, F403 - reads the environment
from planner.settings import MIDDLEWARE, PASSWORD_HASHERS  # noqa: E402

PASSWORD_HASHERS = ["tests.quick.QuickArgon2", *PASSWORD_HASHERS[1:]]
MIDDLEWARE = [
    "tests.quick.ScannedOnce" if name == "whitenoise.middleware.WhiteNoiseMiddleware" else name for name in MIDDLEWARE
]
