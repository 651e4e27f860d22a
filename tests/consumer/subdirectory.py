#!/usr/bin/env python3
"""add_subdirectory(hies) in somebody else's project."""

from consumer import SOURCE, build_and_run

build_and_run("subdirectory", f"-DHIES_SUBDIRECTORY={SOURCE}")
