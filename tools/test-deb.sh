#!/bin/bash
#
# tools/test-deb.sh [SUITE]: installs the package that `make deb` built in a
# fresh root of the suite (default: this machine's), adds two lines to nginx's
# default site, and asks for the page; as root.

set -euo pipefail

cd "$(dirname "$0")/.."

. /etc/os-release

here=$PWD
suite=${1:-$VERSION_CODENAME}
port=${PORT:-8897}
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
base=$here/build/deb/base-$suite
root=$here/build/deb/root
export LC_ALL=C

say() { echo "test-deb: $*"; }
die() { echo "test-deb: $*" >&2; echo "0 passed, 1 failed"; exit 1; }

[ "$(id -u)" = 0 ] || die "must be root: it makes a root"

deb=$(ls "$here"/build/deb/libnginx-mod-http-tpl_*.deb) || die "make deb first"

command -v debootstrap > /dev/null \
    || apt-get -q install -y --no-install-recommends debootstrap

if [ ! -e "$base/.made" ]; then
    rm -rf "$base"
    debootstrap --variant=minbase --include=ca-certificates,curl \
        "$suite" "$base" "$mirror" > "$here/build/deb/debootstrap.log" 2>&1
    touch "$base/.made"
fi

rm -rf "$root"
cp -a "$base" "$root"
cp "$deb" "$root/tmp/"

# Debian 12 has no libyyjson0

if [ "$suite" = bookworm ]; then
    tools/install-deps.sh fetch "$root/tmp" > /dev/null
fi

cat > "$root/tmp/test.sh" <<EOC
set -e
export DEBIAN_FRONTEND=noninteractive
printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
apt-get -q update
apt-get -q install -y --no-install-recommends nginx-light
apt-get -q install -y --no-install-recommends /tmp/*.deb

test -L /etc/nginx/modules-enabled/50-mod-http-tpl.conf
dpkg -s libnginx-mod-http-tpl | grep '^Depends:.*nginx-abi-'

mkdir /etc/nginx/templates
echo 'Hello {{ nginx.arg_name|default("you") }}!' > /etc/nginx/templates/hello.html
nginx-tpl check --all --root /etc/nginx/templates

# two lines in a site
sed -i -e 's/listen 80 /listen 127.0.0.1:$port /' -e '/listen \[::\]/d' \
    -e '/^\tserver_name _;/a tpl_root /etc/nginx/templates;\nlocation = /hello { tpl_render hello.html; }' \
    /etc/nginx/sites-available/default

nginx -t
nginx
trap 'nginx -s stop' EXIT
echo "page: \$(curl -s "http://127.0.0.1:$port/hello?name=<b>")"

nginx -s stop
trap - EXIT
apt-get -q purge -y libnginx-mod-http-tpl
test ! -e /etc/nginx/modules-enabled/50-mod-http-tpl.conf
echo removed
EOC

unshare --mount --pid --fork --propagation private bash -c '
    mount -t proc proc "$0/proc"
    mount --rbind /dev "$0/dev"
    exec chroot "$0" /usr/bin/env -i HOME=/root LC_ALL=C.UTF-8 \
        PATH=/usr/sbin:/usr/bin:/sbin:/bin bash /tmp/test.sh' "$root" \
    > "$here/build/deb/test.log" 2>&1 || { tail -20 "$here/build/deb/test.log"; die "see build/deb/test.log"; }

grep -q '^page: Hello &lt;b&gt;!$' "$here/build/deb/test.log" \
    || die "the page is not as expected"
grep -q '^removed$' "$here/build/deb/test.log" || die "it was not removed"

rm -rf "$root"
say "$suite: installed, two lines added, page served, removed"
echo "1 passed, 0 failed"
