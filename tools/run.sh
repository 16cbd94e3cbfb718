#!/bin/bash
#
# tools/run.sh [PORT]: runs conf.example in the foreground; Ctrl-C ends it.
#
# conf.example names everything relative to the checkout, which is given as
# nginx's prefix. Only the port changes, on the line marked "# PORT", and
# request bodies and the like go to build/run instead of nginx's own folders,
# which an ordinary user may not write.

set -euo pipefail

cd "$(dirname "$0")/.."

port=${1-8888}
nginx=${NGINX_BINARY-/usr/sbin/nginx}
run=build/run

case $port in
    ''|*[!0-9]*) echo "run: PORT must be a number: $port" >&2; exit 1 ;;
esac

mkdir -p $run

temp=
for name in client_body proxy fastcgi uwsgi scgi; do
    temp="$temp\\n    ${name}_temp_path build/run/$name;"
done

sed -E -e "s/^( *listen +)(([0-9.]+:)?)[0-9]+(.*# PORT)/\1\2$port\4/" \
       -e "s,^http \{,&$temp," \
       conf.example > $run/nginx.conf

nginx="$nginx -p $PWD/ -c $PWD/$run/nginx.conf -e $PWD/$run/error.log"

$nginx -t -q

echo "serving templates/ on:"

# the locations that answer as they stand: exact ones that are not internal
awk -v site="http://127.0.0.1:$port" '
    $1 == "location" { path = ($2 == "=") ? $3 : "" }
    $1 == "internal;" { path = "" }
    $1 == "}" && path != "" { print "    " site path; path = "" }
' conf.example

echo "log files are in $run; Ctrl-C ends"

exec $nginx -g 'daemon off;'
