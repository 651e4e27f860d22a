"""Vocabularies and tokenizers of the tiny models."""

import json

SPECIALS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = """the a an of and or not no but is was it this that film movie story actor plot scene ending music joke very too
never more less good bad great dull warm cold long short funny sad slow fast honest lazy bright ##ly ##er ##est ##s ##ing ##ed
, . ! ? ' s t e""".split()
SIZE = len(SPECIALS) + len(WORDS)
BPE_CORPUS = [
    "The film is great and the story is warm, but the ending is too long.",
    "A funny actor in a dull scene; the music was never good.",
    "Is it the best movie of the year? No, but it is honest and bright.",
]


def write_word_piece(folder):
    """vocab.txt alone, with tokenizer_config.json."""
    (folder / "vocab.txt").write_text("".join(w + "\n" for w in SPECIALS + WORDS), encoding="utf-8")
    write_options(folder, tokenizer_class="BertTokenizer", do_lower_case=True, model_max_length=1000000000000000019884624838656)


def write_word_piece_json(folder):
    """tokenizer.json, with the padding and truncation blocks that a training script leaves there and that loading ignores."""
    from tokenizers.implementations import BertWordPieceTokenizer

    tokenizer = BertWordPieceTokenizer({w: i for i, w in enumerate(SPECIALS + WORDS)}, lowercase=True)
    tokenizer.enable_padding(length=20)
    tokenizer.enable_truncation(max_length=6)
    tokenizer.save(str(folder / "tokenizer.json"))
    write_options(folder, tokenizer_class="BertTokenizerFast", do_lower_case=True, model_max_length=24)


def write_byte_bpe(folder):
    """vocab.json and merges.txt of a byte-level BPE; returns the vocabulary's size."""
    from tokenizers import ByteLevelBPETokenizer

    tokenizer = ByteLevelBPETokenizer()
    specials = ["<s>", "<pad>", "</s>", "<unk>"]
    tokenizer.train_from_iterator(BPE_CORPUS, vocab_size=300, min_frequency=1, special_tokens=specials, show_progress=False)
    tokenizer.save_model(str(folder))
    vocabulary = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
    vocabulary["<mask>"] = len(vocabulary)
    ordered = dict(sorted(vocabulary.items(), key=lambda item: item[1]))
    (folder / "vocab.json").write_text(json.dumps(ordered, ensure_ascii=False) + "\n", encoding="utf-8")
    write_options(folder, tokenizer_class="RobertaTokenizer", model_max_length=32)
    return len(vocabulary)


UNIGRAM_WORDS = """the a an of and or not no but is was it this that film movie story actor plot scene ending music joke very too never more less
good bad great dull warm cold long short funny sad slow fast honest lazy bright le la les un une et est pas très trop beau belle histoire""".split()


def write_unigram(folder, specials, begin, end, tokenizer_class):
    """tokenizer.json of a Unigram model, as converted from a sentencepiece model; returns the vocabulary's size. The pieces are words, their
    parts and letters, the shorter the less likely, so that a text has one best division."""
    from tokenizers import AddedToken, Tokenizer, models, pre_tokenizers, processors

    pieces = ["▁" + word for word in UNIGRAM_WORDS] + ["er", "est", "ing", "ly", "s", "▁", *"abcdefghijklmnopqrstuvwxyzéèêàç,.!?'-"]
    scores = [-2 - 0.13 * i / len(piece) for i, piece in enumerate(dict.fromkeys(pieces))]
    vocabulary = [(special, 0.0) for special in specials] + list(zip(dict.fromkeys(pieces), scores))
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=specials.index("<unk>"), byte_fallback=False))
    # What transformers 5 puts there anyway; of the file it takes the precompiled normaliser, which is too large for a tiny model.
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")])
    tokenizer.add_special_tokens([special for special in specials if not special.endswith("NOTUSED")])
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, special=True)])
    ids = [(token, specials.index(token)) for token in (begin, end)]
    tokenizer.post_processor = processors.TemplateProcessing(single=f"{begin} $A {end}", pair=f"{begin} $A {end} {end} $B {end}", special_tokens=ids)
    tokenizer.save(str(folder / "tokenizer.json"))
    write_options(folder, tokenizer_class=tokenizer_class, model_max_length=30, bos_token=begin, eos_token=end, cls_token=begin, sep_token=end,
                  unk_token="<unk>", pad_token="<pad>", mask_token="<mask>")
    return tokenizer.get_vocab_size()


def write_options(folder, **options):
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
