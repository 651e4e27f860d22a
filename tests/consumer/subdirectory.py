#!/usr/bin/env python3
"""add_subdirectory(hies) in somebody else's project, which links one room: all of them would be compiled anew."""

from consumer import BUILD, SOURCE, build_and_run

build_and_run("subdirectory", f"-DHIES_SUBDIRECTORY={SOURCE}", f"-DHIES_RUST_TARGET_DIR={BUILD}/rust", "-DHIES_TARGET=hies::base")
