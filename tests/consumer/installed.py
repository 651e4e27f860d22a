#!/usr/bin/env python3
"""find_package(hies) on an installed tree."""

import shutil
import subprocess

from consumer import BUILD, build_and_run

tree = BUILD / "consumer" / "tree"
shutil.rmtree(tree, ignore_errors=True)
subprocess.run(["cmake", "--install", BUILD, "--prefix", tree], check=True, stdout=subprocess.DEVNULL)
build_and_run("installed", f"-DCMAKE_PREFIX_PATH={tree}")
