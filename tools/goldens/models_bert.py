"""Tiny BERT models."""

import torch
import words
from store import finish, save_config, save_weights
from tiny import centre, draw_examples, draw_mask, randomise
from transformers import BertConfig, BertForSequenceClassification

LENGTHS = [7, 2, 24, 12, 5, 17]
TEXTS = {
    0: ["The film is great!"],
    3: ["A long, slow story and the ending was never good.", "It is dull"],
    5: ["not the best actor . but a very funny scene"],
}


def make_bert(name, labels, **options):
    names = {"id2label": dict(enumerate(labels)), "label2id": {l: i for i, l in enumerate(labels)}}
    config = BertConfig(
        attn_implementation="eager", architectures=["BertForSequenceClassification"], num_labels=len(labels),
        vocab_size=words.SIZE, **names, **options,
    )
    return randomise(BertForSequenceClassification(config), name).eval()


def bert_examples(name, folder, labels, texts=TEXTS):
    examples = draw_examples(name, words.SIZE, LENGTHS, 2, 3, 5, labels, pairs=True)
    words.encode_texts(folder, examples, texts)
    return examples


def bert_tiny(folder):
    """Three labels; float32 in one file; vocab.txt."""
    model = make_bert(
        "bert-tiny", ["bad", "fair", "good"], hidden_size=64, num_hidden_layers=3, num_attention_heads=4, intermediate_size=24,
        max_position_embeddings=32, hidden_act="gelu", layer_norm_eps=1e-12,
    )
    words.write_word_piece(folder / "model")
    examples = bert_examples("bert-tiny", folder / "model", [0, 1, 2, 0, 1, 2])
    centre(model, "classifier", examples)
    save_config(folder / "model", model, "float32")
    save_weights(folder / "model", model.state_dict())
    finish(folder, model, examples, "ce", draw_mask("bert-tiny", [4, 4, 4], empty_layer=1), "classifier")


def bert_reg(folder):
    """Regression on pairs; gelu_new; float16; tokenizer.json, whose padding and truncation blocks are to be ignored."""
    model = make_bert(
        "bert-reg", ["LABEL_0"], hidden_size=96, num_hidden_layers=2, num_attention_heads=3, intermediate_size=40,
        max_position_embeddings=28, hidden_act="gelu_new", layer_norm_eps=1e-5, problem_type="regression",
    )
    words.write_word_piece_json(folder / "model")
    pairs = {0: ["A film", "The movie!"], 3: ["The actor is bad and the music is worse", "no good acting"], 5: ["honest, warm", "cold and dull"]}
    examples = bert_examples("bert-reg", folder / "model", [0.0, 2.5, 5.0, 1.25, 3.8, 4.0], pairs)
    centre(model, "classifier", examples, 2.5)
    save_config(folder / "model", model, "float16")
    save_weights(folder / "model", model.half().state_dict())
    finish(folder, model, examples, "mse", draw_mask("bert-reg", [3, 3], empty_layer=0), "classifier")


def bert_legacy(folder):
    """A BertModel's tensors (no `bert.` prefix) under the names of 2018, a classifier beside them, and tensors nothing uses."""
    model = make_bert(
        "bert-legacy", ["no", "yes"], hidden_size=64, num_hidden_layers=2, num_attention_heads=2, intermediate_size=48,
        max_position_embeddings=26, hidden_act="relu", layer_norm_eps=1e-12,
    )
    words.write_word_piece(folder / "model")
    examples = bert_examples("bert-legacy", folder / "model", [0, 1, 1, 0, 1, 0])
    centre(model, "classifier", examples)
    tensors = {}
    for key, tensor in model.state_dict().items():
        key = key.removeprefix("bert.")
        tensors[key.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")] = tensor
    tensors["embeddings.position_ids"] = torch.arange(26)[None]
    tensors["cls.predictions.bias"] = torch.zeros(words.SIZE)
    # The classes stand in another order than their numbers, and nothing says which class wrote the file.
    save_config(folder / "model", model, "float32", drop=["architectures"], id2label={"1": "yes", "0": "no"}, label2id={"yes": 1, "no": 0})
    save_weights(folder / "model", tensors)
    finish(folder, model, examples, "ce", draw_mask("bert-legacy", [2, 2], empty_layer=1), "classifier")


def bert_v4_pruned(folder):
    """Pruned by transformers 4.57 itself: uneven, layer 1 whole, at least one head everywhere."""
    pruned, layers, heads = {0: [1, 3], 2: [0, 2, 3]}, 3, 4
    model = make_bert(
        "bert-v4-pruned", ["negative", "positive"], hidden_size=64, num_hidden_layers=layers, num_attention_heads=heads, intermediate_size=24,
        max_position_embeddings=32, hidden_act="gelu", layer_norm_eps=1e-12,
    )
    model.prune_heads(pruned)
    words.write_word_piece(folder / "model")
    kept = [[h for h in range(heads) if h not in pruned.get(layer, [])] for layer in range(layers)]
    examples = bert_examples("bert-v4-pruned", folder / "model", [0, 1, 1, 0, 1, 0])
    centre(model, "classifier", examples)
    model.save_pretrained(folder / "model")
    mask = draw_mask("bert-v4-pruned", [len(row) for row in kept], empty_layer=2)
    finish(folder, model, examples, "ce", mask, "classifier", kept)
