# shellcheck shell=sh
# Sourced from the top folder, after setup: puts the project's own programs first.
PATH="$PWD/.venv/bin:$PATH:$PWD/.uv/bin"
# Homebrew's libraries are not where a Python from elsewhere looks for them.
if [ -d /opt/homebrew/lib ]; then export DYLD_FALLBACK_LIBRARY_PATH=/opt/homebrew/lib:/usr/local/lib:/usr/lib; fi
export PATH
