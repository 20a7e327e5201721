# shellcheck shell=sh
# Sourced from the top folder: what tests and checks start from.
scripts/setup.sh --test
. scripts/env.sh
PATH="$PATH:$PWD/scripts/web/node_modules/.bin"
PLANNER_CHROMIUM=$(scripts/chromium.sh)
export PLANNER_CHROMIUM
export PLANNER_DATA="$PWD/tests/artifacts/data"  # never the plans that `make run` keeps
PROCESSORS=$(getconf _NPROCESSORS_ONLN)
if [ "$PROCESSORS" -gt 8 ]; then PROCESSORS=8; fi
