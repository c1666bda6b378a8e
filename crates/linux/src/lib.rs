//! What can be read of a kernel tree and of an output directory without running anything: Kconfig, makefiles, .config, .cmd, versions.
