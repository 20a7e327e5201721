#!/bin/sh
# Runs a command with DATABASE_URL of an empty database on a PostgreSQL server of its own, which ends with the command:
# scripts/with-postgres.sh [--quick] COMMAND. With --quick nothing waits for the disk, which is for tests.
set -eu

quick=
if [ "${1-}" = --quick ]; then quick="-c fsync=off"; shift; fi

find_programs() {
    for folder in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV) $(command -v initdb | xargs -r dirname); do
        if [ -x "$folder/initdb" ]; then echo "$folder"; return; fi
    done
    return 1
}
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }
if ! programs=$(find_programs); then
    if ! command -v apt-get >/dev/null || ! as_root true 2>/dev/null; then
        echo "PostgreSQL's server programs are needed: on Debian and Ubuntu sudo apt-get install postgresql, elsewhere" \
            "the package with initdb in it." >&2
        exit 1
    fi
    echo "Installing with apt: postgresql" >&2
    as_root apt-get update -qq
    as_root apt-get install -y --no-install-recommends postgresql >/dev/null
    programs=$(find_programs)
fi

# The server refuses to run as root.
place=$(mktemp -d "${TMPDIR:-/tmp}/planner-postgres.XXXXXX")
as_owner() { (cd "$place" && "$@"); }
if [ "$(id -u)" = 0 ]; then
    chown postgres "$place"
    as_owner() { (cd "$place" && setpriv --reuid postgres --regid postgres --init-groups "$@"); }
fi
finish() {
    as_owner "$programs/pg_ctl" --pgdata "$place/data" --mode immediate stop >/dev/null 2>&1 || true
    rm -rf "$place"
}
trap finish EXIT
trap 'exit 130' INT TERM
as_owner "$programs/initdb" --pgdata "$place/data" --username planner --auth trust --encoding UTF8 --locale C.UTF-8 >/dev/null
as_owner "$programs/pg_ctl" --pgdata "$place/data" --wait --log "$place/log" --silent \
    --options "-c listen_addresses='' -c unix_socket_directories='$place' $quick" start
as_owner "$programs/createdb" --host "$place" --username planner planner
DATABASE_URL="postgres:///planner?host=$place&user=planner"
export DATABASE_URL
"$@"
