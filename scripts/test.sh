#!/bin/sh
# The whole test suite, static checks beside it; what follows the name goes to pytest: scripts/test.sh -k flows
set -eu
cd "$(dirname "$0")/.."

. scripts/test-env.sh
# A worker more than there are processors, as browser tests wait for pages now and then. Each begins with a run of
# neighbours, which share what is made once for a file, and takes from the others when it is done; so none waits for the
# browser tests at the end.
exec python -m pytest -p tests.beside -n $((PROCESSORS + 1)) --dist worksteal "$@"
