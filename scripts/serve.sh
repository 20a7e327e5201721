#!/bin/sh
# Brings the database, the port matrix and the static files up to date, then serves. The container starts here.
set -eu
cd "$(dirname "$0")/.."

python manage.py migrate --verbosity 0
python manage.py load_matrix
if [ "${1-}" = --demo ]; then python manage.py load_demo; fi
scripts/static.sh
exec python -m gunicorn --config python:planner.gunicorn planner.wsgi
