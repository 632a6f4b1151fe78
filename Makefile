# The door to everything: `make help` lists it. Objects go to build/ (build/PRESET/ for a preset):
#   make                     build/firn, build/firn-sim, compile_commands.json
#   make PRESET=asan check   the same and the unit tests under ASan and UBSan, in build/asan/
# Dependencies are brought by tools/deps.sh into deps/; that is asked for by itself.

VERSION := $(shell cat VERSION)
PRESET ?= release
PREFIX ?= /usr/local
ifeq ($(PRESET),release)
B := build
else
B := build/$(PRESET)
endif

# As many at once as there are processors, unless the caller says how many.
ifeq ($(MAKELEVEL)$(findstring -j,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 1)
endif

CC ?= gcc
CXX ?= g++
AR ?= ar
ifeq ($(origin CC),default)
CC := gcc
endif
# V=1 shows the commands.
ifeq ($(V),1)
Q :=
say = :
else
Q := @
say = printf '  %-5s %s\n' $(1) $@
endif

WARN := -Wall -Wextra -Wshadow -Wconversion -Werror
OPT := -O2
ifeq ($(PRESET),asan)
OPT := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
endif
ifeq ($(PRESET),tsan)
OPT := -O1 -fsanitize=thread -fno-omit-frame-pointer
endif
ifeq ($(PRESET),coverage)
OPT := -O0 --coverage
endif
ifeq ($(PRESET),fuzz)
CC := clang
CXX := clang++
OPT := -O1 -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all
endif
ifeq ($(PRESET),clang)
CC := clang
CXX := clang++
endif

PACKAGES := libcurl yaml-0.1 libcrypto zlib
THIRD := -isystem deps/yyjson/yyjson -isystem deps/nanoarrow/subprojects/arrow-nanoarrow/src \
	-isystem $(B)/third -isystem deps/adbc/adbc_driver_manager
CPPFLAGS += -D_GNU_SOURCE -DFIRN_VERSION='"$(VERSION)"' -DFIRN_PREFIX='"$(PREFIX)"' \
	-Isrc -I$(B)/gen $(THIRD) $(shell pkg-config --cflags $(PACKAGES) 2>/dev/null)
CFLAGS += -std=c17 $(OPT) -g -pthread -fvisibility=hidden -ffunction-sections $(WARN)
CXXFLAGS += -std=c++17 $(OPT) -g -pthread -w
LDFLAGS += $(OPT) -pthread -Wl,--gc-sections
LIBS := $(shell pkg-config --libs $(PACKAGES) 2>/dev/null) -ldl -lm

# What is for Windows is compiled by tools/mingw.sh.
SOURCES := $(sort $(filter-out %/windows.c %_windows.c,$(wildcard src/*/*.c)))
OBJECTS := $(SOURCES:%.c=$(B)/%.o)
LIBRARY := $(filter-out $(B)/src/cli/main.o,$(OBJECTS))
EMBEDDED := $(sort $(wildcard connectors/*.yaml views/*/*.sql views/*/*.yaml \
	report/*/*.sql))

NANOARROW := deps/nanoarrow/subprojects/arrow-nanoarrow/src/nanoarrow/common
THIRD_OBJECTS := $(B)/third/yyjson.o \
	$(addprefix $(B)/third/,array.o array_stream.o schema.o utils.o) \
	$(addprefix $(B)/third/,adbc_driver_manager.o adbc_driver_manager_api.o \
		adbc_driver_manager_driver_loading.o adbc_driver_manager_profiles.o)

SIM_SOURCES := $(sort $(wildcard sim/*.c))
SIM_OBJECTS := $(SIM_SOURCES:%.c=$(B)/%.o)
UNIT_SOURCES := $(sort $(wildcard tests/unit/*_test.c))
UNITS := $(UNIT_SOURCES:%.c=$(B)/%)

.DELETE_ON_ERROR:
.PHONY: all help deps check test test-long demo demo-collector bench install clean units fuzz \
	fuzzers tidy deb snowflake-driver

# What was installed only now is not seen by the make that installed it: it starts another one.
READY := $(shell pkg-config --exists $(PACKAGES) 2>/dev/null && [ -f deps/stamps/build ] && echo yes)
ifneq ($(READY),yes)
GOALS := $(filter-out clean help,$(or $(MAKECMDGOALS),all))
.PHONY: $(GOALS) bring
bring:
	@tools/deps.sh build
	@touch deps/stamps/build
$(GOALS): bring
	@$(MAKE) --no-print-directory $@
clean:
	rm -rf build compile_commands.json
else

all: $(B)/firn $(B)/firn-sim $(B)/lib/libduckdb.so compile_commands.json

help:
	@echo '  make                  build/firn and build/firn-sim'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 24

deps: deps/stamps/build ## fetch what firn is built from
deps/stamps/build: tools/deps.sh
	@tools/deps.sh build
	@touch $@

$(B)/firn: $(B)/src/cli/main.o $(B)/libfirn.a $(B)/libthird.a
	@$(call say,LINK)
	$(Q)$(CXX) $(LDFLAGS) -static-libstdc++ -static-libgcc -o $@ $^ $(LIBS)

$(B)/firn-sim: $(SIM_OBJECTS) $(B)/libfirn.a $(B)/libthird.a
	@$(call say,LINK)
	$(Q)$(CXX) $(LDFLAGS) -o $@ $^ $(LIBS) -lmicrohttpd

$(UNITS): $(B)/tests/unit/%: $(B)/tests/unit/%.o $(B)/libfirn.a $(B)/libthird.a
	@$(call say,LINK)
	$(Q)$(CXX) $(LDFLAGS) -o $@ $^ $(LIBS) -lcmocka

$(B)/tests/view_sql: $(B)/tests/e2e/view_sql.o $(B)/libfirn.a $(B)/libthird.a
	@$(call say,LINK)
	$(Q)$(CXX) $(LDFLAGS) -o $@ $^ $(LIBS)

# What tests/fault runs: a user of the spool, and a library that counts, breaks and records its
# calls of the system.
$(B)/tests/spool_driver: $(B)/tests/fault/spool_driver.o $(B)/libfirn.a
	@$(call say,LINK)
	$(Q)$(CC) $(LDFLAGS) -rdynamic -o $@ $^ -lcrypto -lz -lm
$(B)/tests/faults.so: tests/fault/faults.c
	@mkdir -p $(@D)
	@$(call say,LINK)
	$(Q)$(CC) -std=c17 -O1 -g -D_GNU_SOURCE $(WARN) -Wno-nonnull-compare -shared -fPIC -o $@ $< -ldl

$(B)/tests/s3_driver: $(B)/tests/e2e/s3_driver.o $(B)/libfirn.a $(B)/libthird.a
	@$(call say,LINK)
	$(Q)$(CXX) $(LDFLAGS) -o $@ $^ $(LIBS)

# Their servers speak TLS.
$(B)/tests/unit/http_tls_test $(B)/tests/unit/http_proxy_test: LIBS += -lssl

# The simulator's own parts, which are in no library.
SIM_UNITS := $(filter $(B)/tests/unit/sim_%,$(UNITS))
$(SIM_UNITS:=.o): CPPFLAGS += -Isim
$(SIM_UNITS): $(filter-out $(B)/sim/main.o,$(SIM_OBJECTS))
$(SIM_UNITS): LIBS := $(B)/libfirn.a $(B)/libthird.a $(LIBS) -lmicrohttpd

# These make the n-th call fail, n = 1, 2, ...: see the tests.
$(B)/tests/unit/file_test $(B)/tests/unit/file_lock_test \
		$(B)/tests/unit/local_test: LDFLAGS += $(foreach call, \
	open openat write ftruncate fchmod fsync renameat,-Wl,--wrap=$(call))
$(B)/tests/unit/connector_rules_test: LDFLAGS += \
	$(foreach call,malloc calloc realloc,-Wl,--wrap=$(call))
$(B)/tests/unit/buf_test $(B)/tests/unit/json_write_test \
		$(B)/tests/unit/keyset_test: LDFLAGS += \
	$(foreach call,malloc calloc realloc,-Wl,--wrap=$(call))

$(B)/tests/unit/shape_fault_test $(B)/tests/unit/rest_fault_test: LDFLAGS += \
	$(foreach call,malloc calloc realloc,-Wl,--wrap=$(call))

# Time goes on as the test says.
$(B)/tests/unit/progress_test: LDFLAGS += -Wl,--wrap=clock_mono_ms

# No connection is made: what would be said to the driver is written down.
$(B)/tests/unit/snowflake_test: LDFLAGS += -Wl,--wrap=adbc_run

$(B)/libfirn.a: $(LIBRARY) $(B)/gen/embedded.o
	@rm -f $@
	@$(call say,AR)
	$(Q)$(AR) rcs $@ $^

$(B)/libthird.a: $(THIRD_OBJECTS)
	@rm -f $@
	@$(call say,AR)
	$(Q)$(AR) rcs $@ $^

$(B)/%.o: %.c | deps/stamps/build $(B)/third/nanoarrow/nanoarrow_config.h
	@mkdir -p $(@D)
	@$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/tests/%.o: CPPFLAGS += -Itests
$(B)/sim/%.o: CPPFLAGS += -Isim

# --- third-party sources, compiled as they come ---
# nanoarrow's configuration header is made from its template: no namespace, its own version.
$(B)/third/nanoarrow/nanoarrow_config.h: | deps/stamps/build
	@mkdir -p $(@D)
	@sed -e 's/@NANOARROW_VERSION[A-Z_]*@/0/; s/^.*@NANOARROW_NAMESPACE_DEFINE@.*$$//' \
		deps/nanoarrow/subprojects/arrow-nanoarrow/src/nanoarrow/nanoarrow_config.h.in >$@
$(B)/third/yyjson.o: deps/stamps/build
	@mkdir -p $(@D)
	@$(call say,CC)
	$(Q)$(CC) $(OPT) -g -w -c -o $@ deps/yyjson/yyjson/yyjson.c
$(addprefix $(B)/third/,array.o array_stream.o schema.o utils.o): $(B)/third/%.o: \
		$(B)/third/nanoarrow/nanoarrow_config.h
	@$(call say,CC)
	$(Q)$(CC) $(OPT) -g -w $(THIRD) -c -o $@ $(NANOARROW)/$*.c
$(B)/third/adbc_%.o: deps/stamps/build
	@mkdir -p $(@D)
	@$(call say,CXX)
	$(Q)$(CXX) $(CXXFLAGS) -Ideps/adbc/adbc_driver_manager \
		-c -o $@ deps/adbc/adbc_driver_manager/adbc_$*.cc

# --- connectors and views inside the program ---
$(B)/embed: tools/embed.c
	@mkdir -p $(@D)
	@$(call say,CC)
	$(Q)$(CC) -std=c17 $(WARN) -o $@ $<
$(B)/gen/embedded.c: $(B)/embed $(EMBEDDED)
	@mkdir -p $(@D)
	@$(call say,EMBED)
	$(Q)$(B)/embed $(EMBEDDED) >$@
$(B)/gen/embedded.o: $(B)/gen/embedded.c
	@$(call say,CC)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(B)/lib/libduckdb.so: | deps/stamps/build
	@mkdir -p $(@D)
	@ln -sf $(abspath deps/lib/libduckdb.so) $@

# Snowflake's driver, for those who load into Snowflake.
snowflake-driver: ## fetch Snowflake's driver into build/lib
	@tools/deps.sh snowflake
	@mkdir -p $(B)/lib
	@ln -sf $(abspath deps/lib/libadbc_driver_snowflake.so) $(B)/lib/libadbc_driver_snowflake.so
	@echo '$(B)/lib/libadbc_driver_snowflake.so'

compile_commands.json: Makefile $(SOURCES) $(SIM_SOURCES) $(UNIT_SOURCES)
	@{ echo '['; first=1; for f in $(SOURCES) $(SIM_SOURCES) $(UNIT_SOURCES); do \
		[ $$first ] || echo ','; first=; \
		printf '{"directory":"%s","file":"%s","command":"%s"}' '$(CURDIR)' "$$f" \
			'$(CC) $(subst "',\\\",$(subst '",\\\",$(CPPFLAGS))) -Itests -Isim $(CFLAGS) -c '"$$f"; \
		done; echo; echo ']'; } >$@

# --- tests ---
units: $(UNITS) ## build the unit tests

check: all $(UNITS) ## units and laws, under a minute
	@tests/run_units.sh $(B)
	@tools/tidy.sh

# Small benchmarks of one part: make build/bench/load_bench. See bench/README.md.
$(B)/bench/%: $(B)/bench/%.o $(B)/libfirn.a $(B)/libthird.a
	@$(call say,LINK)
	$(Q)$(CXX) $(LDFLAGS) -o $@ $^ $(LIBS)

tidy: ## the laws of the code
	@tools/tidy.sh

# A fuzzer is one file with LLVMFuzzerTestOneInput; the library it fuzzes is built with clang.
FUZZ_SOURCES := $(sort $(wildcard tests/fuzz/*_fuzz.c))
FUZZERS := $(FUZZ_SOURCES:%.c=$(B)/%)
$(FUZZERS): $(B)/tests/fuzz/%: $(B)/tests/fuzz/%.o $(B)/libfirn.a $(B)/libthird.a
	@$(call say,LINK)
	$(Q)$(CXX) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)
$(B)/tests/fuzz/filter_fuzz.o: CPPFLAGS += -Isim
$(B)/tests/fuzz/filter_fuzz: $(filter-out $(B)/sim/main.o,$(SIM_OBJECTS))
$(B)/tests/fuzz/filter_fuzz: LIBS := $(B)/libfirn.a $(B)/libthird.a $(LIBS) -lmicrohttpd
fuzzers: $(FUZZERS)
fuzz: deps/stamps/test ## fuzz every parser for 10 s
	@$(MAKE) --no-print-directory PRESET=fuzz fuzzers
	@tests/run_fuzz.sh 10

deps/stamps/test: tools/deps.sh tests/requirements.txt tests/snowflake/requirements.txt \
		| deps/stamps/build
	@tools/deps.sh test
	@touch $@

DRIVERS := $(B)/tests/view_sql $(B)/tests/s3_driver $(B)/tests/spool_driver $(B)/tests/faults.so
test: all $(UNITS) $(DRIVERS) deps/stamps/test ## everything but the slow sweeps
	@$(MAKE) --no-print-directory PRESET=fuzz fuzzers
	@tests/run_all.sh

test-long: all $(DRIVERS) deps/stamps/test ## sanitizers, clang, long fuzzing, crash sweeps
	@$(MAKE) --no-print-directory PRESET=asan all units build/asan/tests/view_sql build/asan/tests/s3_driver
	@$(MAKE) --no-print-directory PRESET=tsan all units
	@$(MAKE) --no-print-directory PRESET=clang all units
	@$(MAKE) --no-print-directory PRESET=fuzz fuzzers
	@tests/run_all.sh long

demo: all ## load a simulated server's thirty days into a DuckDB file, and look at them
	@tools/demo.sh

demo-collector: all ## two collectors, an S3 server that goes down, and the load in the middle
	@tools/demo_collector.sh

bench: all deps/stamps/test ## firn beside dlt, pandas and DuckDB's own reader
	@bench/run.sh

# --- installing ---
SHARE := $(DESTDIR)$(PREFIX)/share
install: all ## to $(DESTDIR)$(PREFIX)
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/firn $(SHARE)/man/man1 $(SHARE)/man/man5 \
		$(SHARE)/firn/connectors $(SHARE)/bash-completion/completions \
		$(SHARE)/zsh/site-functions $(SHARE)/fish/vendor_completions.d
	install -m 755 $(B)/firn $(DESTDIR)$(PREFIX)/bin/firn
	install -m 644 deps/lib/libduckdb.so $(DESTDIR)$(PREFIX)/lib/firn/libduckdb.so
	install -m 644 connectors/*.yaml connectors/examples/*.yaml $(SHARE)/firn/connectors
	$(B)/firn completion manual >$(SHARE)/man/man1/firn.1
	$(B)/firn completion config-manual >$(SHARE)/man/man5/firn.yaml.5
	$(B)/firn completion schema >$(SHARE)/firn/firn.schema.json
	$(B)/firn connectors schema >$(SHARE)/firn/connector.schema.json
	$(B)/firn completion bash >$(SHARE)/bash-completion/completions/firn
	$(B)/firn completion zsh >$(SHARE)/zsh/site-functions/_firn
	$(B)/firn completion fish >$(SHARE)/fish/vendor_completions.d/firn.fish

# Packages for Debian and Ubuntu. Everything is built once more: the program knows its prefix.
deb: snowflake-driver ## Debian packages in build/deb/packages
	@$(MAKE) --no-print-directory PRESET=deb PREFIX=/usr build/deb/firn
	@tools/deb.sh build/deb build/deb/packages

clean: ## remove build/
	rm -rf build compile_commands.json

-include $(OBJECTS:.o=.d) $(SIM_OBJECTS:.o=.d) $(UNITS:=.d) $(FUZZERS:=.d) \
	$(wildcard $(B)/tests/e2e/*.d $(B)/tests/fault/*.d)

endif # READY
