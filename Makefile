# GNU make; on Debian 12 or later.
#
#   make run [PORT=8888]     install what is missing, build, run the sample site
#   make test                every check there is, with one count at the end
#   make module | cli        build/ngx_http_tpl_module.so | build/tpl
#   make asan                both with AddressSanitizer and UBSan: build/asan/
#   make test-NAME           one step of the tests: unit, engine, nginx,
#                            unit-asan, unit-clang, engine-asan, nginx-asan,
#                            ablation, diff, fuzz
#   make test-inflate        all that has to inflate our gzip, Chromium too
#   make fuzz [T=60]         every fuzz target for T seconds
#   make conformance-nginx   the same cases through a real nginx
#   make conformance [CASES=FILE] [ARGS="--match RE --failures 20"]
#   make bench [ARGS=--quick]   all benchmarks: bench/results.md, charts
#   make bench-run | bench-scale | bench-seed [ARGS=...] | bench-render |
#        bench-instructions
#   make bench-ablation      what each optimisation buys: half an hour
#   make bench-gzip          compressing next to zlib, without a server
#   make static | test-static   an nginx with the module built in | its tests
#   make matrix [SUITES="bookworm trixie sid"]   with each suite's own nginx,
#                            in roots below build/matrix; needs root
#   make soak [ARGS="--seconds 600 --reloads 1000"]   under load for a while
#   make faults [ABORTS=20000]   allocations that fail, short writes, aborts
#   make deb | test-deb      Debian's package in build/deb | tried in a fresh root
#   make screenshots         of the sample site: build/screenshots
#   make analyze             gcc -fanalyzer, cppcheck
#   make tidy                clang-tidy with the checks of .clang-tidy
#   make test-palloc         t/ with an nginx whose pools are no pools, and ASan
#   make test-valgrind       unit tests and t/ under memcheck: a quarter of an
#                            hour
#   make coverage            of the engine, by all tests: about ten minutes
#   make style | clean
#
# V=1 shows the commands of the compiler.
#
# nginx's own build makes the module (tools/build-module.sh). The engine,
# which knows nothing of nginx, is also a library here, for the command line,
# the unit tests and the fuzzers. Sources are found by their folder: a new
# file needs no change on this page.

PORT   = 8888
T      = 60
DIFF   = 10000
ABORTS = 20000
ASAN_T = $(wildcard t/*.t)

# memcheck makes nginx some thirty times slower: without tests of thousands of
# requests, and those that are about programs of others
VALGRIND_T = $(filter-out t/fetch_aborts.t t/faults.t t/inflate.t t/bench.t,\
               $(wildcard t/*.t))

# A python3 in /usr/local or a home directory does not see Debian's modules.
PYTHON = /usr/bin/python3

# Not NGINX: a command-line variable is exported, and nginx takes a variable
# of that name for a list of sockets to inherit.
NGINX_BINARY = /usr/sbin/nginx

CONFORMANCE = ../shared/conformance
CASES       = $(CONFORMANCE)/open.json

CC     = gcc
CLANG  = clang
WARN   = -W -Wall -Wextra -Werror
CFLAGS = -std=gnu11 -g -fPIC
LIBS   = -lyyjson -lunistring -lpcre2-8 -lcrypto -lz -lm

# -Wmaybe-uninitialized misfires in gcc's instrumented code
SANITIZE = -O1 -fno-omit-frame-pointer -fsanitize=address,undefined \
           -fno-sanitize-recover=all
COVER_CC = $(CC) $(CFLAGS) $(WARN) -O0 --coverage -fprofile-update=atomic
ASAN_CC  = $(CC) $(CFLAGS) $(WARN) $(SANITIZE) -Wno-maybe-uninitialized
FUZZ_CC  = $(CLANG) $(CFLAGS) $(SANITIZE) -fsanitize=fuzzer-no-link

# gcc is the judge of warnings; clang only builds the fuzzers

Q      = $(if $(V),,@)
B      = build
S      = ngx_http_tpl_module
ENGINE = $(filter-out $S/nginx/% $S/cli/%,$(wildcard $S/*/*.c))
CLI    = $(wildcard $S/cli/*.c)
UNIT   = $(patsubst t/unit/%.c,%,$(wildcard t/unit/*.c))
FUZZ   = $(patsubst t/fuzz/%.c,%,$(wildcard t/fuzz/*.c))
CASE_T = $(sort $(wildcard t/engine/*.py))

EACH   = $(PYTHON) tools/check.py each
PROVE  = TEST_NGINX_SERVROOT=$(abspath $B)/servroot prove -It/lib

MAKEFLAGS += --no-builtin-rules -j$(shell nproc)

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all deps deps-run module module-asan cli asan run test style clean \
        test-unit test-engine test-nginx test-unit-asan test-engine-asan \
        test-nginx-asan test-unit-clang test-ablation test-inflate test-diff \
        test-fuzz fuzz \
        conformance \
        conformance-nginx bench bench-run bench-scale bench-instructions \
        bench-ablation bench-seed bench-render bench-gzip bench-deps \
        static test-static screenshots matrix deb test-deb soak faults tools-deps analyze tidy \
        test-valgrind test-palloc coverage

all: module cli


# Asking dpkg takes a hundredth of a second, so packages are looked at each
# time: a stamp file would go on claiming what someone has removed since.

deps-run:
	@tools/install-deps.sh run

deps:
	@tools/install-deps.sh test


# The engine in variants; each has its objects in a folder of its own.
#   $(call variant,FOLDER,COMPILER,WHAT BRINGS THE COMPILER)

define variant
$1/obj/%.o: %.c Makefile | $3
	@mkdir -p $$(@D)
	@echo "cc $$@"
	$Q$2 -I$S -It/unit -MMD -MP -c -o $$@ $$<

$1/libtpl.a: $(ENGINE:%.c=$1/obj/%.o)
	@rm -f $$@
	$Qar rcs $$@ $$^

$1/tpl: $(CLI:%.c=$1/obj/%.o) $1/libtpl.a
	@echo "link $$@"
	$Q$2 $(LDFLAGS) -o $$@ $$^ $(LIBS)

$1/unit/%: $1/obj/t/unit/%.o $1/libtpl.a
	@mkdir -p $$(@D)
	@echo "link $$@"
	$Q$2 -o $$@ $$^ $(LIBS)

-include $$(wildcard $1/obj/*/*.d $1/obj/*/*/*.d)
endef

$(eval $(call variant,$B,$(CC) $(CFLAGS) -O2 $(WARN),deps-run))
$(eval $(call variant,$B/asan,$(ASAN_CC),deps-run))
$(eval $(call variant,$B/fuzz,$(FUZZ_CC),deps))
$(eval $(call variant,$B/coverage,$(COVER_CC),deps-run))
$(eval $(call variant,$B/coverage-pieces,$(COVER_CC) -DTPL_DEBUG_ARENA=1,deps-run))
$(eval $(call variant,$B/ablation/ALL,$(CC) $(CFLAGS) -O0 $(WARN) -DTPL_NO_ALL=1,deps-run))

$(FUZZ:%=$B/fuzz/%): $B/fuzz/%: $B/fuzz/obj/t/fuzz/%.o $B/fuzz/libtpl.a
	@echo "link $@"
	$Q$(FUZZ_CC) -fsanitize=fuzzer -o $@ $^ $(LIBS)


module: deps-run
	@BUILD=$B tools/build-module.sh

module-asan: deps-run
	@BUILD=$B tools/build-module.sh asan

cli: $B/tpl

asan: module-asan $B/asan/tpl

run: module
	@NGINX_BINARY=$(NGINX_BINARY) BUILD=$B tools/run.sh $(PORT)


# The whole of the tests: each step is a target of its own, check.py runs
# them in this order, counts what they report and ends with the sum.

test: deps
	@$(PYTHON) tools/check.py all $B/test \
	    style cli test-unit test-unit-asan test-unit-clang test-engine \
	    test-engine-asan test-ablation test-diff module module-asan test-nginx \
	    test-nginx-asan test-fuzz conformance conformance-nginx

test-unit: $(UNIT:%=$B/unit/%)
	@$(EACH) $^

test-unit-asan: $(UNIT:%=$B/asan/unit/%)
	@$(EACH) $^

# clang's sanitizer sees null pointers being moved by zero, gcc's does not

test-unit-clang: $(UNIT:%=$B/fuzz/unit/%)
	@$(EACH) $^

test-engine: $B/tpl
	@TPL=$(abspath $<) $(EACH) --python $(CASE_T)

test-engine-asan: $B/asan/tpl
	@TPL=$(abspath $<) TPL_SANITIZED=1 ASAN_OPTIONS=detect_leaks=1 \
	    $(EACH) --python $(CASE_T)

# Pages are the same without any of the optimisations of base/tpl_ablation.h.

ABLATION_T = t/bench.t t/cases.t t/inflate.t

test-ablation: $B/ablation/ALL/tpl
	@BUILD=$B tools/build-module.sh without ALL
	@TPL=$(abspath $<) $(EACH) --python t/engine/test_cases.py
	@TPL_MODULE=$(abspath $B)/ablation/ALL/ngx_http_tpl_module.so \
	    TPL=$(abspath $<) TEST_NGINX_BINARY=$(NGINX_BINARY) \
	    $(EACH) --quiet 'env $(PROVE) $(ABLATION_T)'

# Random templates through the real engine and through ours, and through ours
# with and without specialization; two at a time.

test-diff: $B/tpl $B/unit/test_form
	@$(EACH) --quiet --jobs $(shell nproc) $(foreach s,1 2,\
	    '$(PYTHON) t/diff/diff_jinja.py --tpl $B/tpl --seed $s \
	     --cases $(DIFF)' \
	    '$(PYTHON) t/diff/diff_special.py --tpl $B/tpl --seed $s \
	     --cases $(DIFF)' \
	    '$(PYTHON) t/diff/diff_tornado.py --tpl $B/tpl --seed $s \
	     --cases $(shell expr $(DIFF) / 4)' \
	    '$(PYTHON) t/diff/diff_form.py --driver $B/unit/test_form --seed $s \
	     --cases $(DIFF)')

test-nginx: module cli
	@TPL_MODULE=$(abspath $B)/ngx_http_tpl_module.so TPL=$(abspath $B)/tpl \
	    TEST_NGINX_BINARY=$(NGINX_BINARY) $(PROVE) $(wildcard t/*.t)

# The steps of the tests above ask Chromium where it is installed; here it is.

test-inflate: export TPL_INFLATE_ALL = 1
test-inflate: deps module cli
	@tools/install-deps.sh browser
	@TPL=$(abspath $B)/tpl $(EACH) --python t/engine/test_gzip.py
	@TPL_MODULE=$(abspath $B)/ngx_http_tpl_module.so TPL=$(abspath $B)/tpl \
	    TEST_NGINX_BINARY=$(NGINX_BINARY) $(PROVE) t/cases.t t/inflate.t

# nginx with the module linked in, of the sources of the installed one.

static: deps-run
	@tools/install-deps.sh static
	@NGINX_BINARY=$(NGINX_BINARY) tools/build-nginx.sh static

test-static: static cli
	@TPL_MODULE=static TPL=$(abspath $B)/tpl \
	    TEST_NGINX_BINARY=$(abspath $B)/static/nginx $(PROVE) $(wildcard t/*.t)

# A worker that dies of a sanitizer's report may be replaced before a test
# notices, so the reports themselves are looked for as well.

test-nginx-asan: module-asan cli
	@TPL_MODULE=$(abspath $B)/asan/ngx_http_tpl_module.so \
	    TPL=$(abspath $B)/tpl TPL_SANITIZED=1 TEST_NGINX_TIMEOUT=15 \
	    TEST_NGINX_BINARY=$(abspath tools/nginx-asan.sh) \
	    NGINX_BINARY=$(NGINX_BINARY) ASAN_LOGS=$(abspath $B)/asan/reports \
	    tools/nginx-asan.sh --collect env $(PROVE) $(ASAN_T)

# AddressSanitizer sees the end of what comes from malloc(), not of what a pool
# gives; NGX_DEBUG_PALLOC makes nginx's pools give the former.

test-palloc: module-asan cli
	@tools/install-deps.sh static
	@NGINX_BINARY=$(NGINX_BINARY) tools/build-nginx.sh palloc
	@TPL_MODULE=$(abspath $B)/asan/ngx_http_tpl_module.so \
	    TPL=$(abspath $B)/tpl TPL_SANITIZED=1 TEST_NGINX_TIMEOUT=15 \
	    TEST_NGINX_BINARY=$(abspath tools/nginx-asan.sh) \
	    NGINX_BINARY=$(abspath $B)/palloc/nginx \
	    ASAN_LOGS=$(abspath $B)/palloc/reports \
	    tools/nginx-asan.sh --collect env $(PROVE) $(ASAN_T)

test-fuzz: export SEED = 1
test-fuzz: T = 30
test-fuzz: fuzz

fuzz: deps $(FUZZ:%=$B/fuzz/%)
	@BUILD=$B $(EACH) --quiet --jobs $(shell nproc) \
	    $(FUZZ:%='tools/fuzz.sh % $(T)')

# The recorded cases live outside the project; without them there is nothing
# to do.  A score is no verdict: it is printed, not judged.

conformance: $B/tpl
	@if [ -f $(CONFORMANCE)/run_conformance.py ]; then \
	    $(PYTHON) $(CONFORMANCE)/run_conformance.py \
	        $(CASES:%=--cases %) --adapter "$B/tpl batch" \
	        --min 0 $(ARGS); \
	else \
	    echo "conformance: no $(CONFORMANCE), skipped"; \
	fi

conformance-nginx: module
	@if [ -f $(CONFORMANCE)/run_conformance.py ]; then \
	    mkdir -p $B/test && \
	    $(PYTHON) $(CONFORMANCE)/run_conformance.py $(CASES:%=--cases %) \
	        --list > $B/test/cases.json && \
	    TPL_MODULE=$(abspath $B)/ngx_http_tpl_module.so \
	    NGINX_BINARY=$(NGINX_BINARY) $(PYTHON) tools/conformance-nginx.py \
	        $B/test/cases.json $B/test/replies.json && \
	    $(PYTHON) $(CONFORMANCE)/run_conformance.py $(CASES:%=--cases %) \
	        --score $B/test/replies.json --min 0 $(ARGS); \
	else \
	    echo "conformance-nginx: no $(CONFORMANCE), skipped"; \
	fi

soak: deps module
	@BUILD=$(abspath $B) NGINX_BINARY=$(NGINX_BINARY) \
	    $(PYTHON) t/soak/soak.py $(ARGS)

# t/faults.t, which test-nginx runs too, with more clients that go away

faults: deps module cli
	@TPL_MODULE=$(abspath $B)/ngx_http_tpl_module.so \
	    TEST_NGINX_BINARY=$(NGINX_BINARY) TPL_FAULTS_ABORTS=$(ABORTS) \
	    $(PROVE) -v t/faults.t

deb:
	@tools/install-deps.sh deb
	@tools/build-deb.sh

test-deb: deb
	@tools/test-deb.sh

screenshots: deps module
	@tools/install-deps.sh browser
	@BUILD=$(abspath $B) NGINX_BINARY=$(NGINX_BINARY) \
	    $(PYTHON) tools/screenshots.py

matrix:
	@tools/matrix.sh $(SUITES)

# Under ten minutes, with ARGS=--quick about one. One after the other: a
# benchmark wants the machine for itself.

bench-deps: deps
	@tools/install-deps.sh bench

# what renders without a server, if this checkout has it
RENDER = $(if $(wildcard bench/render.c),$B/bench/render)

bench: bench-deps module $(RENDER)
	@$(PYTHON) bench/run.py $(ARGS)
	@$(PYTHON) bench/scale.py $(ARGS)

bench-run: bench-deps module $(RENDER)
	@$(PYTHON) bench/run.py $(ARGS)

bench-scale: deps module
	@$(PYTHON) bench/scale.py $(ARGS)

bench-instructions: bench-deps tools-deps module
	@$(PYTHON) bench/instructions.py

bench-ablation: bench-deps tools-deps module
	@$(PYTHON) bench/ablation.py $(ARGS)

bench-seed: deps module
	@$(PYTHON) bench/seed.py $(ARGS)

# Rendering without a server, next to C written by hand and to Jinja2.

$B/bench/render: $B/obj/bench/render.o $B/libtpl.a
	@mkdir -p $(@D)
	@echo "link $@"
	$Q$(CC) $(CFLAGS) -o $@ $^ $(LIBS)

bench-render: $B/bench/render
	@$< templates bench/templates $(ARGS)
	@$(PYTHON) bench/render.py

# Compressing without a server, next to zlib.

$B/bench/gzip: $B/obj/bench/gzip.o \
        $(filter-out %/tpl_main.o,$(CLI:%.c=$B/obj/%.o)) $B/libtpl.a
	@mkdir -p $(@D)
	@echo "link $@"
	$Q$(CC) $(CFLAGS) -o $@ $^ $(LIBS)

bench-gzip: $B/bench/gzip
	@$< $(ARGS)

# What looks at the sources and the tests; no part of `make test`.

tools-deps: deps
	@tools/install-deps.sh tools

analyze: tools-deps module
	@tools/analyze.sh gcc cppcheck

tidy: tools-deps module
	@tools/analyze.sh tidy

test-valgrind: tools-deps module cli $(UNIT:%=$B/unit/%)
	@tools/nginx-valgrind.sh --unit $(UNIT:%=$B/unit/%)
	@TPL_MODULE=$(abspath $B)/ngx_http_tpl_module.so \
	    TPL=$(abspath $B)/tpl TPL_SANITIZED=1 TEST_NGINX_TIMEOUT=30 \
	    TEST_NGINX_BINARY=$(abspath tools/nginx-valgrind.sh) \
	    NGINX_BINARY=$(NGINX_BINARY) VALGRIND_LOGS=$(abspath $B)/valgrind \
	    tools/nginx-valgrind.sh --collect env $(PROVE) $(VALGRIND_T)

# With TPL_DEBUG_ARENA each piece of memory is an allocation, and the tests that
# let every allocation fail once come to every one.

coverage: tools-deps $B/coverage/tpl $(UNIT:%=$B/coverage/unit/%) \
        $(UNIT:%=$B/coverage-pieces/unit/%)
	@BUILD=$B tools/build-module.sh coverage
	@BUILD=$B TEST_NGINX_BINARY=$(NGINX_BINARY) $(PYTHON) tools/coverage.py

style:
	@$(PYTHON) tools/check-style.py --self-test
	@$(PYTHON) tools/check-style.py

clean:
	rm -rf $B
