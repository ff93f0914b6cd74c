# SPDX-License-Identifier: GPL-2.0-only
# Cloison: `make help` lists the targets.

include mk/quiet.mk

KDIR		?= /lib/modules/$(shell uname -r)/build
DESTDIR		?=
PREFIX		?= /usr
SYSCONFDIR	?= /etc/cloison
STATEDIR	?= /var/lib/cloison
LIBDIR		?= $(PREFIX)/lib/cloison
DATADIR		?= $(PREFIX)/share/cloison
LOGROTATEDIR	?= /etc/logrotate.d
UNITDIR		?= $(PREFIX)/lib/systemd/system
INITDIR		?= /etc/init.d
MANDIR		?= $(PREFIX)/share/man
BASHCOMPDIR	?= $(PREFIX)/share/bash-completion/completions
ZSHCOMPDIR	?= $(PREFIX)/share/zsh/vendor-completions
# yes: install it under the names of OpenVZ's programs too
VZ_NAMES	?= no
export SYSCONFDIR STATEDIR LIBDIR DATADIR

TEMPLATES	:= $(patsubst templates/%/build,%,$(wildcard templates/*/build))
# As in the table of names in userspace/main.c.
VZ_LINKS	:= vzctl vzlist vzpid vzubc vzcpucheck vzmemcheck vzcfgvalidate vzsplit \
		   vzmigrate
UNITS		:= cloison.service cloison-stop.service cloison-events.service \
		   cloison-sched.service cloison-metrics.service cloison-metrics.timer
SAMPLES		:= $(wildcard userspace/etc/conf/*.conf-sample)

all: tool modules

modules:
	$(Q)$(MAKE) -C $(KDIR) M=$(CURDIR) modules
	$(Q)$(MAKE) --no-print-directory -C selftests/kmod KDIR=$(KDIR) modules

tool:
	$(Q)$(MAKE) --no-print-directory -C userspace

selftests: tool
	$(Q)$(MAKE) --no-print-directory -C selftests

install: install-tool install-modules

install-modules:
	$(Q)$(MAKE) -C $(KDIR) M=$(CURDIR) INSTALL_MOD_PATH=$(DESTDIR) \
		INSTALL_MOD_DIR=updates/cloison modules_install

install-tool: tool
	$(Q)install -D -m 755 userspace/cloisonctl $(DESTDIR)$(PREFIX)/sbin/cloisonctl
	$(Q)install -D -m 755 -t $(DESTDIR)$(LIBDIR) userspace/criu/criu-*.so
	$(Q)install -d -m 755 $(DESTDIR)$(LIBDIR)/rootfs $(DESTDIR)$(SYSCONFDIR)/conf
	$(Q)install -d -m 700 $(DESTDIR)$(STATEDIR) $(DESTDIR)$(STATEDIR)/private \
		$(DESTDIR)$(STATEDIR)/root
	$(Q)install -d -m 755 $(DESTDIR)$(STATEDIR)/template/cache
	$(Q)test -e $(DESTDIR)$(SYSCONFDIR)/cloison.conf || \
		install -m 644 userspace/etc/cloison.conf $(DESTDIR)$(SYSCONFDIR)/cloison.conf
	$(Q)install -m 644 $(SAMPLES) $(DESTDIR)$(SYSCONFDIR)/conf
	$(Q)install -D -m 644 -t $(DESTDIR)$(DATADIR)/dists userspace/etc/dists/*.conf
	$(Q)install -D -m 644 -t $(DESTDIR)$(DATADIR)/dists/scripts userspace/etc/dists/scripts/*.sh
	$(Q)install -D -m 644 userspace/etc/modules-load.conf \
		$(DESTDIR)$(PREFIX)/lib/modules-load.d/cloison.conf
	$(Q)install -D -m 644 userspace/etc/cloison.logrotate $(DESTDIR)$(LOGROTATEDIR)/cloison
	$(Q)install -d -m 755 $(DESTDIR)$(UNITDIR) $(DESTDIR)$(INITDIR)
	$(Q)for u in $(UNITS); do \
		sed 's|@SBINDIR@|$(PREFIX)/sbin|' userspace/etc/$$u >$(DESTDIR)$(UNITDIR)/$$u; \
		chmod 644 $(DESTDIR)$(UNITDIR)/$$u; \
	done
	$(Q)sed 's|@SBINDIR@|$(PREFIX)/sbin|' userspace/etc/cloison.init >$(DESTDIR)$(INITDIR)/cloison
	$(Q)chmod 755 $(DESTDIR)$(INITDIR)/cloison
	$(Q)install -D -m 755 -t $(DESTDIR)$(DATADIR)/templates templates/debian.sh
	$(Q)for t in $(TEMPLATES); do \
		install -D -m 755 templates/$$t/build $(DESTDIR)$(DATADIR)/templates/$$t/build; \
	done
	$(Q)install -D -m 644 -t $(DESTDIR)$(MANDIR)/man8 Documentation/man/*.8
	$(Q)install -D -m 644 -t $(DESTDIR)$(MANDIR)/man5 Documentation/man/*.5
	$(Q)install -D -m 644 userspace/completion/cloisonctl.bash \
		$(DESTDIR)$(BASHCOMPDIR)/cloisonctl
	$(Q)install -D -m 644 -t $(DESTDIR)$(ZSHCOMPDIR) userspace/completion/_cloisonctl
ifeq ($(VZ_NAMES),yes)
	$(Q)for n in $(VZ_LINKS); do ln -sf cloisonctl $(DESTDIR)$(PREFIX)/sbin/$$n; done
	$(Q)for n in vzctl vzlist; do ln -sf cloisonctl $(DESTDIR)$(BASHCOMPDIR)/$$n; done
endif

demo:
	$(Q)selftests/vm/run --kernel newest --nodes 2 demo/demo

check:
	$(Q)selftests/vm/check $(if $(filter yes,$(AGAIN)),--again) $(if $(MINUTES),--minutes $(MINUTES))

# What check has time for a part of only; more with LONG="NAME=N ...".
LONG_TESTS	:= core-fuzz crash-kill crash-start crash-errors crash-start-errors power-cut power-off \
		   sched-bpf storage-many
check-long:
	$(Q)env FUZZ_SECONDS=300 CRASH_EVERY=1 POWER_CUTS=20 SCHED_SWITCHES=200 SCHED_STRESS=600 \
		MANY_FILES=100000 $(LONG) \
		selftests/vm/check --kernel newest $(or $(TEST),$(LONG_TESTS))

check-debug:
	$(Q)selftests/vm/check --kernel debug $(TEST)

fuzz:
	$(Q)selftests/fuzz.sh --seconds $(or $(SECONDS),60) $(FUZZ)

lint:
	$(Q)mk/lint

bench:
	$(Q)bench/run $(BENCH)

clean:
	$(Q)$(MAKE) --no-print-directory -C userspace clean
	$(Q)$(MAKE) --no-print-directory -C selftests clean
	$(Q)if [ -d $(KDIR) ]; then $(MAKE) -C $(KDIR) M=$(CURDIR) clean; \
		$(MAKE) --no-print-directory -C selftests/kmod KDIR=$(KDIR) clean; fi

help:
	@echo 'all                 the tool, and the modules for KDIR=$(KDIR)'
	@echo 'install             both, below DESTDIR; with VZ_NAMES=yes also as vzctl, vzlist, ...'
	@echo 'demo                boot a machine and show the main job'
	@echo 'check [AGAIN=yes] [MINUTES=N]'
	@echo '                    all tests on all supported kernels; few that failed once more, or no longer than N'
	@echo 'check-long [LONG="FUZZ_SECONDS=n POWER_CUTS=n"]'
	@echo '                    fuzzing and crashes, all points, for longer: hours'
	@echo 'check-debug         all tests on a kernel that looks for bugs, built first: slow'
	@echo 'fuzz [FUZZ=name] [SECONDS=n]'
	@echo '                    fuzzing of the parsers, 60 s each'
	@echo 'lint                all static checks'
	@echo 'bench [BENCH=name]  measurements against peers'
	@echo 'clean               remove what was built in the tree'

.PHONY: all modules tool selftests install install-modules install-tool demo check check-long check-debug fuzz \
	lint bench clean help
