#!/usr/bin/env python3
"""Runs ctest and says how many tests of each label passed, failed or were skipped: cases of GoogleTest programs, and scripts.

usage: run_tests.py BUILD [--only LABEL…] [--exclude LABEL…]
"""

import argparse
import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree


def labels_of_tests(build, selection):
    listing = json.loads(subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1", *selection],
                                        check=True, capture_output=True, text=True).stdout)
    labels = {}
    for test in listing["tests"]:
        found = [p["value"] for p in test.get("properties", []) if p["name"] == "LABELS"]
        labels[test["name"]] = found[0] if found else ["unlabelled"]
    return labels


def outcome(case):
    # GoogleTest's skips and exit code 77 both arrive as <skipped>.
    if case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"):
        return "skipped"
    return "passed" if case.get("status") == "run" and case.find("failure") is None else "failed"


def outcomes(test, cases):
    """Of one test of ctest: those of the cases inside where it is a GoogleTest program, else its own."""
    own = outcome(test)
    inside = [outcome(case) for case in ElementTree.parse(cases).getroot().iter("testcase")] if cases.exists() else []
    # A program that crashed or ran out of time has failed, whatever its cases say.
    return inside + ["failed"] if own == "failed" and "failed" not in inside else inside or [own]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build")
    parser.add_argument("--only", nargs="+", default=[])
    parser.add_argument("--exclude", nargs="+", default=[])
    options = parser.parse_args()
    selection = []
    if options.only:
        selection += ["-L", "^(" + "|".join(options.only) + ")$"]
    if options.exclude:
        selection += ["-LE", "^(" + "|".join(options.exclude) + ")$"]

    labels = labels_of_tests(options.build, selection)
    if not labels:
        sys.exit("run_tests: no test matches the selection")

    report = pathlib.Path(options.build).resolve() / "tests.xml"
    cases = report.parent / "gtest"
    shutil.rmtree(cases, ignore_errors=True)
    environment = dict(os.environ)
    # libtorch keeps its registries until the process ends, which the leak detector takes for leaks.
    environment.setdefault("ASAN_OPTIONS", "detect_leaks=0")
    status = subprocess.run(["ctest", "--test-dir", options.build, "-j", str(len(os.sched_getaffinity(0))),
                             "--output-on-failure", "--progress", "--no-tests=error", "--output-junit", str(report),
                             *selection], env=environment).returncode

    counts = collections.defaultdict(collections.Counter)
    for test in ElementTree.parse(report).getroot().iter("testcase"):
        name = test.get("name")
        for label in labels.get(name, ["unlabelled"]):
            counts[label].update(outcomes(test, cases / f"{name}.xml"))
    print(f"\n{'label':12} {'passed':>7} {'failed':>7} {'skipped':>7}")
    for label in sorted(counts):
        print(f"{label:12} " + " ".join(f"{counts[label][kind]:7}" for kind in ("passed", "failed", "skipped")))
    real = counts.get("real")
    if real and not real["passed"] + real["failed"]:
        print("`real` tests were skipped: ../shared is not there")
    elif real:
        print(f"{real['passed'] + real['failed']} `real` tests ran")
    sys.exit(status)


if __name__ == "__main__":
    main()
