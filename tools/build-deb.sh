#!/bin/bash
#
# tools/build-deb.sh: Debian's package of the module for the installed nginx,
# in build/deb/. lintian's errors fail it.
#
# Built is a copy of what git knows of the checkout, as it is now: packaging
# leaves its traces there, not here.

set -euo pipefail

cd "$(dirname "$0")/.."

dir=build/deb
export LC_ALL=C
unset MAKEFLAGS MFLAGS MAKELEVEL

rm -rf $dir
mkdir -p $dir/source
git ls-files -z | tar --null -c -T - | tar -x -C $dir/source

(cd $dir/source && dpkg-buildpackage --build=binary --no-sign) \
    > $dir/build.log 2>&1 || { tail -30 $dir/build.log >&2; exit 1; }

lintian --fail-on error $dir/*.changes

rm -rf $dir/source
ls -1 $dir/*.deb
