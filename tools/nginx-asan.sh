#!/bin/bash
#
# nginx with the sanitizers' runtime loaded first, as a module built with
# them needs it: stands in for the nginx binary.
#
#     tools/nginx-asan.sh ARG ...              runs nginx ARG ...
#     tools/nginx-asan.sh --collect COMMAND    runs a command that runs
#                                              Test::Nginx with it, prints the
#                                              sanitizers' reports, and fails
#                                              if there is any
#
# NGINX_BINARY is the real one, ASAN_LOGS the folder of what is collected.
# nginx itself never frees everything at its end, so leaks are not looked for.

set -euo pipefail

logs=${ASAN_LOGS-$PWD/build/asan/reports}

if [ "${1-}" = --collect ]; then
    shift

    rm -rf "$logs"
    mkdir -p "$logs"

    # Reports end up in nginx's error.log, which Test::Nginx removes with its
    # servers; this is a copy of all of them.
    export TEST_NGINX_ERROR_LOG=$logs/error.log

    status=0
    "$@" || status=$?

    if [ -f "$TEST_NGINX_ERROR_LOG" ]; then
        awk '/^=== /  { title = $0 }
             /ERROR: AddressSanitizer|runtime error:/ {
                 if (title) { print title; title = "" }
                 left = 25; found = 1
             }
             left > 0 { print; left-- }
             END      { exit found }' "$TEST_NGINX_ERROR_LOG" \
        || { echo "sanitizer reports, see $TEST_NGINX_ERROR_LOG"; status=1; }
    fi

    exit $status
fi

# each module has a table of names that is called as nginx's own

export ASAN_OPTIONS=detect_leaks=0:detect_odr_violation=0
export UBSAN_OPTIONS=print_stacktrace=1

# both of them at once: nginx clears its environment before it loads modules,
# too late for a runtime that comes with the module to read its options

asan=$(gcc -print-file-name=libasan.so)
ubsan=$(gcc -print-file-name=libubsan.so)
export LD_PRELOAD=$asan:$ubsan

exec "${NGINX_BINARY-/usr/sbin/nginx}" "$@"
