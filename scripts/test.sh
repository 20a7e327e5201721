#!/bin/sh
# The whole test suite, static checks first; what follows the name goes to pytest: scripts/test.sh -k flows
set -eu
cd "$(dirname "$0")/.."

. scripts/test-env.sh
scripts/lint.sh
scripts/static.sh
exec python -m pytest "$@"
