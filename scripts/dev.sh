#!/bin/sh
# Runs one command with the development tools in place: scripts/dev.sh python -m pytest -k flows
set -eu
cd "$(dirname "$0")/.."

. scripts/test-env.sh
exec "$@"
