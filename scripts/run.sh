#!/bin/sh
# Serves Port planner from this checkout. Data: PLANNER_DATA, or data/ here. Address: PLANNER_BIND.
set -eu
cd "$(dirname "$0")/.."

scripts/setup.sh
. scripts/env.sh
exec scripts/serve.sh "$@"
