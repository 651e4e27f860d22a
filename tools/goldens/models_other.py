"""Tiny RoBERTa and DistilBERT."""

import words
from store import finish, save_config, save_weights
from tiny import centre, draw_examples, draw_mask, randomise
from transformers import DistilBertConfig, DistilBertForSequenceClassification, RobertaConfig, RobertaForSequenceClassification

TEXTS = {
    0: ["The film is great!"],
    3: ["Never mind the plot", "it's funny"],
    5: ["naïve — and long"],
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
