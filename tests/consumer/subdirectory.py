#!/usr/bin/env python3
"""add_subdirectory(hies) in somebody else's project."""

from consumer import BUILD, SOURCE, build_and_run

# The crate that this build tree has is used again: it takes longer than everything else.
build_and_run("subdirectory", f"-DHIES_SUBDIRECTORY={SOURCE}", f"-DHIES_RUST_TARGET_DIR={BUILD}/rust")
