#!/bin/sh
# Collects the static files unless they are the ones collected last: hashing and compressing takes most of a start.
set -eu
cd "$(dirname "$0")/.."

collected=${PLANNER_DATA:-data}/static
# Our own files, what the packages ship, and how they are stored. Contents, because dates lie in a container's image.
sources=$(find static planner/settings.py planner/deploy/staticfiles.py uv.lock -type f -exec cksum {} + | LC_ALL=C sort)
sources="$sources debug=${PLANNER_DEBUG-}"
if [ "$(cat "$collected/.sources" 2>/dev/null)" = "$sources" ]; then exit; fi
python manage.py collectstatic --noinput --verbosity 0
echo "$sources" >"$collected/.sources"
