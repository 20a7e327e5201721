# shellcheck shell=sh
# Sourced from the top folder: what tests and checks start from.
scripts/setup.sh --test
. scripts/env.sh
PATH="$PATH:$PWD/scripts/web/node_modules/.bin"
PLANNER_CHROMIUM=$(scripts/chromium.sh)
export PLANNER_CHROMIUM
export PLANNER_DATA="$PWD/tests/artifacts/data"  # never the plans that `make run` keeps
# Each process that runs tests, and each program that a test starts, would compile all that it imports: 7 s of processor
# time for one that collects the tests.
unset PYTHONDONTWRITEBYTECODE
PROCESSORS=$(getconf _NPROCESSORS_ONLN)
if [ "$PROCESSORS" -gt 8 ]; then PROCESSORS=8; fi
