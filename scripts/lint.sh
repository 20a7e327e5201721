#!/bin/sh
# The checks that need no test run; stops at the first that fails. Types, which take the longest, are checked beside the
# others.
set -eu
cd "$(dirname "$0")/.."

. scripts/test-env.sh
said=$(mktemp)
mypy >"$said" 2>&1 &
types=$!
trap 'kill "$types" 2>/dev/null || true; rm -f "$said"' EXIT

ruff check .
ruff format --check .
biome check --error-on-warnings --config-path=scripts/web static
tsc --project scripts/web/tsconfig.json
lint-imports --no-logo
djlint --lint --quiet templates
python manage.py check
python manage.py makemigrations --check --dry-run

failed=
wait "$types" || failed=$?
cat "$said"
exit ${failed:-0}
