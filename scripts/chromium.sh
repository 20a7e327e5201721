#!/bin/sh
# Prints the path of the Chromium that the browser tests drive; fails when there is none. Where there is one without
# windows, that: it takes half the processor time. With --windows one that has them, as people use it.
set -eu

if [ "${1-}" = --windows ]; then shell=; else shell=chromium-headless-shell; fi
if [ -n "$shell" ] && [ -n "${PLANNER_CHROMIUM-}" ]; then
    if command -v "$PLANNER_CHROMIUM"; then exit; fi
    echo "PLANNER_CHROMIUM is not the path of a program: $PLANNER_CHROMIUM" >&2
    exit 1
fi

for name in $shell chromium chromium-browser google-chrome google-chrome-stable \
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" \
    /Applications/Chromium.app/Contents/MacOS/Chromium \
    "${PLAYWRIGHT_BROWSERS_PATH:-${HOME-}/.cache/ms-playwright}"/chromium-*/chrome-linux*/chrome
do
    path=$(command -v "$name") || continue
    # Ubuntu's command starts the snap, or says that it is missing; neither can be driven from a container.
    case $(readlink -f "$path" || echo "$path") in */snap) continue ;; esac
    if head -c 4096 "$path" | grep -q /snap/bin/chromium; then continue; fi
    echo "$path"
    exit
done
exit 1
