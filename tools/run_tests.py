#!/usr/bin/env python3
"""Runs ctest and prints how many tests of each label passed, failed or were skipped: cases of GoogleTest programs, and scripts.

usage: run_tests.py BUILD [--only LABEL…] [--exclude LABEL…] [--also-avx2]

--also-avx2: on a processor with AVX-512, the `fast` programs that compute run once more with all libraries kept to AVX2, so that this
machine finds what one without AVX-512 would.
"""

import argparse
import collections
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree


# Each library reads its own variable, once for each process.
AVX2_ONLY = {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2", "MKL_ENABLE_INSTRUCTIONS": "AVX2",
             "HIES_CPU_VARIANT": "avx2"}
# Names that the file of a program contains if it loads libtorch or has this project's kernels.
COMPUTES = (b"libtorch_cpu.so", b"HIES_CPU_VARIANT")


def listing(build, selection):
    """Returns the labels and the command of each test."""
    text = subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1", *selection],
                          check=True, capture_output=True, text=True).stdout
    tests = {}
    for test in json.loads(text)["tests"]:
        found = [p["value"] for p in test.get("properties", []) if p["name"] == "LABELS"]
        tests[test["name"]] = (found[0] if found else ["unlabelled"], test.get("command", []))
    return tests


def computes(command):
    program = pathlib.Path(command[0]) if command else None
    if program is None or not program.is_file():
        return False
    content = program.read_bytes()
    return content.startswith(b"\x7fELF") and any(mark in content for mark in COMPUTES)


def processor_has(flag):
    cpuinfo = pathlib.Path("/proc/cpuinfo")
    return cpuinfo.exists() and re.search(rf"^flags\s*:.*\b{flag}\b", cpuinfo.read_text(), re.M) is not None


def outcome(case):
    # GoogleTest's skips and exit code 77 both arrive as <skipped>.
    if case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"):
        return "skipped"
    return "passed" if case.get("status") == "run" and case.find("failure") is None else "failed"


def outcomes(test, cases):
    """Returns the outcomes of one test of ctest: those of its cases if it is a GoogleTest program, else its own."""
    own = outcome(test)
    inside = [outcome(case) for case in ElementTree.parse(cases).getroot().iter("testcase")] if cases.exists() else []
    # A program that crashed or exceeded its time limit has failed, whatever the outcomes of its cases.
    return inside + ["failed"] if own == "failed" and "failed" not in inside else inside or [own]


def run(build, tests, selection, report, settings):
    """Runs the selected tests with `settings` in the environment. Returns ctest's exit status and the outcomes by label."""
    cases = report.parent / "gtest"
    shutil.rmtree(cases, ignore_errors=True)
    environment = dict(os.environ, **settings)
    # libtorch keeps its registries until the process ends, which the leak detector takes for leaks.
    environment.setdefault("ASAN_OPTIONS", "detect_leaks=0")
    status = subprocess.run(["ctest", "--test-dir", build, "-j", str(len(os.sched_getaffinity(0))), "--output-on-failure",
                             "--progress", "--no-tests=error", "--output-junit", str(report), *selection],
                            env=environment).returncode
    counts = collections.defaultdict(collections.Counter)
    for test in ElementTree.parse(report).getroot().iter("testcase"):
        name = test.get("name")
        for label in tests[name][0]:
            counts[label].update(outcomes(test, cases / f"{name}.xml"))
    return status, counts


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("--only", nargs="+", default=[])
    parser.add_argument("--exclude", nargs="+", default=[])
    parser.add_argument("--also-avx2", action="store_true")
    options = parser.parse_args()
    selection = []
    if options.only:
        selection += ["-L", "^(" + "|".join(options.only) + ")$"]
    if options.exclude:
        selection += ["-LE", "^(" + "|".join(options.exclude) + ")$"]

    tests = listing(options.build, selection)
    if not tests:
        sys.exit("run_tests: no test matches the selection")
    folder = pathlib.Path(options.build).resolve()
    status, counts = run(options.build, tests, selection, folder / "tests.xml", {})
    rows = [(label, counts[label]) for label in sorted(counts)]
    notes = []
    if options.also_avx2 and not processor_has("avx512f"):
        notes.append("no second run with AVX2 only: this processor has no AVX-512, so the first was that")
    elif options.also_avx2:
        again = [name for name, (labels, command) in tests.items() if "fast" in labels and computes(command)]
        if not again:
            sys.exit("run_tests: no `fast` test computes anything")
        print(f"\nThe {len(again)} `fast` programs that compute, once more with AVX2 only: "
              + " ".join(f"{name}={value}" for name, value in AVX2_ONLY.items()), flush=True)
        second, counts_again = run(options.build, tests, ["-R", "^(" + "|".join(map(re.escape, again)) + ")$"],
                                   folder / "tests-avx2.xml", AVX2_ONLY)
        status = status or second
        rows.append(("fast, AVX2", counts_again["fast"]))

    print(f"\n{'label':12} {'passed':>7} {'failed':>7} {'skipped':>7}")
    for label, count in rows:
        print(f"{label:12} " + " ".join(f"{count[kind]:7}" for kind in ("passed", "failed", "skipped")))
    real = counts.get("real")
    if real and not real["passed"] + real["failed"]:
        notes.append("`real` tests were skipped: ../shared is not there")
    elif real:
        notes.append(f"{real['passed'] + real['failed']} `real` tests ran")
    for note in notes:
        print(note)
    sys.exit(status)


if __name__ == "__main__":
    main()
