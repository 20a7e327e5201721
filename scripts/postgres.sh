#!/bin/sh
# Runs tests on PostgreSQL, on a server of their own that ends with them: those of what is to be one at a time, of edits
# that meet and of rows that are carried over; or those that are named: scripts/postgres.sh tests/web
# With DATABASE_URL set they run on that server, where the role must be allowed to make databases.
set -eu
cd "$(dirname "$0")/.."

. scripts/test-env.sh

run_tests() {
    if [ $# = 0 ]; then
        set -- tests/store/test_crossing.py tests/store/test_throttle.py tests/store/test_trouble.py \
            tests/sharing/test_links.py tests/web/views/test_edits.py tests/web/views/test_clashes.py \
            -m "not e2e" --quick
    fi
    python -m pytest -n "$PROCESSORS" --dist worksteal "$@"
}

if [ -n "${DATABASE_URL-}" ]; then run_tests "$@"; exit; fi

find_programs() {
    for folder in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV) $(command -v initdb | xargs -r dirname); do
        if [ -x "$folder/initdb" ]; then echo "$folder"; return; fi
    done
    return 1
}
if ! programs=$(find_programs); then
    echo "Installing with apt: postgresql"
    apt-get update -qq
    apt-get install -y --no-install-recommends postgresql >/dev/null
    programs=$(find_programs)
fi

# The server refuses to run as root.
place=$(mktemp -d "${TMPDIR:-/tmp}/planner-postgres.XXXXXX")
as_owner() { "$@"; }
if [ "$(id -u)" = 0 ]; then
    chown postgres "$place"
    as_owner() { setpriv --reuid postgres --regid postgres --init-groups "$@"; }
fi
finish() {
    as_owner "$programs/pg_ctl" --pgdata "$place/data" --mode immediate stop >/dev/null 2>&1 || true
    rm -rf "$place"
}
trap finish EXIT
trap 'exit 130' INT TERM
cd "$place"
as_owner "$programs/initdb" --pgdata "$place/data" --username planner --auth trust --encoding UTF8 --locale C.UTF-8 >/dev/null
as_owner "$programs/pg_ctl" --pgdata "$place/data" --wait --log "$place/log" --silent \
    --options "-c listen_addresses='' -c unix_socket_directories='$place' -c fsync=off" start
cd - >/dev/null
DATABASE_URL="postgres:///planner?host=$place&user=planner"
export DATABASE_URL
as_owner "$programs/createdb" --host "$place" --username planner planner
run_tests "$@"
