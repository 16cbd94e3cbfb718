#!/bin/bash
#
# What compilers and checkers can say about the sources without running them:
#
#     tools/analyze.sh [TOOL ...]      gcc, cppcheck, tidy; all by default
#
# Every finding fails. nginx's headers are those of nginx-dev, in the
# configuration of build/nginx; only our own files are judged. Reports are
# kept in build/analyze.

set -uo pipefail

cd "$(dirname "$0")/.."

src=/usr/share/nginx/src/src
out=build/analyze
sources=ngx_http_tpl_module

mkdir -p $out

flags="-std=gnu11 -I$sources -Ibuild/nginx"

for dir in core event event/modules os/unix http http/modules http/v2; do
    flags="$flags -isystem $src/$dir"
done

export flags
export LC_ALL=C


# each COMMAND: for every source, two or as many at a time as there are
# processors; COMMAND sees the source as $1

each() {
    ls $sources/*/*.c | xargs -P "$(nproc)" -n 1 sh -c "$1" sh
}


run_gcc() {
    each 'gcc $flags -O2 -fPIC -W -Wall -Wno-unused-parameter -fanalyzer \
              -c -o /dev/null "$1"'
}



run_cppcheck() {
    cppcheck --quiet --enable=warning,performance,portability \
        --error-exitcode=1 --std=c11 \
        -I$sources -j "$(nproc)" $sources
}


run_tidy() {
    each 'clang-tidy --quiet --warnings-as-errors="*" "$1" -- $flags \
              2>> build/analyze/tidy.progress'
}


failed=

for tool in ${*:-gcc cppcheck tidy}; do
    start=$SECONDS

    run_$tool > $out/$tool.log 2>&1
    status=$?

    if [ $status != 0 ] || grep -q 'warning:\|error:' $out/$tool.log; then
        cat $out/$tool.log
        failed="$failed $tool"
        echo "analyze: $tool: FAILED, $((SECONDS - start)) s"

    else
        echo "analyze: $tool: clean, $((SECONDS - start)) s"
    fi
done

[ -z "$failed" ]
