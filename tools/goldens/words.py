"""Vocabularies of the tiny models."""

import json

SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = """the a an of and or not no but is was it this that film movie story actor plot scene ending music joke very too
never more less good bad great dull warm cold long short funny sad slow fast honest lazy bright ##ly ##er ##est ##s ##ing ##ed
, . ! ? ' s t e""".split()


def word_piece(size):
    """The first `size` entries of the WordPiece vocabulary (specials first)."""
    entries = SPECIALS + WORDS
    assert size <= len(entries) and len(set(entries)) == len(entries), len(entries)
    return entries[:size]


def write_word_piece(folder, size):
    (folder / "vocab.txt").write_text("".join(w + "\n" for w in word_piece(size)), encoding="utf-8")
    options = {"do_lower_case": True, "tokenizer_class": "BertTokenizer", "model_max_length": 1000000000000000019884624838656}
    (folder / "tokenizer_config.json").write_text(json.dumps(options, indent=2) + "\n", encoding="utf-8")


def encode_texts(folder, examples, texts):
    """Replaces examples by the encoding of a text or of a pair, with the folder's own tokenizer; texts {example: [text] or [text, pair]}."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    for index, text in texts.items():
        encoding = tokenizer(*text)
        examples[index].text = text
        examples[index].ids = encoding["input_ids"]
        examples[index].type_ids = encoding.get("token_type_ids", [0] * len(encoding["input_ids"]))
