#!/bin/sh
# Sees to a Chromium for the browser tests: the one there is, Debian's, or Playwright's own.
# Where none can be had the tests skip and say so.
set -eu

command -v chromium >/dev/null && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium fonts-dejavu-core >/dev/null
else
    .venv/bin/playwright install chromium
fi || echo "No Chromium could be installed: the browser tests will be skipped." >&2
