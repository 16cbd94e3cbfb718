#!/bin/bash
#
# nginx under valgrind's memcheck: stands in for the nginx binary.
#
#     tools/nginx-valgrind.sh ARG ...             runs nginx ARG ...
#     tools/nginx-valgrind.sh --collect COMMAND   runs a command that runs
#                                                 Test::Nginx with it, and
#                                                 fails if memcheck found
#                                                 anything of ours
#     tools/nginx-valgrind.sh --unit TEST ...     runs unit tests under it
#
# NGINX_BINARY is the real one, VALGRIND_LOGS the folder of the reports. An
# error counts when a function of the module or the engine is on its stack:
# nginx itself hands padding to system calls. Leaks are those memcheck calls
# definite; pools are freed as a whole, so there is little else to lose.

set -euo pipefail

logs=${VALGRIND_LOGS-$PWD/build/valgrind}
memcheck="valgrind --quiet --leak-check=full --show-leak-kinds=definite
    --errors-for-leak-kinds=definite --num-callers=30"

case "${1-}" in

    --unit)
        shift
        status=0

        for test in "$@"; do
            if $memcheck --error-exitcode=99 "$test"; then
                echo "valgrind $test: 1 passed, 0 failed"
            else
                echo "valgrind $test: 0 passed, 1 failed"
                status=1
            fi
        done

        exit $status
        ;;

    --collect)
        shift

        rm -rf "$logs"
        mkdir -p "$logs"

        status=0
        "$@" || status=$?

        # a report is a block between lines that hold the process id alone
        if ! sed 's/^==[0-9]*== \{0,1\}//' "$logs"/*.log 2> /dev/null \
             | awk -v RS= '/(ngx_http_)?tpl_/ { print; print ""; found = 1 }
                           END { exit found }'
        then
            echo "memcheck reports, see $logs"
            status=1
        fi

        if ! ls "$logs"/*.log > /dev/null 2>&1; then
            echo "memcheck did not run"
            status=1
        fi

        exit $status
        ;;
esac

exec $memcheck --trace-children=yes --log-file="$logs/%p.log" \
    "${NGINX_BINARY-/usr/sbin/nginx}" "$@"
