"""A synthetic LLaMA whose query heads share keys, with a tokenizer of a few words."""

import json

WORDS = ["[UNK]", "<s>", "</s>", "the", "cat", "dog", "sat", "ran", "on", "a", "mat", "hill", ".", "and", "was", "red"]
TEXT = "the cat sat on a mat . the red dog ran and ran on the hill . a cat was red and the dog sat . " * 12


def tokenizer(words):
    special = [{"id": words.index(name), "content": name, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
                "special": True} for name in ("<s>", "</s>")]
    return {"version": "1.0", "added_tokens": special, "normalizer": None, "pre_tokenizer": {"type": "WhitespaceSplit"},
            "post_processor": None, "decoder": None,
            "model": {"type": "WordLevel", "vocab": {word: number for number, word in enumerate(words)}, "unk_token": "[UNK]"}}


def make_llama(test, heads=4, layers=3):
    """Writes a checkpoint in which `heads` query heads of each layer read two KV heads. Returns its folder."""
    model = test.folder / "model"
    test.done("make-checkpoint", "--family", "llama", "--layers", layers, "--hidden", 8 * heads, "--heads", heads, "--kv-heads", 2, "--head-dim", 8,
              "--intermediate", 48, "--vocabulary", len(WORDS), "--positions", 64, "--dtype", "float32", "--max-shard-size", "20KB", "-o", model, "--quiet")
    give_tokenizer(model, WORDS)
    return model


def give_tokenizer(model, words):
    (model / "tokenizer.json").write_text(json.dumps(tokenizer(words)))
    (model / "tokenizer_config.json").write_text(json.dumps({"bos_token": "<s>", "eos_token": "</s>"}))
