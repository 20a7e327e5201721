#!/bin/sh
# Looks whether all is well, brings the database, the port matrix and the static files up to date, then serves. The
# container starts here.
set -eu
cd "$(dirname "$0")/.."

python manage.py prepare
if [ "${1-}" = --demo ]; then python manage.py load_demo; fi
scripts/static.sh
if env | grep -q '^PLANNER_REQUIRE_LOGIN'; then  # or the file that has it
    python manage.py first_account
fi
# With a heap for each thread a process would keep several times what its largest request took.
export MALLOC_ARENA_MAX=1
exec python -m gunicorn --config python:planner.deploy.gunicorn planner.wsgi
