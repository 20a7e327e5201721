"""Where what isn't code lies: templates, stylesheets and scripts, and `manage.py`.

In a checkout and in the container that is the top folder. In an installed package it is `planner/_site`, where the
build puts it (`tool.hatch` in pyproject.toml), as a folder of packages is no place for folders of such names.
"""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
"""The package `planner`; `ports` lies beside it."""
IS_INSTALLED = not (PACKAGE.parent / "manage.py").is_file()
SITE = PACKAGE / "_site" if IS_INSTALLED else PACKAGE.parent
PROGRAM = "port-planner" if IS_INSTALLED else "manage.py"
"""What runs the commands that sentences tell of."""
