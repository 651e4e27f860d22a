"""Tiny LLaMA, Mistral, Qwen2, Qwen3 and GPT-2: language models, and classifiers that read the last token."""

import zlib

import numpy as np
import torch
from measure import Example, head_counts
from store import finish, finish_causal, save_config, save_weights
from tiny import draw_mask, randomise
from transformers import (
    GPT2Config, GPT2ForSequenceClassification, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, LlamaForSequenceClassification, MistralConfig,
    MistralForCausalLM, Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM,
)

VOCABULARY = 61
SIZES = {"vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 40, "num_hidden_layers": 2, "max_position_embeddings": 48}
# Tokens of each example, and how many of its last rows have targets: all, or few, as the end of a question has.
LENGTHS = [(9, 9), (24, 24), (2, 1), (17, 3), (13, 13)]


def draw_windows(name, lengths=LENGTHS):
    rng = np.random.default_rng(zlib.crc32(("examples of " + name).encode()))
    examples = []
    for length, targets in lengths:
        ids = rng.integers(3, VOCABULARY, length + 1).tolist()
        examples.append(Example(ids[:-1], [], None, targets=ids[len(ids) - targets :]))
    return examples


def as_stored(model, dtype):
    """Rounds the weights, and not the rotation's frequencies, which no checkpoint holds and which stay float32 in any loaded model."""
    for parameter in model.parameters():
        parameter.data = parameter.data.to(dtype)
    return model


def write(folder, name, kind, config, dtype="float16", lengths=LENGTHS, drop=(), prefix="", shards=1, **changes):
    """A language model: its directory, with `prefix` taken from the names of its tensors, and its golden."""
    config._attn_implementation = "eager"
    config.architectures = [kind.__name__]
    model = randomise(kind(config), name).eval()
    as_stored(model, getattr(torch, dtype))
    tensors = {k.removeprefix(prefix): v for k, v in model.state_dict().items() if not (config.tie_word_embeddings and k == "lm_head.weight")}
    save_config(folder / "model", model, dtype, drop, **changes)
    save_weights(folder / "model", tensors, shards)
    finish_causal(folder, model, draw_windows(name, lengths), draw_mask(name, head_counts(model), empty_layer=1))


def llama_gqa(folder):
    """Six query heads on two KV heads; tied; transformers 4's spelling of the default rotation; two bfloat16 shards."""
    config = LlamaConfig(**{**SIZES, "hidden_size": 36}, num_attention_heads=6, num_key_value_heads=2, tie_word_embeddings=True)
    write(folder, "llama-gqa", LlamaForCausalLM, config, "bfloat16", drop=["rope_parameters"], rope_theta=10000.0, shards=2)


def llama_mqa(folder):
    """One KV head; heads of another size than hidden / heads; untied; biases everywhere; llama3's scaling."""
    rope = {"rope_type": "llama3", "factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 24}
    config = LlamaConfig(
        **SIZES, num_attention_heads=4, num_key_value_heads=1, head_dim=12, attention_bias=True, mlp_bias=True, rope_parameters={**rope, "rope_theta": 500.0}
    )
    write(folder, "llama-mqa", LlamaForCausalLM, config, drop=["rope_parameters"], rope_theta=500.0, rope_scaling=rope)


def llama_mha(folder):
    """A KV head for each query head; linear scaling under the old key `type`; the names of a bare LlamaModel; no head_dim, no num_key_value_heads."""
    config = LlamaConfig(**SIZES, num_attention_heads=4, tie_word_embeddings=True, rope_parameters={"rope_type": "linear", "factor": 2.5, "rope_theta": 10000.0})
    write(
        folder, "llama-mha", LlamaForCausalLM, config, drop=["rope_parameters", "head_dim", "num_key_value_heads"], prefix="model.",
        rope_scaling={"type": "linear", "factor": 2.5},
    )


def llama_dynamic(folder):
    """Dynamic scaling, and texts longer than max_position_embeddings; transformers' frequencies depend on what it has seen before, so the longest is last."""
    rope = {"rope_type": "dynamic", "factor": 3.0, "rope_theta": 10000.0}
    config = LlamaConfig(**{**SIZES, "max_position_embeddings": 16}, num_attention_heads=4, num_key_value_heads=2, rope_parameters=rope, tie_word_embeddings=True)
    lengths = [(9, 9), (16, 16), (19, 19), (24, 24), (31, 4)]
    write(folder, "llama-dynamic", LlamaForCausalLM, config, lengths=lengths, drop=["rope_parameters"], rope_theta=10000.0, rope_scaling={"type": "dynamic", "factor": 3.0})


def llama_yarn(folder):
    """YaRN in transformers 5's spelling."""
    rope = {"rope_type": "yarn", "factor": 4.0, "rope_theta": 10000.0, "original_max_position_embeddings": 12, "beta_fast": 4.0, "beta_slow": 0.5}
    config = LlamaConfig(**SIZES, num_attention_heads=4, num_key_value_heads=2, rope_parameters=rope)
    write(folder, "llama-yarn", LlamaForCausalLM, config)


def mistral_tiny(folder):
    """A window of five keys in every layer."""
    config = MistralConfig(**SIZES, num_attention_heads=4, num_key_value_heads=2, sliding_window=5)
    write(folder, "mistral-tiny", MistralForCausalLM, config)


def qwen2_tiny(folder):
    """Biases of queries, keys and values; tied; the second layer has a window."""
    config = Qwen2Config(
        **SIZES, num_attention_heads=4, num_key_value_heads=2, tie_word_embeddings=True, use_sliding_window=True, sliding_window=7, max_window_layers=1
    )
    write(folder, "qwen2-tiny", Qwen2ForCausalLM, config, drop=["layer_types"])


def qwen3_tiny(folder):
    """Norms of queries and keys; heads of another size than hidden / heads; windows that layer_types names; tied."""
    config = Qwen3Config(
        **SIZES, num_attention_heads=4, num_key_value_heads=2, head_dim=12, tie_word_embeddings=True, use_sliding_window=True, sliding_window=6,
        layer_types=["sliding_attention", "full_attention"],
    )
    write(folder, "qwen3-tiny", Qwen3ForCausalLM, config)


GPT2_SIZES = {"vocab_size": VOCABULARY, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_inner": 48, "n_positions": 40}


def gpt2_tiny(folder):
    """The first GPT-2's names, without `transformer.`."""
    write(folder, "gpt2-tiny", GPT2LMHeadModel, GPT2Config(**GPT2_SIZES, bos_token_id=0, eos_token_id=0), prefix="transformer.")


def write_classifier(folder, name, kind, config, labels):
    config._attn_implementation = "eager"
    config.architectures = [kind.__name__]
    model = as_stored(randomise(kind(config), name).eval(), torch.float16)
    examples = draw_windows(name, [(length, 1) for length in (7, 2, 24, 12, 5, 17)])
    # A text that ends in padding is read before it.
    examples[3].ids[-2:] = [config.pad_token_id] * 2
    for example, label in zip(examples, labels):
        example.label, example.type_ids = label, [0] * len(example.ids)
    save_config(folder / "model", model, "float16")
    save_weights(folder / "model", model.state_dict())
    finish(folder, model, examples, "ce", draw_mask(name, head_counts(model), empty_layer=1), "score")


def llama_cls(folder):
    """Three labels from the last token that is not padding; a KV head for each query head."""
    config = LlamaConfig(**SIZES, num_attention_heads=4, num_labels=3, pad_token_id=2)
    write_classifier(folder, "llama-cls", LlamaForSequenceClassification, config, [0, 1, 2, 0, 1, 2])


def gpt2_cls(folder):
    """Two labels."""
    config = GPT2Config(**GPT2_SIZES, num_labels=2, pad_token_id=2, bos_token_id=0, eos_token_id=0)
    write_classifier(folder, "gpt2-cls", GPT2ForSequenceClassification, config, [0, 1, 1, 0, 1, 0])
