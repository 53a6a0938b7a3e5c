#!/bin/sh
# lock.sh [--upgrade]: write requirements/*.lock and uv.txt anew from pyproject.toml. No address of an index goes into them.
set -eu

compile() {
    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --annotation-style line --custom-compile-command "make lock" "$@"
}

compile "$@" --all-extras --group build pyproject.toml -o requirements/dev.lock
compile "$@" --extra embedded --extra postgres --extra telegram --extra discord --group build -c requirements/dev.lock pyproject.toml -o requirements/run.lock
echo uv | compile "$@" --no-annotate -c requirements/dev.lock - -o requirements/uv.txt
