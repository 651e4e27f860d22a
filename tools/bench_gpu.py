#!/usr/bin/env python3
"""Measures HIS and AE of one batch on one GPU: `hies bench cuda` and Hugging Face transformers within minutes, and compares their results.

usage: bench_gpu.py --hies BUILD/apps/hies/hies [--works REGEX] [--sides recipe best compiled] [--json FILE] [--folder DIR]

Needs a Python with torch and transformers. Synthetic checkpoints are written to DIR (default: a temporary folder) and reused by the
next call. Exits with 1 if a result is missing or differs by more than the tolerance of its dtype.
"""

import argparse
import json
import math
import pathlib
import re
import subprocess
import sys
import tempfile

TOOLS = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(TOOLS / "bench"))
from gpu_limit import limit_ms  # noqa: E402

BERT = ["--family", "bert", "--hidden", "768", "--layers", "12", "--heads", "12", "--intermediate", "3072", "--vocabulary", "30522",
        "--positions", "512"]
LLAMA = ["--family", "llama", "--size", "7b", "--positions", "32768"]
SMALL = ["--family", "llama", "--size", "1b"]

# name: checkpoint, sequences, tokens, dtype, baselines of Hugging Face that can run, more options of hies
WORKS = {
    "bert-base 32x128 bfloat16": (BERT, 32, 128, "bfloat16", ("recipe", "best", "compiled"), ()),
    "bert-base 32x128 float32": (BERT, 32, 128, "float32", ("recipe", "best"), ()),
    "bert-base 32x128 tf32": (BERT, 32, 128, "tf32", ("recipe", "best", "compiled"), ()),
    "bert-base 32x512 bfloat16": (BERT, 32, 512, "bfloat16", ("recipe", "best", "compiled"), ()),
    "bert-base 32x512 bfloat16, 2 GiB": (BERT, 32, 512, "bfloat16", (), ("--memory", "2GiB")),
    "llama-7b 1x2048 bfloat16": (LLAMA, 1, 2048, "bfloat16", ("recipe", "best", "compiled"), ()),
    "llama-7b 1x2048 bfloat16, least memory": (LLAMA, 1, 2048, "bfloat16", (), ("--memory", "14500MiB")),
    "llama-7b 4x2048 bfloat16": (LLAMA, 4, 2048, "bfloat16", ("best",), ()),
    "llama-7b 4x2048 bfloat16, least memory": (LLAMA, 4, 2048, "bfloat16", (), ("--memory", "16500MiB")),
    "llama-7b 1x2048 bfloat16, offload": (LLAMA, 1, 2048, "bfloat16", (), ("--offload",)),
    "llama-7b 4x2048 bfloat16, offload": (LLAMA, 4, 2048, "bfloat16", (), ("--offload",)),
    "llama-7b 1x4096 bfloat16": (LLAMA, 1, 4096, "bfloat16", ("best",), ()),
    "llama-7b 1x32768 bfloat16": (LLAMA, 1, 32768, "bfloat16", (), ()),
    "masks of bert-base 32x128 bfloat16": (BERT, 32, 128, "bfloat16", (), ("--masks", "64")),
    "masks of llama-1b 1x2048 bfloat16": (SMALL, 1, 2048, "bfloat16", (), ("--masks", "32")),
}

# The greatest differences allowed from the reference, relative to its greatest value. bfloat16 is rounding noise with random weights.
TOLERANCES = {"float32": {"his": 1e-4, "ae": 1e-4}, "tf32": {"his": 5e-3, "ae": 5e-3}, "bfloat16": {"his": 0.5, "ae": 5e-3}}


def run(command):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if result.returncode:
        return {"error": result.stderr.strip().splitlines()[-3:]}
    return json.loads(result.stdout) if result.stdout.strip() else {}


def checkpoint(hies, folder, shape, dtype):
    name = shape[1] + "-" + (shape[3] if shape[2] == "--size" else "base") + "-" + dtype
    path = folder / name
    if not path.exists():
        result = run([hies, "make-checkpoint", *shape, "--dtype", dtype, "-o", path, "--json"])
        if "error" in result:
            sys.exit(f"make-checkpoint: {result['error']}")
    return path


def greatest_difference(mine, theirs):
    """Returns the greatest difference relative to the greatest value; None if the tables differ in shape or have a value that is not finite."""
    if not mine or [len(row) for row in mine] != [len(row) for row in theirs]:
        return None
    mine, theirs = ([value for row in table for value in row] for table in (mine, theirs))
    if not all(isinstance(value, (int, float)) and math.isfinite(value) for value in mine + theirs) or not any(theirs):
        return None
    return max(abs(a - b) for a, b in zip(mine, theirs)) / max(map(abs, theirs))


def compare(result, dtype, wanted):
    """Writes to `result` the differences from the first baseline with a result. Returns a list of what is wrong."""
    if "his" not in result["hies"]:
        return [f"hies: {result['hies'].get('error', 'no result')}"]
    if not wanted:
        return []
    if "error" in result:
        return [f"the reference: {result['error']}"]
    reference = next((result[side] for side in wanted if result.get(side, {}).get("his")), None)
    if reference is None:
        return ["no baseline has a result"]
    wrong = []
    for score, tolerance in TOLERANCES[dtype].items():
        if reference[score] is None:  # only the recipe has AE
            continue
        difference = result[f"{score}_difference"] = greatest_difference(result["hies"].get(score), reference[score])
        if difference is None:
            wrong.append(f"{score.upper()} is missing or not finite")
        elif difference > tolerance:
            wrong.append(f"{score.upper()} differs by {difference:.2g}, above {tolerance:g}")
    return wrong


def cell(side):
    if side is None:
        return "–"
    if side.get("out_of_memory"):
        return "out of memory"
    if "error" in side:
        return "error"
    return f"{side['median_ms']:.1f} ms, {side['peak_bytes'] / 2**30:.1f} GiB"


def line(name, result, wanted):
    ours = result["hies"]
    shown = dict(ours["score"], peak_bytes=ours["peak_bytes"]) if "score" in ours else ours
    parts = [f"limit {result['limit_ms']:.1f} ms", f"hies {cell(shown)}", *(f"{side} {cell(result.get(side))}" for side in wanted),
             f"HIS differs {result.get('his_difference')}, AE {result.get('ae_difference')}"]
    parts += [str(ours["masks_per_second"])] if "masks_per_second" in ours else []
    return f"{name}: " + "; ".join(parts + result.get("wrong", []))


def measure(options, folder, work, rates):
    shape, sequences, tokens, dtype, sides, more = work
    path = checkpoint(options.hies, folder, shape, "bfloat16" if dtype == "bfloat16" else "float32")
    ours = run([options.hies, "bench", "cuda", "--model", path, "--sequences", sequences, "--tokens", tokens,
                "--dtype", dtype, "--quiet", "--json", *more])
    ours.update(model=path.name)
    result = {"limit_ms": limit_ms(path, sequences, tokens, rates[dtype]), "hies": ours}
    wanted = [side for side in sides if side in options.sides]
    if wanted:
        result.update(run([sys.executable, TOOLS / "bench/gpu_reference.py", path, sequences, tokens, dtype, *wanted]))
    wrong = compare(result, dtype, wanted)
    if wrong:
        result["wrong"] = wrong
    for side in (ours, *(result.get(side, {}) for side in wanted)):
        side.pop("his", None), side.pop("ae", None)
    return result, wanted


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hies", required=True, type=pathlib.Path)
    parser.add_argument("--works", default="")
    parser.add_argument("--sides", nargs="*", default=["recipe", "best", "compiled"])
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--folder", type=pathlib.Path)
    options = parser.parse_args()
    works = {name: work for name, work in WORKS.items() if re.search(options.works, name)}
    if not works:
        sys.exit(f"no work matches {options.works}; there are {', '.join(WORKS)}")
    folder = options.folder or pathlib.Path(tempfile.mkdtemp(prefix="hies-bench-gpu-"))
    folder.mkdir(parents=True, exist_ok=True)
    options.hies = options.hies.resolve()
    document = run([sys.executable, TOOLS / "bench/gpu_limit.py"])
    if "error" in document:
        sys.exit(f"gpu_limit.py: {document['error']}")
    document["hies"] = subprocess.run([options.hies, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    print(json.dumps(document), flush=True)
    document = {"schema": "hies.bench-gpu/1", **document, "works": {}}
    for name, work in works.items():
        document["works"][name], wanted = measure(options, folder, work, document["rates"])
        print(line(name, document["works"][name], wanted), flush=True)
        if options.json:
            options.json.write_text(json.dumps(document, indent=1) + "\n")
    wrong = [f"{name}: {'; '.join(result['wrong'])}" for name, result in document["works"].items() if "wrong" in result]
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main()
