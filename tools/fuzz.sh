#!/bin/bash
#
# tools/fuzz.sh NAME SECONDS: runs build/fuzz/NAME for a while.
#
# Inputs come from t/fuzz/seeds/NAME, a dictionary from t/fuzz/NAME.dict; what
# libFuzzer finds is kept in build/fuzz/corpus/NAME, so the next run goes on
# from there. An input that fails is saved as build/fuzz/NAME.crash-HASH
# (or .timeout-, .oom-); run the program with that file to see it again.
# With SEED=n a run without a corpus takes the same way each time: the tests of
# a change judge the change, new ground is for the longer runs.

set -euo pipefail

name=$1
fuzz=${BUILD-build}/fuzz
corpus=$fuzz/corpus/$name
seeds=t/fuzz/seeds/$name
dict=t/fuzz/$name.dict
args=(${SEED:+-seed="$SEED"})

mkdir -p "$corpus"
[ -f "$dict" ] && args+=(-dict="$dict")
args+=("$corpus")
[ -d "$seeds" ] && args+=("$seeds")

exec "$fuzz/$name" -max_total_time="$2" -timeout=10 -rss_limit_mb=2048 \
     -artifact_prefix="$fuzz/$name." -print_final_stats=1 "${args[@]}"
