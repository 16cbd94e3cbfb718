#!/bin/bash
#
# tools/matrix.sh [SUITE ...]: the module against the nginx of each Debian
# suite, in a root of its own below build/matrix/; as root.
#
# A root is made once by debootstrap and kept. In it stands a copy of what git
# knows of the checkout, as it is now; there the project's own Makefile installs
# the suite's nginx, builds the module (a warning fails it) and runs the whole
# t/; then the same with an nginx that has the module built in. The last suite
# is followed by a table.

set -euo pipefail

cd "$(dirname "$0")/.."

here=$PWD
suites=${*:-bookworm trixie sid}
roots=$here/build/matrix
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
export LC_ALL=C

die() {
    echo "matrix: $*" >&2
    exit 1
}

[ "$(id -u)" = 0 ] || die "must be root: it makes roots of other suites"

command -v debootstrap > /dev/null \
    || apt-get -q install -y --no-install-recommends debootstrap

mkdir -p "$roots"


# make_root SUITE

make_root() {
    local root=$roots/$1

    [ -e "$root/.made" ] && return 0

    rm -rf "$root"
    debootstrap --variant=minbase --include=make,ca-certificates \
        "$1" "$root" "$mirror" > "$roots/$1.debootstrap.log" 2>&1 \
        || { tail -5 "$roots/$1.debootstrap.log" >&2; return 1; }

    # a mirror may be a copy that was made a while ago

    echo 'Acquire::Check-Valid-Until "false";' \
        > "$root/etc/apt/apt.conf.d/80matrix"

    touch "$root/.made"
}


# inside SUITE COMMAND: runs it in the root's checkout, in a mount namespace
# of its own, so that nothing stays mounted whatever happens

inside() {
    local root=$roots/$1

    unshare --mount --propagation private bash -c '
        root=$0
        mount -t proc proc "$root/proc"
        mount --rbind /dev "$root/dev"
        mount -t tmpfs tmpfs "$root/run"
        exec chroot "$root" /usr/bin/env -i HOME=/root LC_ALL=C.UTF-8 \
            PATH=/usr/sbin:/usr/bin:/sbin:/bin TEST_NGINX_PORT="$1" \
            bash -c "cd /project && $2"' "$root" "${PORT:-1984}" "$2"
}


# passed LOG: what prove counted

passed() {
    sed -n 's/^Files=[0-9]*, Tests=\([0-9]*\),.*/\1 passed/p' "$1" | tail -1
}


# one SUITE: a line of the table in $roots/SUITE.row

one() {
    local suite=$1 root=$roots/$1 log=$roots/$1.log
    local version=- built=failed tests=- static=-

    echo "== $suite (log: ${log#"$here"/})"

    if make_root "$suite"; then
        mkdir -p "$root/project"
        # what git has forgotten is not tested
        find "$root/project" -mindepth 1 -maxdepth 1 ! -name build \
            -exec rm -rf {} +
        git ls-files -z | tar --null -c -T - | tar -x -C "$root/project"

        if inside "$suite" "make module cli" > "$log" 2>&1; then
            built=$(grep -c 'warning:' "$log" || true)
            built="$built warnings"

            if inside "$suite" "make deps && make test-nginx" >> "$log" 2>&1
            then
                tests=$(passed "$log")
            else
                tests=failed
            fi

            if inside "$suite" "make test-static" > "$log.static" 2>&1
            then
                static=$(passed "$log.static")
            elif grep -q 'has no sources of nginx' "$log.static"; then
                static="not run: $(sed -n 's/^build-nginx: //p' \
                                       "$log.static" | tail -1)"
            else
                static=failed
            fi
        fi

        version=$(inside "$suite" "nginx -v" 2>&1 | sed -n 's,.*nginx/,,p')
    fi

    printf '| %s | %s | %s | %s | %s |\n' "$suite" "${version:--}" "$built" \
        "$tests" "$static" > "$roots/$suite.row"

    # what could not be run says so in the table, and is no failure

    [[ $built = "0 warnings" && $tests = *passed
       && ( $static = *passed || $static = "not run: "* ) ]]
}


bad=

for suite in $suites; do
    one "$suite" || { bad="$bad $suite"; tail -20 "$roots/$suite.log" || true; }
done

echo
echo "| Debian | nginx | module | t/ | t/, built in |"
echo "|---|---|---|---|---|"

for suite in $suites; do
    cat "$roots/$suite.row"
done

[ -z "$bad" ] || die "failed:$bad"
