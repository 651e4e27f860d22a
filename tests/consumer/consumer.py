"""Builds and runs the consumer project, given the options by which it finds hies."""

import os
import pathlib
import shutil
import subprocess

SOURCE = pathlib.Path(os.environ["HIES_SOURCE_DIR"])
BUILD = pathlib.Path(os.environ["HIES_BUILD_DIR"])


def build_and_run(name, *options):
    folder = BUILD / "consumer" / name
    shutil.rmtree(folder, ignore_errors=True)
    launcher = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
    subprocess.run(["cmake", "-S", SOURCE / "tests/consumer", "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
                    *launcher, *options], check=True)
    subprocess.run(["cmake", "--build", folder, "--target", "consumer", "-j", "1"], check=True)
    model = SOURCE / "tests/golden/bert-tiny/model"
    good = subprocess.run([folder / "consumer", model], check=True, capture_output=True, text=True)
    assert good.stdout == "bert\n", good
    missing = subprocess.run([folder / "consumer", folder / "nowhere"], capture_output=True, text=True)
    assert missing.returncode == 4 and missing.stderr.startswith("error: "), missing
