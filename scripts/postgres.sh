#!/bin/sh
# Runs tests on PostgreSQL, on a server of their own that ends with them: those of what is to be one at a time, of edits
# that meet and of rows that are carried over; or those that are named: scripts/postgres.sh tests/web
# With DATABASE_URL set they run on that server, where the role must be allowed to make databases.
set -eu
cd "$(dirname "$0")/.."

. scripts/test-env.sh

if [ $# = 0 ]; then
    set -- tests/store/test_crossing.py tests/store/test_kept.py tests/store/test_throttle.py tests/store/test_trouble.py \
        tests/sharing/test_links.py tests/web/views/test_edits.py tests/web/views/test_clashes.py \
        -m "not e2e" --quick
fi
set -- python -m pytest -n "$PROCESSORS" --dist worksteal "$@"
if [ -n "${DATABASE_URL-}" ]; then exec "$@"; fi
exec scripts/with-postgres.sh --quick "$@"
