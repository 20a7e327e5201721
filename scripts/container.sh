#!/bin/sh
# Carries the Dockerfile out in bare Debian trees, and tries what comes of it. Needs root and debootstrap, no container
# engine. Options: --cache FOLDER, --mirror ADDRESS, --build-arg NAME=VALUE
set -eu
cd "$(dirname "$0")/.."

scripts/setup.sh
. scripts/env.sh
exec python scripts/container_smoke.py "$@"
