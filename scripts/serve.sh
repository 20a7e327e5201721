#!/bin/sh
# Brings the database, the port matrix and the static files up to date, then serves. The container starts here.
set -eu
cd "$(dirname "$0")/.."

# A matrix with faults must not keep the service from starting: pages say what is wrong with it.
python manage.py migrate --verbosity 0 --skip-checks
# A newer edition becomes the current one. What is amended here stays; what doesn't fit it any more is told in the log.
# One that is refused says why, and what is here is served.
python manage.py load_matrix || echo "The shipped port matrix was not loaded; the service goes on with what is here."
python manage.py empty_bin
if [ "${1-}" = --demo ]; then python manage.py load_demo; fi
scripts/static.sh
if env | grep -q '^PLANNER_REQUIRE_LOGIN'; then  # or the file that has it
    python manage.py clearsessions
    python manage.py first_account
fi
# With a heap for each thread a process would keep several times what its largest request took.
export MALLOC_ARENA_MAX=1
exec python -m gunicorn --config python:planner.deploy.gunicorn planner.wsgi
