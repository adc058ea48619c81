#!/bin/sh
# Sees to the servers that tests run for real, each on a port of its own: nginx, Caddy, PostgreSQL and Redis, of Debian;
# and to systemd-analyze, which reads the units.
# Where some cannot be had their tests skip and say so.
set -eu

missing=
command -v nginx >/dev/null || missing="$missing nginx"
command -v caddy >/dev/null || missing="$missing caddy"
command -v openssl >/dev/null || missing="$missing openssl"
command -v redis-server >/dev/null || missing="$missing redis-server"
command -v systemd-analyze >/dev/null || missing="$missing systemd"
ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing="$missing postgresql"
[ -n "$missing" ] || exit 0

# RUNLEVEL=1: nothing is started by being installed.
{ [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq &&
    RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $missing >/dev/null; } ||
    echo "Not there, and not to be installed:$missing. Their tests will be skipped." >&2
