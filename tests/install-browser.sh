#!/bin/sh
# Sees to the browsers of the tests, all without windows: a Chromium (Debian's, or any that there is, or Playwright's own),
# Firefox ESR, and WebKitGTK with a screen that nobody sees.
# Where some cannot be had their tests skip and say so.
set -eu

missing=
command -v chromium-headless-shell >/dev/null || missing="$missing chromium-headless-shell fonts-dejavu-core"
command -v firefox-esr >/dev/null || command -v firefox >/dev/null || missing="$missing firefox-esr"
command -v WebKitWebDriver >/dev/null || missing="$missing webkit2gtk-driver"
command -v Xvfb >/dev/null || missing="$missing xvfb"
[ -n "$missing" ] || exit 0

{ [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq &&
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing >/dev/null; } && exit 0

echo "Not there, and not to be installed:$missing. The tests of what is missing will be skipped." >&2
command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null || .venv/bin/playwright install chromium ||
    echo "No Chromium could be installed: the browser tests will be skipped." >&2
