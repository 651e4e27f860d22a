"""Tiny BERT models."""

import json

import golden
import torch
import words
from measure import attention_parts, forward, head_size
from safetensors.torch import load_file, save_file
from tiny import check_scale, draw_examples, draw_mask, randomise
from transformers import BertConfig, BertForSequenceClassification

LENGTHS = [7, 2, 12, 24, 5, 17]


def make_bert(name, **options):
    config = BertConfig(
        **{"attn_implementation": "eager", "architectures": ["BertForSequenceClassification"], "dtype": "float32", **options}
    )
    return randomise(BertForSequenceClassification(config), name).eval()


def save_config(folder, model, dtype):
    """config.json as a fine-tuning script leaves it."""
    config = model.config.to_dict()
    for key in ("attn_implementation", "_name_or_path", "dtype", "_attn_implementation_internal"):
        config.pop(key, None)
    config["torch_dtype"] = dtype
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def check_scale_and_write(folder, model, data):
    check_scale(model, data["ae"], data["logits"])
    golden.write(folder / "golden.json", data)


def keep_shapes_logits(model, examples, mask):
    """Logits [N][V] with the output-projection columns of the masked heads set to zero: the surgery that keeps all shapes."""
    size, kept = head_size(model), []
    with torch.no_grad():
        for (*_, output), row in zip(attention_parts(model), mask):
            kept.append(output.weight.clone())
            output.weight.mul_(torch.tensor(row, dtype=output.weight.dtype).repeat_interleave(size))
        logits = [forward(model, e).logits[0].tolist() for e in examples]
        for (*_, output), weight in zip(attention_parts(model), kept):
            output.weight.copy_(weight)
    return logits


def bert_tiny(folder):
    """Three labels; float32; vocab.txt with tokenizer_config.json."""
    labels = ["bad", "fair", "good"]
    model = make_bert(
        "bert-tiny", vocab_size=62, hidden_size=64, num_hidden_layers=3, num_attention_heads=4, intermediate_size=24, max_position_embeddings=32,
        hidden_act="gelu", layer_norm_eps=1e-12, num_labels=3, id2label=dict(enumerate(labels)), label2id={l: i for i, l in enumerate(labels)},
    )
    save_config(folder / "model", model, "float32")
    save_file(model.state_dict(), folder / "model" / "model.safetensors", metadata={"format": "pt"})
    words.write_word_piece(folder / "model", 62)
    examples = draw_examples("bert-tiny", 62, LENGTHS, 2, 3, 5, [0, 1, 2, 0, 1, 2], pairs=True)
    words.encode_texts(folder / "model", examples, {0: ["The film is great!"], 3: ["A long, slow story and the ending was never good.", "It is dull"], 5: ["not the best actor . but a very funny scene"]})
    mask = draw_mask("bert-tiny", [4, 4, 4], empty_layer=1)
    data = golden.build(model, examples, "ce", mask, "classifier")
    data["keep_shapes_logits"] = keep_shapes_logits(model, examples, mask)
    check_scale_and_write(folder, model, data)
