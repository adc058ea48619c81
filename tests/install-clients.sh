#!/bin/sh
# Sees to the published Statuspage clients for tests/clients: those in Python in environments of their own, as their
# pins clash with ours and one another's, and those in npm, with what drives Firefox for tests/browser; and to Traefik, which Debian doesn't have, for tests/deploy.
# Where some cannot be had their tests skip and say so.
# npm's statuspage.io stays at 3.3.8, the newest with code: 3.4.6, the only one since, was published empty.
set -eu

clients=.venv/clients

# What a lock file says is installed once a copy of it is there.
is_installed() { cmp -s "$1" "$2/$(basename "$1").installed"; }
note() { cp "$1" "$2/$(basename "$1").installed"; }

# install_python LOCK ENVIRONMENT
install_python() {
    .venv/bin/python -m venv --clear --without-pip "$2" &&
        { .venv/bin/uv pip install --quiet --python "$2" --no-deps --require-hashes -r "$1" ||
            pip_of "$2" install -qq --no-compile --no-deps --require-hashes -r "$1"; } &&
        pip_of "$2" check && note "$1" "$2"
}

pip_of() {
    environment=$1 && shift
    .venv/bin/pip --disable-pip-version-check --python "$environment" "$@"
}

has_npm() { command -v node >/dev/null && command -v npm >/dev/null; }

install_npm() {
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq &&
        DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends nodejs npm >/dev/null
}

install_node() {
    mkdir -p $clients/node && cp tests/clients/package.json tests/clients/package-lock.json $clients/node/ &&
        npm ci --prefix $clients/node --ignore-scripts --no-audit --no-fund --silent >/dev/null &&
        note tests/clients/package-lock.json $clients
}

for pair in tests/clients:$clients tests/clients/clashing:$clients-clashing tests/deploy:.venv/traefik; do
    folder=${pair%:*} environment=${pair#*:}
    is_installed "$folder/requirements.lock" "$environment" || install_python "$folder/requirements.lock" "$environment" ||
        echo "What $folder/requirements.txt names could not be installed: its tests will be skipped." >&2
done
is_installed tests/clients/package-lock.json $clients || { { has_npm || install_npm; } && install_node; } ||
    echo "The clients in npm could not be installed: their tests will be skipped." >&2
