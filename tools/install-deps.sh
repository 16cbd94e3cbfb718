#!/bin/bash
#
# Installs what the project needs on Debian 12 or later.
#
#     tools/install-deps.sh run     build the module, run it in nginx
#     tools/install-deps.sh test    the run set, and what tests and
#                                   benchmarks need
#     tools/install-deps.sh tools   the test set, and what `make analyze`,
#                                   tidy, test-valgrind, coverage need
#     tools/install-deps.sh deb     the run set, and what the package needs
#     tools/install-deps.sh static  the run set, and what building nginx needs
#     tools/install-deps.sh browser the test set, and Chromium, for
#                                   `make screenshots` and test-inflate
#     tools/install-deps.sh fetch FOLDER    nothing installed: puts the file
#                                   of libyyjson0 there, which Debian 12 lacks
#     tools/install-deps.sh bench   the test set, and the servers that
#                                   `make bench` compares with; one that
#                                   cannot be had is left out
#
# When all is there nothing is asked of apt and the script ends at once.
# The user's package sources are never touched: what an old Debian lacks is
# fetched from a later suite through private lists kept in build/apt.

set -euo pipefail

cd "$(dirname "$0")/.."

here=$PWD
export LC_ALL=C
export DEBIAN_FRONTEND=noninteractive

# nginx-dev depends on the headers that nginx's own configure looks for
# (libxslt, libgd, libgeoip, libperl, ...), so they are not repeated here.

run_set="gcc make libc6-dev nginx nginx-dev libpcre2-dev zlib1g-dev
    libunistring-dev libssl-dev libyyjson-dev tzdata"

test_set="python3 python3-yaml python3-jinja2 python3-flask python3-tornado python3-gevent
    gunicorn apache2-utils wrk curl iproute2 openssl nghttp2-client perl
    nodejs clang libclang-rt-dev libtest-nginx-perl libfcgi-perl"

tools_set="clang-tidy cppcheck valgrind gcovr"

static_set="dpkg-dev"

browser_set="chromium fonts-dejavu-core"

deb_set="dpkg-dev debhelper fakeroot lintian"

bench_set="libnginx-mod-http-lua golang-go golang-github-valyala-fasthttp-dev
    golang-github-valyala-quicktemplate-dev caddy node-nunjucks"

# Packages that may have to come from a later suite.

declare -A later=(
    [libyyjson-dev]=trixie
    [libtest-nginx-perl]=sid
)


die() {
    echo "install-deps: $*" >&2
    exit 1
}


# Prints those of the given packages that are not installed.

missing() {
    local have p

    have=" $(dpkg-query -W -f='${binary:Package}=${db:Status-Status} ' "$@" \
                 2>/dev/null | sed -E 's/:[a-z0-9]+=/=/g' || true)"

    for p in "$@"; do
        case "$have" in
            *" $p=installed "*) ;;
            *) echo "$p" ;;
        esac
    done
}


update_once() {
    [ -n "${updated-}" ] && return 0
    updated=1

    # one broken third-party source must not stop us
    apt-get -q update || echo "install-deps: apt-get update had errors" >&2
}


native() {
    apt-cache policy "$1" | grep -q '^  Candidate: [^(]'
}


# The address of the Debian archive that this machine itself uses; apt reads
# its own one-line and deb822 sources better than a pattern would.

mirrors() {
    apt-get indextargets \
        --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' \
    | sed -n 's/^Debian|Debian|//p' | sort -u

    echo "http://deb.debian.org/debian"
}


# fetch_later SUITE PACKAGE: downloads the package and those of its
# dependencies that come from the same source (libyyjson0 for libyyjson-dev)
# through private lists into build/apt/SUITE/debs.

fetch_later() {
    local suite=$1 pkg=$2 dir="$here/build/apt/$1" mirror opts extra p

    mkdir -p "$dir/lists/partial" "$dir/parts" "$dir/debs"

    opts=(-q
          -o Dir::Etc::SourceList="$dir/sources.list"
          -o Dir::Etc::SourceParts="$dir/parts"
          -o Dir::State::Lists="$dir/lists"
          -o Dir::Cache::pkgcache=
          -o Dir::Cache::srcpkgcache=
          -o APT::Update::Post-Invoke=
          -o APT::Sandbox::User=root)

    for mirror in $(mirrors); do
        echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]" \
             "$mirror $suite main" > "$dir/sources.list"

        if apt-get "${opts[@]}" --error-on=any update; then
            break
        fi

        mirror=
    done

    [ -n "$mirror" ] || die "no mirror has Debian $suite, needed for $pkg"

    # a library next to its -dev package, in the same version
    extra=$(apt-cache "${opts[@]}" show --no-all-versions "$pkg" \
            | sed -n 's/^Depends: //p' | tr ',' '\n' \
            | sed -n 's/^ *\([a-z0-9.+-]*\) (= .*/\1/p')

    rm -f "$dir"/debs/*.deb

    for p in "$pkg" $extra; do
        (cd "$dir/debs" && apt-get "${opts[@]}" download "$p")
    done
}


# install_later SUITE PACKAGE: fetches and installs, with the user's own lists
# for what else it needs.

install_later() {
    local dir="$here/build/apt/$1"

    fetch_later "$1" "$2"

    apt-get -q install -y --no-install-recommends "$dir"/debs/*.deb

    # the lists are large and would only grow old
    rm -rf "$dir"
}


# Installing nginx must neither start a server nor restart one that runs.
# A policy of the machine's own stays as it is.

policy=/usr/sbin/policy-rc.d

hold_services() {
    [ -e $policy ] && return 0

    printf '#!/bin/sh\nexit 101\n' > $policy
    chmod 755 $policy
    trap 'rm -f '$policy EXIT
}


# install_optional PACKAGE ...: together if apt can, or else each that it can.

install_optional() {
    local p

    if ! command -v apt-get > /dev/null || [ "$(id -u)" != 0 ]; then
        echo "install-deps: left out, not root on Debian:" "$@" >&2
        return 0
    fi

    echo "install-deps: installing:" "$@"
    hold_services
    update_once

    apt-get -q install -y --no-install-recommends "$@" && return 0

    for p in "$@"; do
        apt-get -q install -y --no-install-recommends "$p" \
            || echo "install-deps: left out: $p" >&2
    done
}


case "${1-run}" in
    run)   want="$run_set" ;;
    test)  want="$run_set $test_set" ;;
    tools) want="$run_set $test_set $tools_set" ;;
    static) want="$run_set $static_set" ;;
    browser) want="$run_set $test_set $browser_set" ;;
    deb)   want="$run_set $deb_set" ;;
    bench) tools/install-deps.sh test; want=$bench_set; optional=1 ;;

    fetch)
        fetch_later trixie libyyjson-dev
        cp build/apt/trixie/debs/libyyjson0_*.deb "${2?folder}"
        rm -rf build/apt/trixie
        exit
        ;;

    *)     die "usage: $0 run | test | tools | deb | static |
         browser | bench | fetch FOLDER" ;;
esac

lack=$(missing $want)

[ -z "$lack" ] && exit 0

if [ -n "${optional-}" ]; then
    install_optional $lack
    exit 0
fi

command -v apt-get > /dev/null || die "not a Debian system; needed:" $lack
[ "$(id -u)" = 0 ] || die "must be root to install:" $lack

# parallel makes ask at the same time: the second one finds all done

mkdir -p build
exec 9> build/install.lock
flock 9
lack=$(missing $want)
[ -z "$lack" ] && exit 0

echo "install-deps: installing:" $lack

hold_services
update_once

now=
after=

for p in $lack; do
    if [ -n "${later[$p]-}" ] && ! native "$p"; then
        after="$after $p"
    else
        now="$now $p"
    fi
done

if [ -n "$now" ]; then
    apt-get -q install -y --no-install-recommends $now
fi

for p in $after; do
    install_later "${later[$p]}" "$p"
done

lack=$(missing $want)
[ -z "$lack" ] || die "still missing:" $lack
