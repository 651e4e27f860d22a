"""Tokenizers for tiny models that are exported as GGUF, and plans that llama.cpp can carry."""

import json

from onnx_runs import Exports, run_client

LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")
TEKKEN = (r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|"
          r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|"
          r"\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def added(number, content, special=True):
    return {"id": number, "content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": special}


def sentence_piece():
    """Returns a tokenizer.json in the way of LLaMA 2, of 268 tokens."""
    words = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁", "a", "b", "c", "ab", "▁a", "▁ab", "abc"]
    return {"version": "1.0", "added_tokens": [added(0, "<unk>"), added(1, "<s>"), added(2, "</s>"), added(len(words), "[user]", False)], "normalizer": None,
            "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": False},
            "post_processor": {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]},
            "decoder": None,
            "model": {"type": "BPE", "unk_token": "<unk>", "byte_fallback": True, "vocab": {word: i for i, word in enumerate(words)},
                      "merges": [["a", "b"], ["▁", "ab"], ["▁", "a"], ["▁a", "b"], ["ab", "c"]]}}


def byte_level(expression=QWEN2):
    """Returns a tokenizer.json in the way of Qwen2."""
    words = ["a", "b", "Ġ", "ab", "Ġab"]
    return {"version": "1.0", "added_tokens": [added(5, "<|endoftext|>"), added(6, "<|im_end|>")], "normalizer": None,
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": expression}, "behavior": "Isolated", "invert": False},
                                                                    {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False}]},
            "post_processor": {"type": "ByteLevel"}, "decoder": None,
            "model": {"type": "BPE", "byte_fallback": False, "vocab": {word: i for i, word in enumerate(words)}, "merges": ["a b", "Ġ ab"]}}


class GgufExports(Exports):
    def give_tokenizer(self, model, tokenizer=None, **config):
        (model / "tokenizer.json").write_text(json.dumps(tokenizer or byte_level()))
        (model / "tokenizer_config.json").write_text(json.dumps(config or {"eos_token": {"content": "<|im_end|>"}}))
        return model

    def to_gguf(self, model, *more, output="model.gguf"):
        self.done("export", model, "--to", "gguf", "-o", output, "--quiet", *more)
        return self.folder / output

    def fitting(self, path, golden, wanted):
        """Returns the golden's inputs that fit into the file's context_length, with what is wanted of them; others are cut where every token has a target."""
        metadata = self.read(path)["metadata"]
        length = metadata[metadata["general.architecture"] + ".context_length"]
        pairs = [({"ids": example["ids"][:length], "targets": example["targets"][:length]}, row[:length])
                 for example, row in zip(golden["inputs"], wanted) if len(example["ids"]) in (*range(length + 1), len(example["targets"]))]
        return [list(side) for side in zip(*pairs)]

    def read(self, path, inputs=()):
        return run_client("gguf_client.py", {"model": str(path), "inputs": list(inputs)})
