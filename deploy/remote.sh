#!/bin/sh
# remote.sh VERSION PORT: on the machine that deploy.sh sent us to. Build the image of a version and start it in the
# place of the one that runs; where the new one does not come up, the old one goes on.
set -eu

version=$1
port=$2
name=hubbub
kept=3

cd "$(dirname "$0")/../../.."
mkdir -p data logs
image=$name:$version

echo "building $image"
docker build --quiet --tag "$image" "versions/$version"

# The hub runs as user 1000. The folder above is for its owner's eyes only, so that these need not be.
docker run --rm --user 0 --volume "$PWD/data:/app/data" "$image" chown 1000:1000 /app/data
set --
for file in .env hubbub.toml; do
    if [ -f "$file" ]; then
        chmod 0644 "$file"
        set -- "$@" --volume "$PWD/$file:/app/$file:ro"
    fi
done

before=
if docker container inspect "$name" > /dev/null 2>&1; then
    before=$name-before
    docker logs "$name" > "logs/until-$version.log" 2>&1 || true
    docker rm --force "$before" > /dev/null 2>&1 || true
    docker stop --time 30 "$name" > /dev/null
    docker rename "$name" "$before"
fi

started() {
    # Settings may say another port; inside the container it is always this one.
    docker run --detach --name "$name" --restart unless-stopped --init --stop-timeout 30 \
        --security-opt no-new-privileges:true --cap-drop ALL \
        --env HUBBUB_HOST=0.0.0.0 --env HUBBUB_PORT=8080 --publish "$port:8080" \
        --volume "$PWD/data:/app/data" "$@" "$image" > /dev/null || return 1
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        if docker exec "$name" hubbub doctor --alive; then
            return 0
        fi
        sleep "${DEPLOY_PAUSE:-3}"
    done
    return 1
}

if ! started "$@"; then
    echo "version $version does not come up; its last lines:" >&2
    docker logs --tail 30 "$name" >&2 || true
    docker rm --force "$name" > /dev/null 2>&1 || true
    if [ -n "$before" ]; then
        docker rename "$before" "$name"
        docker start "$name" > /dev/null
        echo "the version before runs again" >&2
    fi
    exit 1
fi

if [ -n "$before" ]; then
    docker rm "$before" > /dev/null
fi
# Names of versions sort by their time.
for old in $(ls versions | sort -r | tail -n "+$((kept + 1))"); do
    rm -rf "versions/$old"
    docker rmi "$name:$old" > /dev/null 2>&1 || true
done
echo "version $version runs on port $port; data: $PWD/data, log of the one before: $PWD/logs"
