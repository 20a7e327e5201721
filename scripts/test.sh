#!/bin/sh
# The whole test suite, static checks beside it; what follows the name goes to pytest: scripts/test.sh -k flows
set -eu
cd "$(dirname "$0")/.."

. scripts/test-env.sh
# Two workers more than there are processors: tests wait for pages, and for services that they start, stop and kill, up to
# three of them at once. Each begins with a run of neighbours, which share what is made once for a file, and takes from
# the others when it is done; so none waits for the browser tests at the end.
exec python -m pytest -p tests.beside -n $((PROCESSORS + 2)) --dist worksteal "$@"
