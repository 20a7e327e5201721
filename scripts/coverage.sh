#!/bin/sh
# Which lines and branches no test takes: a table on the screen, pages in tests/artifacts/coverage. Fails where a room
# that has to be covered whole is not. What runs in a process of its own, as a browser does, counts for nothing.
set -eu
cd "$(dirname "$0")/.."

. scripts/test-env.sh
python -m pytest -n auto --maxprocesses 8 --dist worksteal -m "not e2e" --cov --cov-report= "$@"
coverage html --quiet
coverage report --skip-covered
# These say what a firewall opens: what no test takes there is dead, or nobody knows what it does.
coverage report --fail-under=100 --precision=2 --show-missing --include="planner/engine/*,planner/plan/*,ports/matrix/*"
