# cwmpgate: a strict gate in front of CWMP connection requests
#
#	make                the daemon, build/cwmpgated
#	sudo make demo      the main job, shown on real packets in network namespaces
#	sudo make check     every test; the two below together
#	make check-unit     unit tests and cases, under ASan and UBSan; no root
#	sudo make check-net real kernel, real daemon, in network namespaces
#	sudo make deps      what the targets above need, through apt-get
#	make install        into $(DESTDIR)$(PREFIX)
#	make clean

PREFIX	?= /usr
CFLAGS	?= -O2 -g

VERSION	:= 0.1.0
LIBS	:= libnetfilter_queue libmnl libcrypto libconfig
CORE	:= $(wildcard daemon/common/*.c daemon/judge/*.c) \
	   $(filter-out daemon/guard/nfqueue.c daemon/guard/inject.c daemon/guard/guard.c, \
	     $(wildcard daemon/guard/*.c))	# pure: the daemon and every test link it
DAEMON	:= $(CORE) daemon/guard/nfqueue.c daemon/guard/inject.c daemon/guard/guard.c \
	   $(wildcard daemon/supervisor/*.c)
UNIT	:= $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/test_*.c))

INC	:= -I daemon/common -I daemon/guard -I daemon/judge \
	   -I daemon/supervisor
WARN	:= -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes \
	   -Wmissing-prototypes -Wvla -Wswitch-enum -Werror
HARDEN	:= -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
SAN	:= -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all
STD	:= -std=c11 -D_GNU_SOURCE -DVERSION='"$(VERSION)"'

all: build/cwmpgated

build/cwmpgated: $(DAEMON:%.c=build/%.o)
	$(CC) $(CFLAGS) $(LDFLAGS) -pie -Wl,-z,relro,-z,now -o $@ $^ $$(pkg-config --libs $(LIBS))

build/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(STD) $(WARN) $(HARDEN) $(INC) $(CFLAGS) -MMD -MP -c -o $@ $<

# The core once more, with sanitizers, for the unit tests.
build/san/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(STD) $(WARN) $(INC) -I tests/unit $(SAN) -MMD -MP -c -o $@ $<

build/unit/%: build/san/tests/unit/%.o $(CORE:%.c=build/san/%.o) \
	      $(patsubst %.c,build/san/%.o,$(wildcard daemon/supervisor/conf*.c))
	@mkdir -p $(@D)
	$(CC) $(SAN) -o $@ $^ $$(pkg-config --libs cmocka $(LIBS))

unit: $(UNIT:%=build/unit/%)

deps:
	tests/deps.sh

demo: deps
	@$(MAKE) --no-print-directory all
	@/usr/bin/python3 -B tests/net/demo.py

check: deps
	@$(MAKE) --no-print-directory all unit
	@/usr/bin/python3 -B tests/tally.py --unit $(UNIT:%=build/unit/%) --net

check-unit: unit
	@/usr/bin/python3 -B tests/tally.py --unit $(UNIT:%=build/unit/%)

check-net: all
	@/usr/bin/python3 -B tests/tally.py --net

install: all
	install -D -m 755 build/cwmpgated $(DESTDIR)$(PREFIX)/sbin/cwmpgated
	install -d $(DESTDIR)$(PREFIX)/share/cwmpgate/rules
	install -m 644 rules/*.nft $(DESTDIR)$(PREFIX)/share/cwmpgate/rules/
	install -d -m 750 $(DESTDIR)/etc/cwmpgate
	test -e $(DESTDIR)/etc/cwmpgate/cwmpgate.conf || \
		install -m 644 conf/cwmpgate.conf $(DESTDIR)/etc/cwmpgate/

clean:
	rm -rf build

-include $(shell find build -name '*.d' 2>/dev/null)
.SECONDARY:
.PHONY: all unit deps demo check check-unit check-net install clean
