#!/usr/bin/env python3
"""Regenerates tests/golden: `python tools/goldens/make.py [name…]`; without names, all of them. The same input gives the same bytes.

Needs tools/requirements-goldens.txt. `bert-v4-pruned` needs tools/requirements-goldens-v4.txt (transformers 4.57, the last with prune_heads): run it
with that environment's python, or name that python in HIES_V4_PYTHON. The real checkpoints and GLUE are read from ../shared.
"""

import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TINY = {
    "bert-tiny": "models_bert.bert_tiny",
    "bert-reg": "models_bert.bert_reg",
    "roberta-tiny": "models_other.roberta_tiny",
    "xlm-roberta-tiny": "models_other.xlm_roberta_tiny",
    "camembert-tiny": "models_other.camembert_tiny",
    "distilbert-tiny": "models_other.distilbert_tiny",
    "bert-legacy": "models_bert.bert_legacy",
    "bert-v4-pruned": "models_bert.bert_v4_pruned",
    "llama-gqa": "models_decoder.llama_gqa",
    "llama-mqa": "models_decoder.llama_mqa",
    "llama-mha": "models_decoder.llama_mha",
    "llama-dynamic": "models_decoder.llama_dynamic",
    "llama-yarn": "models_decoder.llama_yarn",
    "mistral-tiny": "models_decoder.mistral_tiny",
    "qwen2-tiny": "models_decoder.qwen2_tiny",
    "qwen3-tiny": "models_decoder.qwen3_tiny",
    "gpt2-tiny": "models_decoder.gpt2_tiny",
    "llama-cls": "models_decoder.llama_cls",
    "gpt2-cls": "models_decoder.gpt2_cls",
    "vit-tiny": "models_vision.vit_tiny",
    "vit-grey": "models_vision.vit_grey",
    "vit-larger": "models_vision.vit_larger",
    "deit-tiny": "models_vision.deit_tiny",
    "deit-teacher": "models_vision.deit_teacher",
    "dinov2-tiny": "models_vision.dinov2_tiny",
    "dinov2-gated": "models_vision.dinov2_gated",
}
NEEDS_V4 = {"bert-v4-pruned"}
IMAGES = "images"
VISION = {"vit-cifar10", "cifar10-images"}
REAL = ["vit-cifar10", "cifar10-images", "demo-sst2", "minilm-sst2", "minilm-cola", "minilm-mrpc", "minilm-stsb", "llama-gqa-books"]


def make_with_v4(name):
    python = os.environ.get("HIES_V4_PYTHON")
    if not python:
        sys.exit(f"error: {name} needs transformers 4.57: set HIES_V4_PYTHON to the python of an environment with tools/requirements-goldens-v4.txt")
    subprocess.run([python, __file__, name], check=True)


def make_tiny(name):
    module, function = TINY[name].split(".")
    folder = ROOT / "tests" / "golden" / name
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "model").mkdir(parents=True)
    getattr(importlib.import_module(module), function)(folder)
    sizes = {p.name: p.stat().st_size for p in sorted(folder.rglob("*")) if p.is_file()}
    print(name, sizes, flush=True)
    assert sum(v for k, v in sizes.items() if k.endswith(".safetensors")) < 300_000, "a tiny model is below 300 kB"


def make_images(name):
    folder = ROOT / "tests" / "golden" / name
    shutil.rmtree(folder, ignore_errors=True)
    importlib.import_module("images").make(folder)
    print(name, sum(p.stat().st_size for p in folder.rglob("*")), flush=True)


def make_real(name):
    path = ROOT / "tests" / "golden" / "real" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    importlib.import_module("real_vision" if name in VISION else "real").make(name, path)
    print(name, path.stat().st_size, flush=True)


def main(names):
    import torch
    import transformers

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    unknown = [n for n in names if n not in TINY and n not in REAL and n != IMAGES]
    if unknown:
        sys.exit(f"error: no golden is called {unknown[0]}; there are: {', '.join([*TINY, IMAGES, *REAL])}")
    for name in names or [*TINY, IMAGES, *REAL]:
        if name in NEEDS_V4 and not transformers.__version__.startswith("4."):
            make_with_v4(name)
        elif name == IMAGES:
            make_images(name)
        elif name in REAL:
            make_real(name)
        else:
            make_tiny(name)


if __name__ == "__main__":
    main(sys.argv[1:])
