#!/bin/sh
# The whole test suite, static checks first; what follows the name goes to pytest: scripts/test.sh -k flows
set -eu
cd "$(dirname "$0")/.."

. scripts/test-env.sh
scripts/lint.sh
# A worker for each processor. Each begins with a run of neighbours, which share what is made once for a file, and takes
# from the others when it is done; so none waits for the browser tests at the end.
exec python -m pytest -n auto --maxprocesses 8 --dist worksteal "$@"
