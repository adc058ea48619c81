#!/bin/sh
# Sees to what the benchmark needs beyond the tests: wrk, valgrind and npm, of Debian, and the peers.
set -eu
cd "$(dirname "$0")"

missing=
for program in wrk valgrind npm; do
    command -v "$program" >/dev/null || missing="$missing $program"
done
[ -z "$missing" ] || {
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing >/dev/null
}
sh peers/install.sh
