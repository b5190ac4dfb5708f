# cwmpgate: a strict gate in front of CWMP connection requests
#
#	make                the daemon, build/cwmpgated
#	sudo make demo      the main job, shown on real packets in network namespaces
#	sudo make check     what every change has to pass: the six below together
#	make check-unit     unit tests and cases, under ASan and UBSan; no root
#	make check-perf     instructions per packet, against tests/perf/budget; no root
#	make cross A=s390x  the unit tests on another architecture, under qemu-user; no root
#	sudo make check-packaging   OpenWrt's package, as far as it can be tried here
#	sudo make check-net real kernel, real daemon, in network namespaces
#	sudo make check-vm  kernel module and native queue rules, in QEMU; tests/vm/README.md
#	sudo make check-kmod    the module built through dkms, and on the kernel of Debian's backports
#	sudo make check-package    Debian's packages built, installed, upgraded, removed
#	sudo make check-cross   s390x, arm64, armhf and mipsel
#	make fuzz T=http SECONDS=60    one fuzz target; tests/fuzz/README.md
#	sudo make bench     what the gate costs beside what could be used instead; 5 to 10
#	                    minutes; DOC=1 writes the table into docs/performance.md
#	sudo make bench-judge    what the judge costs as a process of its own
#	make kmod           the optional kernel module, against $(KDIR); kmod/README.md
#	sudo make deps      what the targets above need, through apt-get
#	make man            docs/man, as far as it is made of the program's tables
#	make install        into $(DESTDIR)$(PREFIX)
#	make dist           build/cwmpgate-VERSION.tar.gz of what is committed, and its SBOM
#	make deb            Debian's packages, of that, into build/deb
#	make clean
#	make V=1 ...        shows every command

PREFIX	?= /usr
CFLAGS	?= -O2 -g

VERSION	:= 0.1.0
LIBEXEC	:= $(PREFIX)/libexec/cwmpgate

# The daemon's four programs, and its command.  CORE is pure: the daemon, every test and every fuzzer link it.
GUARD_IO := $(addprefix daemon/guard/,main.c guard.c nfqueue.c inject.c asker.c)
CORE	:= $(filter-out daemon/common/sandbox%,$(wildcard daemon/common/*.c)) \
	   $(filter-out daemon/judge/main.c,$(wildcard daemon/judge/*.c)) \
	   $(filter-out $(GUARD_IO),$(wildcard daemon/guard/*.c))
SANDBOX	:= daemon/common/sandbox.c daemon/common/sandbox_enter.c
COMMON	:= $(filter-out daemon/common/sandbox%,$(wildcard daemon/common/*.c)) $(SANDBOX)
GUARD	:= $(COMMON) $(wildcard daemon/guard/*.c)
JUDGE	:= $(COMMON) $(wildcard daemon/judge/*.c)
RESOLVER := $(COMMON) $(wildcard daemon/resolver/*.c) daemon/supervisor/conf_values.c
SUPER	:= $(COMMON) daemon/guard/nfqueue.c daemon/guard/inject.c daemon/guard/packet.c \
	   daemon/resolver/list.c $(wildcard daemon/supervisor/*.c)
CLI	:= $(filter-out daemon/common/sandbox%,$(COMMON)) $(wildcard daemon/supervisor/conf*.c) \
	   $(addprefix daemon/supervisor/,genl.c iptlook.c kmod.c kmodlook.c metrics.c nftlook.c queuelook.c) \
	   $(addprefix daemon/supervisor/,rules.c rules_ipt.c rules_xt.c run.c) \
	   $(filter-out daemon/cli/replay.c daemon/cli/capture.c,$(wildcard daemon/cli/*.c))
REPLAY	:= $(CORE) $(wildcard daemon/supervisor/conf*.c) \
	   $(addprefix daemon/cli/,replay.c capture.c show.c lesson.c acsmatch.c)
# What reads files besides the configuration; pure, too.
READERS	:= daemon/resolver/list.c daemon/supervisor/acs_state.c daemon/cli/uci.c
UNIT	:= $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))
FUZZ	:= $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
PROGRAMS := build/cwmpgated build/cwmpgate-guard build/cwmpgate-judge build/cwmpgate-resolver \
	    build/cwmpgate build/cwmpgate-replay

INC	:= -I daemon/common -I daemon/guard -I daemon/judge \
	   -I daemon/supervisor -I daemon/resolver -I daemon/cli -I kmod/uapi
WARN	:= -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes \
	   -Wmissing-prototypes -Wvla -Wswitch-enum -Werror
HARDEN	:= -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
# What a program does not use of a file it links is not in it.  No program has symbols
# for others: mipsel would list each function that two files know.
# No unwind tables: nothing here unwinds, and gdb reads what -g leaves in
# .debug_frame.  No stubs for the functions of libraries, which are all found at the
# start.  -Os where no packet passes; where one does, it would cost 80 % more
# instructions (packaging/README.md).
SMALL	:= -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -fvisibility=hidden -fno-plt
SLOW	:= daemon/supervisor/% daemon/cli/% daemon/resolver/% \
	   $(addprefix daemon/common/,lanes.c resolve.c sandbox.c sandbox_enter.c say.c why.c)
OPT	 = $(if $(filter $(SLOW),$<),$(subst -O2,-Os,$(CFLAGS)),$(CFLAGS))
SAN	:= -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all
STD	:= -std=c11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -DVERSION='"$(VERSION)"' -DLIBEXEC_DIR='"$(LIBEXEC)"'
# LDLIBS=-latomic where a 64-bit atomic is a function of the compiler's library
# (32-bit MIPS and PowerPC).  Its lock is not shared between processes: what the
# supervisor reads may then be half old when the upper 32 bits change, which it
# puts up with as it does with anything that an owned guard writes there.
LINK	= $(CC) $(CFLAGS) $(LDFLAGS) -pie -Wl,-z,relro,-z,now,--as-needed,--gc-sections -o $@ $^ \
	  $$(pkg-config --libs $(1)) $(LDLIBS)

all: $(PROGRAMS)

build/cwmpgated: $(SUPER:%.c=build/%.o)
	$(call LINK,libnetfilter_queue libmnl libconfig libseccomp libcap-ng)

build/cwmpgate-guard: $(GUARD:%.c=build/%.o)
	$(call LINK,libnetfilter_queue libmnl libseccomp libcap-ng)

build/cwmpgate-judge: $(JUDGE:%.c=build/%.o)
	$(call LINK,libcrypto libseccomp libcap-ng)

build/cwmpgate-resolver: $(RESOLVER:%.c=build/%.o)
	$(call LINK,libseccomp libcap-ng)

build/cwmpgate: $(CLI:%.c=build/%.o)
	$(call LINK,libmnl libconfig)

build/cwmpgate-replay: $(REPLAY:%.c=build/%.o)
	$(call LINK,libpcap libcrypto libconfig)

# The parts of the manual that are made of the program's own tables.
build/tables: $(addprefix build/,docs/man/tables.o daemon/common/why.o daemon/cli/remedy.o) \
	      $(patsubst %.c,build/%.o,$(wildcard daemon/supervisor/conf*.c))
	$(call LINK,libconfig)

man: build/tables
	docs/man/update

build/%.o: %.c Makefile
	@mkdir -p $(@D)
	@echo "  CC      $<"
	$(CC) $(STD) $(WARN) $(HARDEN) $(SMALL) $(INC) $(OPT) -MMD -MP -c -o $@ $<

# The core once more, with sanitizers, for the unit tests.
build/san/%.o: %.c Makefile
	@mkdir -p $(@D)
	@echo "  CC san  $<"
	$(CC) $(STD) $(WARN) $(INC) -I tests/unit $(SAN) -MMD -MP -c -o $@ $<

# The daemon with sanitizers and no sandbox, for tests/net/test_differential.py.
in_san	 = $(patsubst %.c,build/san/%.o,$(subst common/sandbox.c,common/sandbox_none.c,$(1)))
SANLINK	 = $(CC) $(SAN) -o $@ $(filter %.o,$^) $$(pkg-config --libs $(1))

build/san/cwmpgated: $(call in_san,$(SUPER)) build/san/cwmpgate-guard build/san/cwmpgate-judge
	$(call SANLINK,libnetfilter_queue libmnl libconfig libcap-ng)

build/san/cwmpgate-guard: $(call in_san,$(GUARD))
	$(call SANLINK,libnetfilter_queue libmnl libcap-ng)

build/san/cwmpgate-judge: $(call in_san,$(JUDGE))
	$(call SANLINK,libcrypto libcap-ng)

build/unit/%: build/san/tests/unit/%.o $(CORE:%.c=build/san/%.o) $(patsubst %.c,build/san/%.o,$(READERS) $(HOOKS)) \
	      $(patsubst %.c,build/san/%.o,$(wildcard daemon/supervisor/conf*.c))
	@mkdir -p $(@D)
	$(CC) $(SAN) -o $@ $^ $$(pkg-config --libs cmocka libcrypto libconfig) $(LDLIBS)

# Another judge_ask() than the core's.
build/unit/test_asker: $(patsubst %,build/san/%.o,tests/unit/test_asker daemon/guard/asker)
	@mkdir -p $(@D)
	$(CC) $(SAN) -o $@ $^ $$(pkg-config --libs cmocka)

# What a fuzz target links: the core, what reads files, the promises' keepers.
FUZZED	:= $(CORE) $(wildcard daemon/supervisor/conf*.c) $(READERS) tests/fuzz/oracle.c tests/fuzz/world.c $(HOOKS)

# Each over its corpus, without a fuzzer.
build/unit/corpus_%: build/san/tests/fuzz/fuzz_%.o $(FUZZED:%.c=build/san/%.o) \
		     tests/fuzz/run_corpus.c
	@mkdir -p $(@D)
	$(CC) $(STD) $(WARN) $(SAN) -DCORPUS='"tests/fuzz/corpus/$*"' -o $@ $^ \
		$$(pkg-config --libs libcrypto libconfig) $(LDLIBS)

# The system calls behind the functions that guard and judge use; tests/cross/calls.
build/calls: build/tests/cross/functions.o
	$(call LINK,libmnl)

unit: $(UNIT:%=build/unit/%) $(FUZZ:%=build/unit/corpus_%)

# Once more with libFuzzer, which is told of every branch in the daemon's code.
FUZZSAN	:= -O2 -g -fsanitize=address,undefined -fno-sanitize-recover=all
FOLLOW	 = $(if $(filter %/oracle.o %/world.o,$@),,-fsanitize=fuzzer-no-link \
	   -fno-sanitize-coverage=trace-cmp)

# Tables so small that a short script fills them; nothing else is different.
build/fuzz/limit.h: daemon/common/limit.h tests/fuzz/small.sed
	@mkdir -p $(@D)
	sed -E -f tests/fuzz/small.sed $< >$@

build/fuzz/%.o: %.c build/fuzz/limit.h Makefile
	@mkdir -p $(@D)
	clang $(STD) $(WARN) -include build/fuzz/limit.h $(INC) $(FUZZSAN) $(FOLLOW) -MMD -MP -c -o $@ $<

build/fuzz/%: build/fuzz/tests/fuzz/fuzz_%.o $(FUZZED:%.c=build/fuzz/%.o)
	clang $(FUZZSAN) -fsanitize=fuzzer -o $@ $^ $$(pkg-config --libs libcrypto libconfig)

SECONDS	?= 60
fuzz:
	@tests/fuzz/run '$(T)' '$(SECONDS)' '$(FUZZ)'

# The judge alone, on a pipe, for tests/net/test_random_clients.py.
build/judge_pipe: build/tests/net/judge_pipe.o $(CORE:%.c=build/%.o)
	$(call LINK,libcrypto)

# Guard, judge and resolver as somebody owns them, for tests/net/test_exploit.py.  The linker
# puts tests/net/exploit in the way of one function each; nothing that is
# installed is made so.
build/exploit/cwmpgate-guard: $(GUARD:%.c=build/%.o) \
			      $(addprefix build/tests/net/exploit/,attempt.o guard.o table.o)
	@mkdir -p $(@D)
	$(call LINK,libnetfilter_queue libmnl libseccomp libcap-ng) -Wl,--wrap=gate_packet

build/exploit/cwmpgate-judge: $(JUDGE:%.c=build/%.o) \
			      $(addprefix build/tests/net/exploit/,attempt.o judge.o)
	@mkdir -p $(@D)
	$(call LINK,libcrypto libseccomp libcap-ng) -Wl,--wrap=judge_ask

build/exploit/cwmpgate-resolver: $(RESOLVER:%.c=build/%.o) \
				 $(addprefix build/tests/net/exploit/,attempt.o resolver.o table.o)
	@mkdir -p $(@D)
	$(call LINK,libmnl libseccomp libcap-ng) -Wl,--wrap=list_line

# It looks for the others beside its own file.
build/exploit/cwmpgated build/bench/cwmpgated: build/cwmpgated
	@mkdir -p $(@D)
	cp $< $@

EXPLOIT := $(addprefix build/exploit/,cwmpgated cwmpgate-guard cwmpgate-judge cwmpgate-resolver)
FOR_NET := build/judge_pipe $(EXPLOIT) $(addprefix build/bench/,load flood agent)

# A guard that has the judge's code in itself, to compare with.
build/bench/cwmpgate-guard: $(patsubst %.c,build/%.o,$(filter-out %/asker.c,$(GUARD)) \
			      $(filter-out %/main.c,$(wildcard daemon/judge/*.c)) \
			      tests/bench/inprocess.c)
	@mkdir -p $(@D)
	$(call LINK,libnetfilter_queue libmnl libcrypto libseccomp libcap-ng) -Wl,--wrap=gate_new

build/bench/cwmpgate-judge: build/cwmpgate-judge
	@mkdir -p $(@D)
	cp $< $@

build/bench/load build/bench/flood: build/tests/bench/endpoint.o
build/bench/%: build/tests/bench/%.o
	@mkdir -p $(@D)
	$(call LINK,libnetfilter_queue libmnl libcrypto)

# Instructions per packet, for tests/perf/check.py.
build/perf/path: build/tests/perf/path.o $(CORE:%.c=build/%.o)
	@mkdir -p $(@D)
	$(call LINK,libcrypto)

BENCH	:= $(addprefix build/bench/,load flood agent acceptall)

bench: deps
	@tests/bench/deps.sh
	@$(MAKE) --no-print-directory all $(BENCH)
	@DOC='$(DOC)' /usr/bin/python3 -B tests/bench/bench.py

bench-judge: all $(BENCH) $(addprefix build/bench/,cwmpgated cwmpgate-guard cwmpgate-judge)
	@/usr/bin/python3 -B tests/bench/judge_cost.py

# Built in a copy, so that the source stays clean.  Everybody can do this.
KDIR	?= /lib/modules/$(shell uname -r)/build
KOUT	?= build/kmod/here
kmod:
	@mkdir -p $(KOUT)
	cp -Rp kmod/. $(KOUT)/
	$(MAKE) -C $(KDIR) M=$(abspath $(KOUT)) W=1 $(KFLAGS) modules

check-kmod:
	tests/deps.sh gcc make sparse dkms kmod
	kmod/check
	kmod/check-dkms

kasan-kernel:
	tests/deps.sh bc bison flex gcc libelf-dev make xz-utils
	tests/vm/kasan-kernel

deps:
	tests/deps.sh

demo: deps
	@$(MAKE) --no-print-directory all
	@/usr/bin/python3 -B tests/net/demo.py

check: deps
	@$(MAKE) --no-print-directory all unit build/perf/path $(FOR_NET)
	@tests/cross/build s390x unit build/calls
	@/usr/bin/python3 -B tests/tally.py unit perf s390x packaging net vm

check-unit: unit
	@/usr/bin/python3 -B tests/tally.py unit

check-perf: build/perf/path
	@/usr/bin/python3 -B tests/tally.py perf

perf-update: build/perf/path
	@/usr/bin/python3 -B tests/perf/check.py update

# Little-endian with strict alignment, 32 bits, and big-endian; see tests/cross/build.
A	?= s390x
CROSS	:= s390x arm64 armhf mipsel

cross:
	@tests/cross/build $(A) all unit build/calls
	@/usr/bin/python3 -B tests/tally.py $(A)

check-cross:
	tests/deps.sh
	tests/deps.sh gcc-aarch64-linux-gnu gcc-arm-linux-gnueabihf gcc-mipsel-linux-gnu \
		libc6-dev-arm64-cross libc6-dev-armhf-cross libc6-dev-mipsel-cross
	@set -e; for a in $(CROSS); do tests/cross/build $$a all unit build/calls; done
	@/usr/bin/python3 -B tests/tally.py $(CROSS)
	@tests/cross/size mipsel

check-packaging: all
	@/usr/bin/python3 -B tests/tally.py packaging

check-net: all $(FOR_NET)
	@/usr/bin/python3 -B tests/tally.py net

check-vm: all
	@KERNEL='$(KERNEL)' /usr/bin/python3 -B tests/tally.py vm

check-package: dist all
	@/usr/bin/python3 -B tests/tally.py package

install: all
	install -D -m 755 build/cwmpgated $(DESTDIR)$(PREFIX)/sbin/cwmpgated
	install -D -m 755 build/cwmpgate $(DESTDIR)$(PREFIX)/bin/cwmpgate
	install -D -m 755 -t $(DESTDIR)$(LIBEXEC) build/cwmpgate-guard \
		build/cwmpgate-judge build/cwmpgate-resolver build/cwmpgate-replay
	install -d $(DESTDIR)$(PREFIX)/share/cwmpgate/rules
	install -m 644 rules/*.nft $(DESTDIR)$(PREFIX)/share/cwmpgate/rules/
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/cwmpgate/monitoring docs/monitoring/*
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man8 docs/man/cwmpgate.8 docs/man/cwmpgated.8
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man5 docs/man/cwmpgate.conf.5
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/bash-completion/completions docs/completion/cwmpgate
	install -d -m 750 $(DESTDIR)/etc/cwmpgate
	test -e $(DESTDIR)/etc/cwmpgate/cwmpgate.conf || \
		install -m 644 conf/cwmpgate.conf $(DESTDIR)/etc/cwmpgate/

# Of one commit, the same each time it is made.
DIST	:= build/cwmpgate-$(VERSION)
dist:
	@mkdir -p build
	@git diff --quiet HEAD || echo "dist: what is not committed is not in it" >&2
	git archive --format=tar --prefix=cwmpgate-$(VERSION)/ HEAD | gzip -9n >$(DIST).tar.gz
	/usr/bin/python3 -B packaging/sbom.py $(DIST).tar.gz >$(DIST).spdx.json
	@echo $(DIST).tar.gz

deb: dist
	@packaging/build-deb $(DIST).tar.gz build/deb

clean:
	rm -rf build

# Not those of other trees, which are unpacked there.
-include $(shell find build \( -path build/vm -o -path build/cross -o -path build/chroot -o -path build/deb \) -prune \
	-o -name '*.d' -print 2>/dev/null)
.SECONDARY:
.PHONY: all unit fuzz bench bench-judge kmod kasan-kernel deps demo check check-unit check-perf \
	perf-update check-net check-vm check-kmod check-package check-packaging cross check-cross man install \
	dist deb clean
ifndef V
.SILENT:
endif
