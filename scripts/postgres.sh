#!/bin/sh
# Runs tests on PostgreSQL, on a server of their own that ends with them: all of what is stored, with a service and a few
# browsers; or those that are named: scripts/postgres.sh tests/web. Everything: scripts/postgres.sh tests
# With DATABASE_URL set they run on that server, where the role must be allowed to make databases.
set -eu
cd "$(dirname "$0")/.."

. scripts/test-env.sh

if [ $# = 0 ]; then
    set -- tests/store tests/accounts tests/sharing tests/web tests/commands tests/ports tests/second_matrix \
        tests/test_operations.py tests/test_written.py tests/serving/test_jobs.py tests/serving/test_turns.py \
        tests/e2e/test_together.py tests/e2e/test_sign_on.py --quick
fi
set -- python -m pytest -n $((PROCESSORS + 1)) --dist worksteal "$@"
if [ -n "${DATABASE_URL-}" ]; then exec "$@"; fi
exec scripts/with-postgres.sh --quick "$@"
