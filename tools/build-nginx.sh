#!/bin/bash
#
# An nginx from its sources, where Debian's own is not what is wanted:
#
#     tools/build-nginx.sh static    build/static/nginx, with the module in it
#     tools/build-nginx.sh palloc    build/palloc/nginx, with AddressSanitizer
#                                    and pools of which each piece is an
#                                    allocation (NGX_DEBUG_PALLOC): it sees what
#                                    goes past the end of one. The module is
#                                    the dynamic one, build/asan
#
# nginx-dev has headers only, so the sources of the installed nginx are fetched
# from Debian: the tar file of its authors, through lists of our own in
# build/apt; where they cannot be had, the exit status is 2. A warning ends the
# build (nginx compiles with -Werror).

set -euo pipefail

cd "$(dirname "$0")/.."

here=$PWD
kind=${1-}
out=$here/build/$kind
binary=${NGINX_BINARY:-/usr/sbin/nginx}
export LC_ALL=C

unset MAKEFLAGS MFLAGS MAKELEVEL

die() {
    echo "build-nginx: $*" >&2
    exit 1
}

case $kind in
    static)
        options=(--add-module="$here" --with-cc-opt="-g -O2")
        ;;

    palloc)
        # what is freed with the process is no leak
        export ASAN_OPTIONS=detect_leaks=0
        asan="-fsanitize=address -fno-omit-frame-pointer"
        options=(--with-compat --with-ld-opt="$asan"
                 --with-cc-opt="-g -O1 $asan -DNGX_DEBUG_PALLOC=1")
        ;;

    *)
        die "usage: tools/build-nginx.sh static | palloc"
        ;;
esac

version=$("$binary" -v 2>&1 | sed -n 's,.*nginx/\([0-9.]*\).*,\1,p')
[ -n "$version" ] || die "no version: $binary -v"

src=$out/nginx-$version


# The repositories that this machine uses itself, as "address suite".

repositories() {
    apt-get indextargets \
        --format '$(ORIGIN)|$(LABEL)|$(REPO_URI) $(RELEASE)' \
        'Created-By: Packages' | sed -n 's/^Debian|Debian|//p' | sort -u
}


fetch() {
    local dir=$here/build/apt/source repository opts file

    opts=(-q
          -o Dir::Etc::SourceList="$dir/sources.list"
          -o Dir::Etc::SourceParts="$dir/parts"
          -o Dir::State::Lists="$dir/lists"
          -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache=
          -o APT::Update::Post-Invoke= -o APT::Sandbox::User=root)

    repositories | while read -r repository; do
        rm -rf "$dir"
        mkdir -p "$dir/lists/partial" "$dir/parts"
        echo "deb-src" \
             "[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
             "$repository main" > "$dir/sources.list"

        apt-get "${opts[@]}" update || continue

        (cd "$dir" && apt-get "${opts[@]}" source --download-only --tar-only \
                              nginx) || continue

        file=$(echo "$dir"/nginx_"$version".orig.tar.*)
        [ -e "$file" ] || continue

        rm -rf "$src"
        mkdir -p "$src"
        tar -x --strip-components=1 -C "$src" -f "$file"
        break
    done

    rm -rf "$dir"
    if [ ! -x "$src/configure" ]; then
        echo "build-nginx: Debian's mirror has no sources of nginx" \
             "$version" >&2
        exit 2
    fi
}


mkdir -p "$out"

exec 9> "$out/lock"
flock 9

[ -x "$src/configure" ] || fetch

want=$(cksum config; ls ngx_http_tpl_module/*/*.[ch])

if [ ! -f "$out/obj/Makefile" ] \
   || [ "$want" != "$(cat "$out/want" 2> /dev/null)" ]
then
    echo "build-nginx: configure nginx $version"
    rm -f "$out/want"

    (cd "$src" && ./configure --builddir="$out/obj" --prefix="$out" \
         "${options[@]}" --with-debug --with-threads --with-file-aio \
         --with-http_ssl_module --with-http_v2_module \
         --with-http_realip_module --with-http_sub_module \
         --with-http_addition_module --with-http_auth_request_module \
         --with-http_stub_status_module --with-http_slice_module \
         --with-http_gunzip_module --with-http_gzip_static_module) > "$out/configure.log" 2>&1 \
        || { tail -n 1 "$out/configure.log" >&2; die "configure failed"; }

    echo "$want" > "$out/want"
fi

make -s -C "$src" -f "$out/obj/Makefile" -j "$(nproc)" "$out/obj/nginx"

cp "$out/obj/nginx" "$out/nginx.new"
mv "$out/nginx.new" "$out/nginx"

echo "build-nginx: $out/nginx"
