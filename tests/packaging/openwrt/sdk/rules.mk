# SPDX-License-Identifier: GPL-2.0-or-later
#
# A STUB of OpenWrt's rules.mk, package.mk and kernel.mk: enough to read a package's
# Makefile, to compile it for this machine, and to install it into $(ROOT).  The
# names are OpenWrt's SDK's; the recipes are not.

INSTALL_DIR := install -d -m 755
INSTALL_BIN := install -m 755
INSTALL_DATA := install -m 644
INSTALL_CONF := install -m 600
KERNEL_BUILD_DIR := $(PKG_BUILD_DIR)
LINUX_DIR := /nonexistent/linux
LINUX_KMOD_SUFFIX := ko
KERNEL_MAKE_FLAGS = ARCH=mips CROSS_COMPILE=mipsel-openwrt-linux-
TARGET_CFLAGS := -Os -pipe
AutoProbe = probe $(1)

Build/Compile/Default = $(MAKE) -C $(PKG_BUILD_DIR) CC="$(TARGET_CC)" $(MAKE_FLAGS) $(1)

define fields
$(foreach f,PKG_NAME PKG_VERSION PKG_RELEASE PKG_SOURCE PKG_LICENSE,$(info $(f)=$(strip $($(f)))))
endef

define BuildPackage
show:
	$$(fields)$$(info $$(Package/$(1)))$$(info $$(Package/$(1)/conffiles))
compile:
	$$(call Build/Compile)
install:
	$$(call Package/$(1)/install,$$(ROOT))
endef

define KernelPackage
show:
	$$(fields)$$(info $$(KernelPackage/$(1)))
compile:
	$$(call Build/Compile)
endef
