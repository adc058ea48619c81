#!/bin/sh
# Sees to the published Statuspage clients for tests/clients: those in Python in an environment of their own, as their
# pins clash with ours, and the one in npm. Where some cannot be had their tests skip and say so.
# npm's stays at 3.3.8, the newest with code: 3.4.6, the only one since, was published empty.
set -eu

clients=.venv/clients

# What a lock file says is installed once a copy of it is there.
is_installed() { cmp -s "tests/clients/$1" "$clients/$1.installed"; }
note() { cp "tests/clients/$1" "$clients/$1.installed"; }

install_python() {
    .venv/bin/python -m venv --clear $clients &&
        $clients/bin/pip install -qq --disable-pip-version-check --no-compile --no-deps --require-hashes -r tests/clients/requirements.lock &&
        $clients/bin/pip check --disable-pip-version-check &&
        note requirements.lock
}

has_npm() { command -v node >/dev/null && command -v npm >/dev/null; }

install_npm() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq &&
        DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends nodejs npm >/dev/null
}

install_node() {
    mkdir -p $clients/node && cp tests/clients/package.json tests/clients/package-lock.json $clients/node/ &&
        npm ci --prefix $clients/node --ignore-scripts --no-audit --no-fund --silent >/dev/null &&
        note package-lock.json
}

is_installed requirements.lock || install_python ||
    echo "The clients in Python could not be installed: their tests will be skipped." >&2
is_installed package-lock.json || { { has_npm || install_npm; } && install_node; } ||
    echo "The client in npm could not be installed: its tests will be skipped." >&2
