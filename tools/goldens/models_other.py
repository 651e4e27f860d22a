"""Tiny RoBERTa, XLM-RoBERTa, CamemBERT and DistilBERT."""

import words
from store import finish, save_config, save_weights
from tiny import centre, draw_examples, draw_mask, randomise
from transformers import CamembertConfig, CamembertForSequenceClassification, DistilBertConfig, DistilBertForSequenceClassification
from transformers import RobertaConfig, RobertaForSequenceClassification, XLMRobertaConfig, XLMRobertaForSequenceClassification

TEXTS = {
    0: ["The film is great!"],
    3: ["Never mind the plot", "it's funny"],
    5: ["naïve — and long"],
}

UNIGRAM_TEXTS = {
    0: ["The film is great!"],
    3: ["la belle  histoire est très longue", "it's fine"],
    5: ["naïve — and long <mask> 映画"],
}


def roberta_tiny(folder):
    """Positions start at padding_idx + 1; a two-layer task head; bfloat16 in two shards; vocab.json and merges.txt."""
    size = words.write_byte_bpe(folder / "model")
    config = RobertaConfig(
        attn_implementation="eager", architectures=["RobertaForSequenceClassification"], num_labels=2, vocab_size=size, hidden_size=48,
        num_hidden_layers=4, num_attention_heads=3, intermediate_size=56, max_position_embeddings=34, type_vocab_size=1, layer_norm_eps=1e-5,
        pad_token_id=1, bos_token_id=0, eos_token_id=2,
    )
    model = randomise(RobertaForSequenceClassification(config), "roberta-tiny").eval()
    examples = draw_examples("roberta-tiny", size - 1, [7, 2, 24, 12, 5, 17], 0, 2, 4, [0, 1, 1, 0, 1, 0], pairs=False)
    words.encode_texts(folder / "model", examples, TEXTS)
    centre(model, "classifier.out_proj", examples)
    save_config(folder / "model", model, "bfloat16")
    save_weights(folder / "model", model.bfloat16().state_dict(), shards=2)
    finish(folder, model, examples, "ce", draw_mask("roberta-tiny", [3] * 4, empty_layer=2), "classifier.out_proj")


def roberta_like(folder, name, kind, configuration, tokenizer, layers, heads, dtype):
    """RoBERTa under another name, with a Unigram tokenizer."""
    specials, begin, end, tokenizer_class = tokenizer
    size = words.write_unigram(folder / "model", specials, begin, end, tokenizer_class)
    config = configuration(
        attn_implementation="eager", architectures=[kind.__name__], num_labels=3, vocab_size=size, hidden_size=16 * heads,
        num_hidden_layers=layers, num_attention_heads=heads, intermediate_size=40, max_position_embeddings=34, type_vocab_size=1, layer_norm_eps=1e-5,
        pad_token_id=1, bos_token_id=specials.index(begin), eos_token_id=specials.index(end),
    )
    model = randomise(kind(config), name).eval()
    examples = draw_examples(name, size - 1, [7, 2, 24, 12, 5, 17], specials.index(begin), specials.index(end), len(specials), [0, 1, 2, 0, 1, 2],
                             pairs=False)
    words.encode_texts(folder / "model", examples, UNIGRAM_TEXTS)
    centre(model, "classifier.out_proj", examples)
    save_config(folder / "model", model, dtype)
    save_weights(folder / "model", (model.half() if dtype == "float16" else model.bfloat16()).state_dict())
    finish(folder, model, examples, "ce", draw_mask(name, [heads] * layers, empty_layer=1), "classifier.out_proj")


def xlm_roberta_tiny(folder):
    tokenizer = (["<s>", "<pad>", "</s>", "<unk>"], "<s>", "</s>", "XLMRobertaTokenizer")
    roberta_like(folder, "xlm-roberta-tiny", XLMRobertaForSequenceClassification, XLMRobertaConfig, tokenizer, 3, 2, "float16")


def camembert_tiny(folder):
    """The ids of <s> and </s> are not those that padding would suggest."""
    specials = ["<s>NOTUSED", "<pad>", "</s>NOTUSED", "<unk>", "<unk>NOTUSED", "<s>", "</s>"]
    roberta_like(folder, "camembert-tiny", CamembertForSequenceClassification, CamembertConfig, (specials, "<s>", "</s>", "CamembertTokenizer"), 2, 3,
                 "bfloat16")


def distilbert_tiny(folder):
    """No token types and no pooler but a `pre_classifier` with ReLU; a head size that is no power of two; tokenizer.json."""
    config = DistilBertConfig(
        attn_implementation="eager", architectures=["DistilBertForSequenceClassification"], num_labels=4, vocab_size=words.SIZE, dim=72,
        n_layers=2, n_heads=3, hidden_dim=72, max_position_embeddings=30, activation="gelu",
    )
    model = randomise(DistilBertForSequenceClassification(config), "distilbert-tiny").eval()
    words.write_word_piece_json(folder / "model")
    examples = draw_examples("distilbert-tiny", words.SIZE, [7, 2, 24, 12, 5, 17], 2, 3, 5, [0, 1, 2, 3, 1, 0], pairs=False)
    words.encode_texts(folder / "model", examples, TEXTS)
    centre(model, "classifier", examples)
    save_config(folder / "model", model, "float16")
    save_weights(folder / "model", model.half().state_dict())
    finish(folder, model, examples, "ce", draw_mask("distilbert-tiny", [3, 3], empty_layer=0), "classifier")
