#!/bin/sh
# browser.sh: see that there is a Chromium for the tests of the pages, by the system's own package where that is possible.
# Without one those tests are skipped and say why, so this never fails.
set -u

for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null 2>&1; then
        exit 0
    fi
done
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "No Chromium is installed, so the tests of the pages in a browser are skipped (Debian: apt-get install chromium)." >&2
    exit 0
fi
# The font shows Chinese in the pictures that the tests take.
{ apt-get install -y --no-install-recommends chromium fonts-wqy-microhei ||
    { apt-get update && apt-get install -y --no-install-recommends chromium fonts-wqy-microhei; }; } >/dev/null 2>&1 ||
    echo "Chromium cannot be installed here, so the tests of the pages in a browser are skipped." >&2
