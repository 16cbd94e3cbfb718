#!/bin/bash
#
# Builds the dynamic module for the installed nginx.
#
#     tools/build-module.sh          build/ngx_http_tpl_module.so
#     tools/build-module.sh asan     build/asan/ngx_http_tpl_module.so, with
#                                    AddressSanitizer and UBSan
#     tools/build-module.sh coverage build/coverage/ngx_http_tpl_module.so,
#                                    which counts what it runs
#     tools/build-module.sh without FUSE
#                                    build/ablation/FUSE/..., with that
#                                    switch of base/tpl_ablation.h set
#
# nginx-dev brings nginx's configure and headers in /usr/share/nginx/src.
# Debian's configure writes into --builddir only, so nothing outside the
# checkout changes. configure runs again only when it could say something
# new: other source files, another config, another nginx or other flags.
# What a changed .c or .h needs is left to the Makefile it wrote.

set -euo pipefail

cd "$(dirname "$0")/.."

src=/usr/share/nginx/src
jobs=$(nproc)

# nginx's Makefile is a make of its own, not a part of the one that calls us
unset MAKEFLAGS MFLAGS MAKELEVEL

build=${BUILD-build}
kind=${1-plain}

case $kind in
    plain)
        out=$build
        cc_opt="-g -O2"
        ld_opt="-Wl,-z,relro -Wl,-z,now"
        ;;

    asan)
        out=$build/asan
        # gcc's -Wmaybe-uninitialized misfires in instrumented code
        cc_opt="-g -O1 -fno-omit-frame-pointer -fsanitize=address,undefined
                -fno-sanitize-recover=all -Wno-maybe-uninitialized"
        ld_opt="-fsanitize=address,undefined"
        # configure runs its little test programs
        export ASAN_OPTIONS=detect_leaks=0
        ;;

    coverage)
        out=$build/coverage
        # shared by all workers that ever run
        cc_opt="-g -O0 -U_FORTIFY_SOURCE --coverage -fprofile-update=atomic"
        ld_opt="--coverage"
        ;;

    without)
        out=$build/ablation/$2
        cc_opt="-g -O2 -DTPL_NO_$2=1"
        ld_opt="-Wl,-z,relro -Wl,-z,now"
        ;;

    *)
        echo "usage: $0 [asan | coverage | without NAME]" >&2
        exit 1
        ;;
esac

if [ ! -x $src/configure ]; then
    echo "build-module: no $src/configure: install nginx-dev" >&2
    exit 1
fi

mkdir -p "$out/nginx"
out=$(cd "$out" && pwd)
dir=$out/nginx

# two makes at a time would build over each other

exec 9> "$dir/lock"
flock 9

want=$(
    echo "$PWD" $cc_opt $ld_opt
    dpkg-query -W -f '${Package} ${Version}\n' nginx-dev 2> /dev/null || true
    cksum config "$src/conf_flags"
    ls ngx_http_tpl_module/*/*.[ch]
)

if [ ! -f "$dir/Makefile" ] || [ "$want" != "$(cat "$dir/want" 2> /dev/null)" ]; then
    echo "build-module: configure ($kind)"
    rm -f "$dir/want"

    # nginx's own flags (--with-compat and what shapes its structures)
    . $src/conf_flags

    if ! (cd $src && ./configure "${NGX_CONF_FLAGS[@]}" \
              --with-cc-opt="$(echo $cc_opt)" --with-ld-opt="$ld_opt" \
              --builddir="$dir" --add-dynamic-module="$OLDPWD") \
         > "$dir/configure.log" 2>&1
    then
        # our own message stands last
        tail -n 1 "$dir/configure.log" >&2
        echo "build-module: configure failed, see $dir/configure.log" >&2
        exit 1
    fi

    echo "$want" > "$dir/want"
fi

make -s -C $src -f "$dir/Makefile" -j "$jobs" modules

# the .so is replaced, never written over: a running nginx has it mapped

if ! cmp -s "$dir/ngx_http_tpl_module.so" "$out/ngx_http_tpl_module.so"; then
    cp "$dir/ngx_http_tpl_module.so" "$out/ngx_http_tpl_module.so.new"
    mv "$out/ngx_http_tpl_module.so.new" "$out/ngx_http_tpl_module.so"
    echo "build-module: $out/ngx_http_tpl_module.so"
fi
