#!/bin/sh
# What is worth knowing before every commit, within two minutes: the static checks, and beside them all tests but those
# in a browser and those marked as slow, such as services of their own, long PDFs and whatever else takes half a second
# here; property tests with half of their examples, and of each table of cases every ninth. Options go to pytest.
set -eu
cd "$(dirname "$0")/.."

. scripts/test-env.sh
exec python -m pytest -p tests.beside -n "$PROCESSORS" --dist worksteal --ignore tests/e2e -m "not slow" --quick "$@"
