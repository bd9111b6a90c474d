################################################################################
#
# chinwag
#
################################################################################

CHINWAG_VERSION = 0.1.0
# Made by `git archive` (packaging/README.md); Buildroot adds the crates that Cargo.lock names.
CHINWAG_SOURCE = chinwag-$(CHINWAG_VERSION).tar.gz
CHINWAG_SITE = $(BR2_EXTERNAL_CHINWAG_PATH)/sources
CHINWAG_SITE_METHOD = file
CHINWAG_LICENSE = MIT or Apache-2.0
CHINWAG_LICENSE_FILES = LICENSE-MIT LICENSE-APACHE
CHINWAG_CARGO_BUILD_OPTS = --bin chinwag
CHINWAG_BUILT = $(@D)/target/$(RUSTC_TARGET_NAME)/$(if $(BR2_ENABLE_DEBUG),debug,release)

ifeq ($(BR2_PACKAGE_CHINWAG_TLS),y)
CHINWAG_CARGO_BUILD_OPTS += --features tls
endif

ifeq ($(BR2_PACKAGE_CHINWAG_SERVER),y)
CHINWAG_CARGO_BUILD_OPTS += --bin chinwagd

define CHINWAG_INSTALL_SERVER
	$(INSTALL) -D -m 0755 $(CHINWAG_BUILT)/chinwagd $(TARGET_DIR)/usr/bin/chinwagd
endef

define CHINWAG_INSTALL_INIT_SYSV
	$(INSTALL) -D -m 0755 $(CHINWAG_PKGDIR)/S95chinwagd $(TARGET_DIR)/etc/init.d/S95chinwagd
endef
endif

# Not by `cargo install`, which would install both.
define CHINWAG_INSTALL_TARGET_CMDS
	$(INSTALL) -D -m 0755 $(CHINWAG_BUILT)/chinwag $(TARGET_DIR)/usr/bin/chinwag
	$(CHINWAG_INSTALL_SERVER)
endef

$(eval $(cargo-package))
