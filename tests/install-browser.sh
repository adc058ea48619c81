#!/bin/sh
# Sees to a Chromium for the browser tests: Debian's without windows, or any that there is, or Playwright's own.
# Where none can be had the tests skip and say so.
set -eu

command -v chromium-headless-shell >/dev/null && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium-headless-shell fonts-dejavu-core >/dev/null && exit 0
fi
command -v chromium >/dev/null && exit 0
.venv/bin/playwright install chromium || echo "No Chromium could be installed: the browser tests will be skipped." >&2
