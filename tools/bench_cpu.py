#!/usr/bin/env python3
"""`make bench`: measures `hies` and Hugging Face transformers on this machine's CPU, in alternating pairs.

Every work's numbers are compared before its times count. Writes bench/results/cpu.json and the tables in docs/performance.md; a try (fewer
than five pairs, or not every work) writes build/bench/cpu.json only and prints the tables. HIES_REFERENCE_PYTHON: a Python that has
tools/requirements-goldens.txt, instead of build/bench-venv.
"""

import argparse
import datetime
import json
import os
import re
import sys
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(SOURCE / "tools/bench"))
import scaling  # noqa: E402
import table  # noqa: E402
from chosen import Inputs, all_works  # noqa: E402
from environment import reference_python  # noqa: E402
from processes import Failed, Hies, Reference, Run, say  # noqa: E402

RESULT, PAGE = SOURCE / "bench/results/cpu.json", SOURCE / "docs/performance.md"
LEAST_PAIRS = 5


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hies", type=Path, default=SOURCE / "build/release/apps/hies/hies", help="the program")
    parser.add_argument("--models", type=Path, default=SOURCE / "../shared/models", help="folder that holds minilm-sst2, minilm-mrpc, llama-gqa-books")
    parser.add_argument("--data", type=Path, default=SOURCE / "../shared/data", help="folder that holds glue/SST-2, glue/MRPC and text")
    parser.add_argument("--pairs", type=int, default=LEAST_PAIRS)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--works", nargs="+", default=None, metavar="NAME", help="only these (a wrong name lists all)")
    parser.add_argument("--only-works", action="store_true", help="leave out how a sweep's time grows, memory and kernels")
    parser.add_argument("--render", action="store_true", help="only write the tables again from bench/results/cpu.json")
    return parser.parse_args()


def one_pair(work, hies, reference, hies_first):
    sides = [lambda: work.hies(hies, reference), *(lambda mode=mode: work.mode(mode, reference) for mode in work.modes)]
    names = ["hies", *(mode[0] for mode in work.modes)]
    order = range(len(sides)) if hies_first else [*range(1, len(sides)), 0]
    seconds, numbers = {}, {}
    for i in order:
        times, numbers[names[i]] = sides[i]()
        seconds.update(times)
    work.compare(hies, reference, numbers.pop("hies"), numbers)
    return {name: seconds[name] for name in ("hies", "start-up", *names[1:]) if name in seconds}


def measure(options, hies, reference, inputs, folder):
    chosen = all_works(inputs, folder)
    for name in options.works or []:
        if name not in chosen:
            raise Failed(f"no work is called {name}; there are {', '.join(chosen)}")
    chosen = {name: work for name, work in chosen.items() if not options.works or name in options.works}
    pairs, peaks = {name: [] for name in chosen}, []
    for number in range(options.pairs):
        peaks.append(reference("peak"))
        for name, work in chosen.items():
            pairs[name].append(one_pair(work, hies, reference, number % 2 == 0))
            say(f"pair {number + 1}/{options.pairs}, {name}: " + ", ".join(f"{side} {seconds:.2f} s" for side, seconds in pairs[name][-1].items()))
    peak = {dtype: max(each[dtype] for each in peaks) for dtype in peaks[0]}
    return peak, {name: {"name": work.name, "dtype": work.dtype, **work.notes, "pairs": pairs[name]} for name, work in chosen.items()}


def memory(hies, work, examples=1024):
    run, scores = hies.score(work, examples)
    parameters = Run([hies.program, "inspect", work.model, "--json"], 1).json()["parameters"]
    return {"examples": scores["calibration"]["examples"], "peak_bytes": run.peak_bytes, "weight_bytes": 4 * parameters}


def kernels(hies):
    return hies.run("bench", "kernels", "--filter", "tokens:(8|32|128|512|2048)/head_dim:(32|128)$").json()


def cpu_name():
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return found.group(1) if found else "unknown CPU"


def main():
    options = parse()
    if options.render:
        PAGE.write_text(table.put(PAGE.read_text(encoding="utf-8"), json.loads(RESULT.read_text())), encoding="utf-8")
        return
    inputs = Inputs(options.models, options.data)
    for path in [*inputs.files(), options.hies]:
        if not path.exists():
            raise Failed(f"{os.path.normpath(path)} is not there; --models, --data and --hies say where else")
    folder = SOURCE / "build/bench"
    folder.mkdir(parents=True, exist_ok=True)
    load = [os.getloadavg()[0]]
    if load[0] > 0.5:
        say(f"the machine is busy (load {load[0]:.1f}): its times are worth little")
    hies = Hies(options.hies, folder, options.threads)
    reference = Reference(reference_python(), options.threads)
    peak, measured = measure(options, hies, reference, inputs, folder)
    result = {"schema": "hies.bench-cpu/1", "date": datetime.date.today().isoformat(), "pairs": options.pairs,
              "versions": {"hies": Run([options.hies, "--version"], 1).output.split()[1], **reference.versions,
                           "import_seconds": reference.import_seconds},
              "machine": {"cpu": cpu_name(), "cores": os.cpu_count(), "peak_gflops": peak, "load": load}, "works": measured}
    if not options.only_works:
        result["kernels"] = kernels(hies)
        result["memory"] = memory(hies, inputs.sst2)
        result["scaling"] = scaling.measure(hies, reference, inputs.sst2, folder)
    reference.close()
    load.append(os.getloadavg()[0])

    complete = options.pairs >= LEAST_PAIRS and not options.works and not options.only_works
    target = RESULT if complete else folder / "cpu.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(table.render(result), end="")
    if complete:
        PAGE.write_text(table.put(PAGE.read_text(encoding="utf-8"), result), encoding="utf-8")
    say(f"wrote {target}" + (f" and {PAGE}" if complete else "; a try: docs/performance.md is left as it is"))


if __name__ == "__main__":
    try:
        main()
    except Failed as problem:
        sys.exit(f"bench: {problem}")
