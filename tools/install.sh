#!/bin/sh
# install.sh LOCK: bring .venv to the pins of LOCK, then add Hubbub itself, editable.
# Where packages come from is the environment's affair (pip's and uv's own settings); nothing of it is written here.
set -eu

lock=$1
python=.venv/bin/python

if ! "$python" -c "import pip" 2>/dev/null; then
    "${PYTHON:-python3}" -c 'import sys; sys.exit("Hubbub needs Python 3.11 or later" if sys.version_info < (3, 11) else 0)'
    "${PYTHON:-python3}" -m venv --clear .venv
fi

echo "Installing what Hubbub needs into .venv: a minute or two, once" >&2

# uv reads no settings of pip's: a mirror and a certificate that pip uses are handed on, unless uv has its own.
set_for_pip() { # `pip config get` looks at one file only
    "$python" -m pip config list 2>/dev/null | sed -n "s/^global\.$1='\(.*\)'\$/\1/p" || true
}
mirror=${PIP_INDEX_URL:-$(set_for_pip index-url)}
if [ -n "$mirror" ] && [ -z "${UV_DEFAULT_INDEX:-}${UV_INDEX_URL:-}" ]; then
    export UV_DEFAULT_INDEX="$mirror"
fi
certificate=${PIP_CERT:-$(set_for_pip cert)}
if [ -n "$certificate" ] && [ -z "${SSL_CERT_FILE:-}" ]; then
    export SSL_CERT_FILE="$certificate"
fi

if [ -x .venv/bin/uv ]; then
    uv=.venv/bin/uv
elif ! uv=$(command -v uv); then
    "$python" -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
    uv=.venv/bin/uv
fi

# Compiled now, not at the first start: a hub that must compile its libraries takes seconds to answer.
"$uv" pip install --quiet --compile-bytecode --python "$python" --require-hashes -r "$lock" || {
    echo "uv could not install $lock, trying pip" >&2
    "$python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$lock"
}
"$python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .

# The demo model computes with OpenMP, whose library a bare Debian lacks. Only the demo needs it, so nothing fails here.
if ! "$python" -c 'import ctypes; ctypes.CDLL("libgomp.so.1")' 2>/dev/null && [ "$(uname)" = Linux ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        { apt-get update -qq && apt-get install -y -qq libgomp1; } >/dev/null ||
            echo "libgomp1 could not be installed: without it the demo model does not run" >&2
    else
        echo "The demo model needs libgomp.so.1: on Debian, 'apt install libgomp1'" >&2
    fi
fi
