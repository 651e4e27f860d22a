#!/usr/bin/env python3
"""Writes tests/golden/tokenizer_hashes.json: hashes of the ids that Hugging Face's fast tokenizers give for the GLUE dev sets.

Run from the checkout with the packages of tools/requirements-goldens.txt; reads ../shared. For each tokenizer, dev set and maximum
length: the number of ids, and the 64-bit FNV-1a hash over the little-endian int32s of, text after text, the number of its ids, its
ids, and its type ids. "files" says which files of the directory the tokenizer was given, renamed as "name": "original".
"""

import json
import pathlib
import shutil
import struct
import tempfile

import transformers

ROOT = pathlib.Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
CONFIG = {"tokenizer_config.json": "tokenizer_config.json"}
JSON = {"tokenizer.json": "tokenizer.json"} | CONFIG
VOCAB = {"vocab.txt": "vocab.txt"} | CONFIG
# name: (directory, model type, files, tokenizer_config.json where the directory has none that fits)
TOKENIZERS = {
    "bert-base-uncased": ("tokenizers/bert-base-uncased", "bert", {"vocab.txt": "vocab.txt"}, None),
    "bert-base-cased": ("tokenizers/bert-base-cased", "bert", {"vocab.txt": "bert_basic_cased_vocab.txt"}, {"do_lower_case": False}),
    "roberta-base": ("tokenizers/roberta-base", "roberta", JSON, None),
    "roberta-base, vocabulary": ("tokenizers/roberta-base", "roberta",
                                 {"vocab.json": "vocab.json", "merges.txt": "merges.txt"} | CONFIG, None),
    "demo-sst2": ("models/demo-sst2", "bert", JSON, None),
    "demo-sst2, vocabulary": ("models/demo-sst2", "bert", VOCAB, None),
    "minilm-sst2": ("models/minilm-sst2", "bert", JSON, None),
    "minilm-sst2, vocabulary": ("models/minilm-sst2", "bert", VOCAB, None),
}
# task: (columns of the text or pair, lines before the first row)
TASKS = {"CoLA": ([3], 0), "MRPC": ([3, 4], 1), "QNLI": ([1, 2], 1), "RTE": ([1, 2], 1), "SST-2": ([0], 1), "STS-B": ([7, 8], 1)}
LENGTHS = (128, 16)


def fnv1a(values, state):
    for byte in struct.pack(f"<{len(values)}i", *values):
        state = ((state ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return state


def read_texts(task, columns, skip):
    lines = (SHARED / "data/glue" / task / "dev.tsv").read_bytes().decode("utf-8-sig").split("\n")
    rows = [line.rstrip("\r").split("\t") for line in lines[skip:] if line]
    return [[row[column] for column in columns] for row in rows]


def encode(tokenizer, texts, length):
    sides = [list(side) for side in zip(*texts)]
    encoded = tokenizer(*sides, truncation="longest_first", max_length=length, return_token_type_ids=True)
    state, count = 0xCBF29CE484222325, 0
    for ids, types in zip(encoded["input_ids"], encoded["token_type_ids"]):
        state = fnv1a([len(ids), *ids, *types], state)
        count += len(ids)
    return {"texts": len(texts), "ids": count, "hash": f"{state:016x}"}


def measure(directory, model_type, files, config):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for name, original in files.items():
            shutil.copy(SHARED / directory / original, folder / name)
        if config is not None:
            (folder / "tokenizer_config.json").write_text(json.dumps(config))
        (folder / "config.json").write_text(json.dumps({"model_type": model_type}))
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, use_fast=True)
        assert tokenizer.is_fast
        results = {}
        for task, (columns, skip) in TASKS.items():
            texts = read_texts(task, columns, skip)
            results[task] = {str(length): encode(tokenizer, texts, length) for length in LENGTHS}
    return {"directory": directory, "model_type": model_type, "files": files, "tokenizer_config": config,
            "vocabulary_size": len(tokenizer), "tasks": results}


def main():
    golden = {"made_with": f"transformers {transformers.__version__}",
              "tasks": {task: {"columns": columns, "skip": skip} for task, (columns, skip) in TASKS.items()},
              "tokenizers": {name: measure(*given) for name, given in TOKENIZERS.items()}}
    path = ROOT / "tests/golden/tokenizer_hashes.json"
    path.write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
