#!/bin/sh
# Installs what Port planner needs to run, with --test also what its tests need. Says nothing when all is there.
set -eu
cd "$(dirname "$0")/.."

case "${1-}" in
    "") mode="run" ;;
    --test) mode="test" ;;
    *) echo "usage: scripts/setup.sh [--test]" >&2; exit 2 ;;
esac

if [ $mode = test ] && [ -n "${PLANNER_CHROMIUM-}" ]; then scripts/chromium.sh >/dev/null; fi  # or say what is wrong

PATH="$PATH:/usr/sbin:/sbin"  # where Debian keeps ldconfig and nft, out of a plain user's sight
# shellcheck source=/dev/null
distribution=$(. /etc/os-release 2>/dev/null && echo "${ID-}") || distribution=
venv_python=.venv/bin/python

# --- Python, uv and the virtual environment -------------------------------------------------------------------------

# A name on the PATH may be an old Python or a version manager's stub, so each candidate has to answer; with the
# Python behind a virtual environment, since that may be the very one to rebuild.
find_python() {
    for candidate in python3.14 python3.13 python3.12 python3 /usr/bin/python3* "$(uv_found_python)"; do
        "$candidate" -c 'import sys; sys.exit(1) if sys.version_info < (3, 12) else print(sys._base_executable)' \
            2>/dev/null && return
    done
    return 1
}

uv_found_python() {
    if uv=$(find_uv); then "$uv" python find --system --no-project '>=3.12' 2>/dev/null || true; fi
}

find_uv() {
    for candidate in uv .uv/bin/uv; do
        if "$candidate" --version >/dev/null 2>&1; then echo "$candidate"; return; fi
    done
    return 1
}

# The stamp holds what was installed and where: scripts in a virtual environment name their folder.
here=$(pwd -P)
wanted="$(cat pyproject.toml uv.lock | cksum) in $here"
web=scripts/web
web_wanted="$(cat $web/package.json $web/package-lock.json | cksum) in $here"
stamp=.venv/.synced-$mode

venv_works() {
    modules="django gunicorn typst weasyprint"
    if [ $mode = test ]; then modules="$modules pytest mypy playwright"; fi
    # shellcheck disable=SC2086  # one argument for each module
    "$venv_python" -c 'import sys; from importlib.util import find_spec; sys.exit(None in map(find_spec, sys.argv[1:]))' \
        $modules 2>/dev/null
}

installed=$(cat "$stamp" 2>/dev/null) || installed=
venv_is_current=no
if [ "$installed" = "$wanted" ] && venv_works; then venv_is_current=yes; fi

# --- System packages ------------------------------------------------------------------------------------------------

# What is looked for, and the package that brings it in Debian and Ubuntu, in Fedora and in Homebrew.
# A "wish" makes reports look better, or tests quicker; DejaVu and the whole Chromium stand in for it.
system_needs() {
    cat <<TABLE
library  libpango-1.0        libpango-1.0-0       pango                   pango
library  libpangoft2-1.0     libpangoft2-1.0-0    pango                   pango
library  libharfbuzz-subset  libharfbuzz-subset0  harfbuzz                harfbuzz
program  fc-list             fontconfig           fontconfig              fontconfig
program  dot                 graphviz             graphviz                graphviz
font     DejaVuSans          fonts-dejavu-core    dejavu-sans-fonts       font-dejavu
wish     Inter               fonts-inter          rsms-inter-fonts        font-inter
wish     NotoSans            fonts-noto-core      google-noto-sans-fonts  font-noto-sans
TABLE
    if [ $mode = test ]; then
        cat <<TABLE
program  pdftotext           poppler-utils        poppler-utils           poppler
program  qpdf                qpdf                 qpdf                    qpdf
program  jq                  jq                   jq                      jq
program  nft                 nftables             nftables                nftables
program  iptables-restore    iptables             iptables-nft            iptables
program  ip                  iproute2             iproute                 iproute2mac
program  ping                iputils-ping         iputils                 inetutils
TABLE
        # Ubuntu's package only fetches the snap, which does not start in a container: see the end of this script.
        if [ "$distribution" != ubuntu ]; then
            echo "browser  chromium            chromium             chromium                google-chrome"
        fi
        if [ "$distribution" = debian ]; then
            echo "quicker  chromium-headless-shell  chromium-headless-shell  chromium-headless  google-chrome"
        fi
    fi
    if [ $venv_is_current = no ]; then
        if ! python=$(find_python); then
            echo "program  python>=3.12        python3              python3                 python"
        elif ! find_uv >/dev/null && ! "$python" -c 'import ensurepip' 2>/dev/null; then
            # Debian takes venv out of Python, into a package with the version in its name.
            version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
            echo "program  python-venv         python$version-venv  python3             python"
        fi
    fi
}

is_there() {
    case $1 in
        library) has_library "$2" ;;
        program | quicker) command -v "$2" >/dev/null ;;
        font | wish) fc-list -q "$2" 2>/dev/null ;;
        browser) scripts/chromium.sh >/dev/null ;;
    esac
}

has_library() {
    if ldconfig -p 2>/dev/null | grep -q "$1\."; then return; fi
    for file in /opt/homebrew/lib/"$1".* /usr/local/lib/"$1".* /usr/lib/"$1".* /usr/lib64/"$1".*; do
        if [ -e "$file" ]; then return; fi
    done
    return 1
}

look_for_packages() {
    missing='' wishes='' apt='' dnf='' brew=''
    while read -r kind name apt_name dnf_name brew_name; do
        if is_there "$kind" "$name"; then continue; fi
        case $kind in wish | quicker) wishes="$wishes $apt_name" ;; *) missing="$missing $name" apt="$apt $apt_name" ;; esac
        case "$dnf " in *" $dnf_name "*) ;; *) dnf="$dnf $dnf_name" ;; esac
        case "$brew " in *" $brew_name "*) ;; *) brew="$brew $brew_name" ;; esac
    done <<NEEDS
$(system_needs)
NEEDS
}

may_install() {
    [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null
}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

install_packages() {
    # Not every release has every font, and its lists know; without lists there is something else missing too.
    if [ -n "$missing" ]; then as_root apt-get update -qq; fi
    for name in $wishes; do
        if apt-cache show "$name" >/dev/null 2>&1; then apt="$apt $name"; fi
    done
    if [ -z "$apt" ]; then return; fi
    echo "Installing with apt:$apt"
    # shellcheck disable=SC2086  # one argument for each package
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -qq -y --no-install-recommends -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 $apt >/dev/null
}

look_for_packages
if [ -n "$missing$wishes" ] && command -v apt-get >/dev/null && may_install; then
    install_packages || echo "apt could not install the packages." >&2
    look_for_packages
fi
if [ -n "$missing" ]; then
    cat >&2 <<TEXT
Port planner needs something that is not on this computer:$missing
Install it with the command for your system, then try again:
  Debian, Ubuntu:  sudo apt-get update && sudo apt-get install -y$apt$wishes
  Fedora:          sudo dnf install -y$dnf
  macOS:           brew install$brew
TEXT
    exit 1
fi

# --- Python packages ------------------------------------------------------------------------------------------------

if [ $venv_is_current = no ]; then
    export UV_PYTHON_DOWNLOADS=never  # the Python found here will do
    export UV_PROJECT_ENVIRONMENT=.venv
    export UV_COMPILE_BYTECODE=1      # every start would pay for it where Python may not write its own
    export UV_NO_INSTALL_PROJECT=1    # a checkout is run as it is
    unset VIRTUAL_ENV  # another project's, when set
    UV_PYTHON=${UV_PYTHON:-$(find_python)}
    export UV_PYTHON

    if ! uv=$(find_uv); then
        "$UV_PYTHON" -m venv --clear .uv
        .uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r scripts/uv.txt
        uv=.uv/bin/uv
    fi

    # A sync trusts its records: it neither misses deleted files nor notices that the checkout was moved.
    if [ -n "$installed" ] && { [ "${installed#* in }" != "$here" ] || ! venv_works; }; then rm -rf .venv; fi
    # `make run` after `make test` leaves the development packages where they are.
    if [ $mode = run ]; then set -- --no-dev --inexact; else set -- --all-groups; fi
    "$uv" sync --frozen "$@"
    if [ $mode = test ]; then echo "$wanted" >.venv/.synced-run; fi
    echo "$wanted" >"$stamp"
fi

# --- What checks scripts and stylesheets: from npm, which the development packages bring ----------------------------

if [ $mode = test ] && [ "$(cat $web/node_modules/.synced 2>/dev/null)" != "$web_wanted" ]; then
    PATH="$PWD/.venv/bin:$PATH" npm ci --prefix $web --silent --no-audit --no-fund
    echo "$web_wanted" >$web/node_modules/.synced
fi

# --- A browser where the system has none but the snap ---------------------------------------------------------------

if [ $mode = test ] && ! scripts/chromium.sh >/dev/null; then
    if ! may_install || ! "$venv_python" -m playwright install --with-deps chromium; then
        cat >&2 <<TEXT
The browser tests need Chromium, and there is none but perhaps the snap, which they cannot drive. Do one of these:
  - run: $venv_python -m playwright install --with-deps chromium
  - install Google Chrome
  - set PLANNER_CHROMIUM to the path of a Chromium
TEXT
        exit 1
    fi
fi
