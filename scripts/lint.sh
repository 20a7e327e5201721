#!/bin/sh
# The checks that need no test run; stops at the first that fails.
set -eu
cd "$(dirname "$0")/.."

. scripts/test-env.sh
ruff check .
ruff format --check .
biome check --error-on-warnings --config-path=scripts/web static
tsc --project scripts/web/tsconfig.json
lint-imports --no-logo
mypy
djlint --lint --quiet templates
python manage.py check
python manage.py makemigrations --check --dry-run
