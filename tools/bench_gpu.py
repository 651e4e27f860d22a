#!/usr/bin/env python3
"""HIS and AE of one batch on one GPU: `hies bench cuda` beside Hugging Face transformers, in the same minutes, answers compared.

usage: bench_gpu.py --hies BUILD/apps/hies/hies [--works REGEX] [--sides recipe best compiled] [--json FILE] [--folder DIR]

Needs a Python with torch and transformers. Checkpoints with random weights are made in DIR (default: a temporary folder) and kept
there for the next call.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

BERT = ["--family", "bert", "--hidden", "768", "--layers", "12", "--heads", "12", "--intermediate", "3072", "--vocabulary", "30522",
        "--positions", "512"]
LLAMA = ["--family", "llama", "--size", "7b", "--positions", "32768"]
SMALL = ["--family", "llama", "--size", "1b"]

# name: checkpoint, sequences, tokens, dtype, sides that can run at all, more options of hies
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


def run(command):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if result.returncode:
        return {"error": result.stderr.strip().splitlines()[-3:]}
    return json.loads(result.stdout) if result.stdout.strip() else {}


def checkpoint(hies, folder, shape, dtype):
    name = shape[1] + "-" + (shape[3] if shape[2] == "--size" else "base") + "-" + dtype
    path = folder / name
    if not path.exists():
        made = run([hies, "make-checkpoint", *shape, "--dtype", dtype, "-o", path, "--json"])
        if "error" in made:
            sys.exit(f"make-checkpoint: {made['error']}")
    return path


def furthest(mine, theirs):
    """The largest difference, as a share of the largest value."""
    pairs = [(a, b) for row, other in zip(mine, theirs) for a, b in zip(row, other)]
    return max(abs(a - b) for a, b in pairs) / max(abs(b) for _, b in pairs)


def cell(side):
    if side is None:
        return "–"
    if side.get("out_of_memory"):
        return "out of memory"
    if "error" in side:
        return "error"
    return f"{side['median_ms']:.1f} ms, {side['peak_bytes'] / 2**30:.1f} GiB"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hies", required=True, type=pathlib.Path)
    parser.add_argument("--works", default="")
    parser.add_argument("--sides", nargs="*", default=["recipe", "best", "compiled"])
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--folder", type=pathlib.Path)
    options = parser.parse_args()
    here = pathlib.Path(__file__).parent
    folder = options.folder or pathlib.Path(tempfile.mkdtemp(prefix="hies-bench-gpu-"))
    folder.mkdir(parents=True, exist_ok=True)
    options.hies = options.hies.resolve()
    results = {}
    for name, (shape, sequences, tokens, dtype, sides, more) in WORKS.items():
        if not re.search(options.works, name):
            continue
        path = checkpoint(options.hies, folder, shape, "bfloat16" if dtype == "bfloat16" else "float32")
        ours = run([options.hies, "bench", "cuda", "--model", path, "--sequences", sequences, "--tokens", tokens, 
                    *(("--dtype", "float32", "--tf32") if dtype == "tf32" else ("--dtype", dtype)), "--quiet", "--json", *more])
        result = {"hies": ours}
        wanted = [side for side in sides if side in options.sides]
        if wanted:
            result.update(run([sys.executable, here / "bench/gpu_reference.py", path, sequences, tokens, dtype, *wanted]))
        recipe = result.get("recipe") or result.get("best") or {}
        if "his" in recipe and "his" in ours:
            result["his_difference"] = furthest(ours["his"], recipe["his"])
            if recipe["ae"]:
                result["ae_difference"] = furthest(ours["ae"], recipe["ae"])
        for side in result.values():
            if isinstance(side, dict):
                side.pop("his", None), side.pop("ae", None)
        results[name] = result
        shown = dict(ours.get("score", {}), peak_bytes=ours.get("peak_bytes", 0)) if "score" in ours else ours
        print(f"{name}: hies {cell(shown)}; " + "; ".join(f"{side} {cell(result.get(side))}" for side in wanted) +
              f"; HIS differs {result.get('his_difference')}, AE {result.get('ae_difference')}"
              + (f"; {ours['masks_per_second']}" if "masks_per_second" in ours else "") + (f"; {result['error']}" if "error" in result else ""),
              flush=True)
        if options.json:
            options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
