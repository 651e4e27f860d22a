#!/usr/bin/env python3
"""Writes tests/golden/decoder_tokenizers.json: hashes of the ids that Hugging Face's tokenizers of language models give for long and unusual texts.

Run from the checkout with the packages of tools/requirements-goldens.txt; reads ../shared. The tokenizers are that of llama-gqa-books
(Llama 2's: byte fallback, no pre-tokenizer that splits), GPT-2's from vocab.json with merges.txt, and GPT-2's vocabulary under the
published pre-tokenizers, normalisers and post-processors of Llama 3 and Qwen 2.5, whose own vocabularies are not at hand. For each
text: the number of ids and the 64-bit FNV-1a hash over them as little-endian int32s; "plain": a whole file at once without special
tokens; "lines": line after line with special tokens, each line's number of ids first.
"""

import json
import pathlib
import struct
import tempfile

import transformers

ROOT = pathlib.Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
FILES = ["text/wikitext2-valid.txt", "text/books-heldout.txt", "mmlu/dev/formal_logic_dev.csv", "mmlu/dev/high_school_mathematics_dev.csv"]
AWKWARD = [
    "", " ", "  two  spaces ", "\n\n\n", "a\r\nb\tc \n d", "don't DON'T I'll we'Ve 's", "12345678 1,234.5 3.14e-10", "naïve café 北京 ﬁ Å Å",
    "🙂👩‍👩‍👧 ä̈ \u200b\ufeffx", "x" * 300, "    def f(x):\n        return x**2  # ²³½", "<s> </s> <|endoftext|><|begin_of_text|>", "مرحبا שלום हिन्दी ไทย",
    "\u00a0\u2003\u3000", "'''''' \"\"\" ---- ....", "A\u0000B\u0007C",
]
GPT4 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def added(content, number):
    return {"id": number, "content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}


def split(digits):
    return {"type": "Sequence", "pretokenizers": [
        {"type": "Split", "pattern": {"Regex": GPT4 % digits}, "behavior": "Isolated", "invert": False},
        {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}]}


def model(ignore_merges):
    return {"type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None, "end_of_word_suffix": None,
            "fuse_unk": False, "byte_fallback": False, "ignore_merges": ignore_merges}


BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True}
BEGIN = {"SpecialToken": {"id": "<|begin_of_text|>", "type_id": 0}}
# tokenizer.json without the vocabulary and the merges, which are GPT-2's.
DOCUMENTS = {
    "Llama 3": {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [added("<|endoftext|>", 50256), added("<|begin_of_text|>", 50257)],
        "normalizer": None, "pre_tokenizer": split("{1,3}"),
        "post_processor": {"type": "Sequence", "processors": [BYTE_LEVEL, {
            "type": "TemplateProcessing", "single": [BEGIN, {"Sequence": {"id": "A", "type_id": 0}}],
            "pair": [BEGIN, {"Sequence": {"id": "A", "type_id": 0}}, BEGIN, {"Sequence": {"id": "B", "type_id": 1}}],
            "special_tokens": {"<|begin_of_text|>": {"id": "<|begin_of_text|>", "ids": [50257], "tokens": ["<|begin_of_text|>"]}}}]},
        "decoder": None, "model": model(True)},
    "Qwen 2.5": {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [added("<|endoftext|>", 50256)],
        "normalizer": {"type": "NFC"}, "pre_tokenizer": split(""),
        "post_processor": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False},
        "decoder": None, "model": model(False)},
}
CONFIGS = {
    "Llama 3": {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<|begin_of_text|>", "eos_token": "<|endoftext|>"},
    "Qwen 2.5": {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": None, "eos_token": "<|endoftext|>"},
}


def fnv1a(values, state=0xCBF29CE484222325):
    for byte in struct.pack(f"<{len(values)}i", *values):
        state = ((state ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return state


def summary(ids):
    return {"ids": len(ids), "hash": f"{fnv1a(ids):016x}"}


def lines_of(tokenizer, lines):
    ids = []
    for line in lines:
        encoded = tokenizer.encode(line)
        ids += [len(encoded), *encoded]
    return summary(ids)


def measure(tokenizer):
    results = {"prefix": tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id, "files": {}}
    for name in FILES:
        text = (SHARED / "data" / name).read_bytes().decode()
        results["files"][name] = {"plain": summary(tokenizer.encode(text, add_special_tokens=False)),
                                  "lines": lines_of(tokenizer, text.split("\n"))}
    results["awkward"] = lines_of(tokenizer, AWKWARD)
    return results


def gpt2_files():
    folder = SHARED / "tokenizers/gpt2"
    vocabulary = json.loads((folder / "encoder.json").read_text())
    merges = [line for line in (folder / "vocab.bpe").read_text().split("\n")[1:] if line]
    return vocabulary, merges


def load(name, folder):
    vocabulary, merges = gpt2_files()
    if name == "GPT-2":
        (folder / "vocab.json").write_text(json.dumps(vocabulary))
        (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(merges) + "\n")
        (folder / "config.json").write_text(json.dumps({"model_type": "gpt2"}))
        return transformers.AutoTokenizer.from_pretrained(folder)
    document = json.loads(json.dumps(DOCUMENTS[name]))
    document["model"] |= {"vocab": vocabulary, "merges": [merge.split(" ") for merge in merges]}
    (folder / "tokenizer.json").write_text(json.dumps(document))
    (folder / "tokenizer_config.json").write_text(json.dumps(CONFIGS[name]))
    return transformers.PreTrainedTokenizerFast.from_pretrained(folder)


def main():
    golden = {"made_with": f"transformers {transformers.__version__}", "awkward": AWKWARD, "documents": DOCUMENTS, "configs": CONFIGS,
              "tokenizers": {"Llama 2": measure(transformers.AutoTokenizer.from_pretrained(SHARED / "models/llama-gqa-books"))}}
    for name in ["GPT-2", *DOCUMENTS]:
        with tempfile.TemporaryDirectory() as folder:
            golden["tokenizers"][name] = measure(load(name, pathlib.Path(folder)))
    (ROOT / "tests/golden/decoder_tokenizers.json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
