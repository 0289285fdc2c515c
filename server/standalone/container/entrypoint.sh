#!/bin/sh
# The first argument: a program to run by itself, in place of this shell so that it gets the signals; else a verb of `sightglass`.
# `healthcheck` is for the image's own.
set -eu
app=$(dirname -- "$0")/../../..
[ "$#" -gt 0 ] || set -- start
case "$1" in
  collector | server | runtime)
    if [ "$#" -gt 1 ]; then
      echo "$1 takes no arguments; settings are environment variables" >&2
      exit 2
    fi
    exec node "$app/$1/main.ts"
    ;;
  healthcheck)
    exec node "$app/server/standalone/container/healthcheck.mjs" \
      "${SIGHTGLASS_PORT:-4000}" "${SIGHTGLASS_OTLP_HTTP_PORT:-4318}" "${SIGHTGLASS_RUNTIME_PORT:-4100}"
    ;;
  sightglass)
    shift
    ;;
esac
exec node "$app/server/standalone/sightglass.mjs" "$@"
