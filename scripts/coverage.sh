#!/bin/sh
# Which lines and branches no test takes: tables on the screen, pages in tests/artifacts/coverage. Fails where a test does,
# and where a room that has to be covered whole isn't. Without the tests in a browser, which take longest and add nothing
# to those rooms; what runs in a process of its own counts for nothing. With --own only what the tests beside those rooms
# take of them, with half of the examples: a few minutes, and what it shows has no test of its own. Other options go
# to pytest.
set -eu
cd "$(dirname "$0")/.."

. scripts/test-env.sh
if [ "${1-}" = --own ]; then
    shift
    set -- tests/engine tests/plan tests/ports tests/contract tests/second_matrix tests/store \
        --hypothesis-profile quick --cov=planner/engine --cov=planner/plan --cov=ports/matrix "$@"
else
    set -- -m "not e2e" --cov "$@"
fi
coverage erase
failed=0
python -m pytest -n "$PROCESSORS" --dist worksteal --cov-report= "$@" || failed=$?
coverage html --quiet
coverage report
# These say what a firewall opens: what no test takes there is dead, or nobody knows what it does.
for room in planner/engine planner/plan ports/matrix; do
    printf '\n%s, to be covered whole\n' $room
    coverage report --fail-under=100 --include="$room/*" || failed=2
done
exit $failed
