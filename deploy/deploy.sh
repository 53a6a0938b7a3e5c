#!/bin/sh
# deploy.sh USER@HOST [PORT]: send this folder to a machine over SSH, build the image there and start the hub in it.
# What the hub keeps stays on that machine, in ~/hubbub/data. docs/running.md says the rest.
set -eu

host=${1:-}
port=${2:-}
port=${port:-9090}

fail() {
    echo "deploy: $1" >&2
    exit 2
}

case $host in
    '') fail "say where to: make deploy DEPLOY_HOST=user@host" ;;
    -*) fail "DEPLOY_HOST should be user@host, not $host" ;;
esac
case $port in
    *[!0-9]*) fail "PORT should be a number, not $port" ;;
esac

cd "$(dirname "$0")/.."
version=${DEPLOY_VERSION:-$(date -u +%Y%m%d-%H%M%S)}
folder=hubbub/versions/$version

echo "deploy: sending version $version to $host"
tar -cz --exclude=__pycache__ \
    Dockerfile .dockerignore LICENSE README.md pyproject.toml requirements/run.lock src deploy/remote.sh |
    ssh -- "$host" "umask 077 && mkdir -p $folder && tar -xz -C $folder"

# Settings go along the first time only: from then on those of the machine count.
for name in .env hubbub.toml; do
    if [ -f "$name" ]; then
        ssh -- "$host" "umask 077 && if [ -e hubbub/$name ]; then cat > /dev/null; else cat > hubbub/$name; fi" < "$name"
    fi
done

ssh -- "$host" "sh $folder/deploy/remote.sh $version $port"
