#!/bin/sh
# Makes an environment of its own for each peer, in its folder; does nothing where its lock file is installed already.
set -eu
cd "$(dirname "$0")"
python=${PYTHON:-python3}

# What a lock file says is installed once a copy of it lies beside it.
is_installed() { cmp -s "$1" "$2/installed"; }

for lock in */requirements.lock; do
    venv=${lock%/*}/.venv
    is_installed "$lock" "$venv" && continue
    "$python" -m venv --clear "$venv"
    "$venv/bin/pip" install -qq --disable-pip-version-check --no-deps --require-hashes -r "$lock"
    "$venv/bin/pip" check --disable-pip-version-check >/dev/null
    cp "$lock" "$venv/installed"
done

for lock in */package-lock.json; do
    modules=${lock%/*}/node_modules
    is_installed "$lock" "$modules" && continue
    npm ci --prefix "${lock%/*}" --ignore-scripts --no-audit --no-fund --loglevel=error
    cp "$lock" "$modules/installed"
done
