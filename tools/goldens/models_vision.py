"""Tiny ViTs, DeiTs and DINOv2s that read images."""

import zlib

import numpy as np
import torch
from measure import Example, attention_parts, forward
from store import finish, save_config
from tiny import draw_mask, randomise
from transformers import (
    DeiTConfig,
    DeiTForImageClassification,
    DeiTForImageClassificationWithTeacher,
    Dinov2Config,
    Dinov2ForImageClassification,
    ViTConfig,
    ViTForImageClassification,
)

LABELS = [0, 1, 2, 1, 0, 2]


def draw_images(name, model, channels, side, leading):
    """Six images of noise over a slope, so that patches differ; `side` pixels each way."""
    rng = np.random.default_rng(zlib.crc32(("images of " + name).encode()))
    patch = model.config.patch_size
    examples = []
    for label in LABELS:
        slope = np.linspace(*rng.uniform(0, 255, 2), side)[None, :, None] * np.ones((channels, 1, side))
        pixels = np.clip(slope + rng.normal(0, 60, (channels, side, side)), 0, 255).astype(np.uint8)
        examples.append(
            Example([], [], label, pixels=pixels.flatten().tolist(), shape=[channels, side, side], tokens=leading + (side // patch) ** 2)
        )
    return examples


def centre_all(model, classifiers, examples):
    """Shifts each bias so that a logit's mean over the examples is 0."""
    with torch.no_grad():
        shift = torch.cat([forward(model, e).logits for e in examples]).mean(0)
        for classifier in classifiers:
            model.get_submodule(classifier).bias -= shift


def make(folder, name, model, classifiers, side, leading, dtype=torch.float32, empty_layer=1, shard="1GB"):
    randomise(model, name).eval()
    examples = draw_images(name, model, model.config.num_channels, side, leading)
    centre_all(model, classifiers, examples)
    # The names on the disk are older than those in memory: only save_pretrained knows them.
    model.to(dtype).save_pretrained(folder / "model", max_shard_size=shard)
    model.to(dtype)
    save_config(folder / "model", model, str(dtype).removeprefix("torch."))
    heads = [output.in_features // size(model) for *_, output in attention_parts(model)]
    finish(folder, model, examples, "ce", draw_mask(name, heads, empty_layer=empty_layer), classifiers[0])


def size(model):
    return getattr(model.config, "head_dim", None) or model.config.hidden_size // model.config.num_attention_heads


def config_of(kind, architecture, **options):
    shape = dict(num_labels=3, hidden_size=32, num_hidden_layers=3, num_attention_heads=4, image_size=12, patch_size=4)
    if kind is not Dinov2Config:
        shape["intermediate_size"] = 40
    return kind(attn_implementation="eager", architectures=[architecture], **(shape | options))


def vit_tiny(folder):
    """Nine patches and the class token."""
    config = config_of(ViTConfig, "ViTForImageClassification")
    make(folder, "vit-tiny", ViTForImageClassification(config), ["classifier"], 12, 1)


def vit_grey(folder):
    """One channel, no biases of Q, K, V, heads larger than hidden / heads, pixels left over at the edges; float16 in shards."""
    config = config_of(
        ViTConfig, "ViTForImageClassification", num_channels=1, qkv_bias=False, head_dim=12, image_size=10, hidden_act="gelu_new", num_hidden_layers=2
    )
    make(folder, "vit-grey", ViTForImageClassification(config), ["classifier"], 10, 1, torch.float16, shard="20KB")


def vit_larger(folder):
    """Images larger than those of the positions, which are interpolated."""
    config = config_of(ViTConfig, "ViTForImageClassification", num_hidden_layers=2)
    make(folder, "vit-larger", ViTForImageClassification(config), ["classifier"], 16, 1, empty_layer=0)


def deit_tiny(folder):
    """A distillation token that the only classifier does not read."""
    config = config_of(DeiTConfig, "DeiTForImageClassification")
    make(folder, "deit-tiny", DeiTForImageClassification(config), ["classifier"], 12, 2, torch.bfloat16)


def deit_teacher(folder):
    """A classifier for each of the two tokens."""
    config = config_of(DeiTConfig, "DeiTForImageClassificationWithTeacher", num_hidden_layers=2)
    model = DeiTForImageClassificationWithTeacher(config)
    make(folder, "deit-teacher", model, ["cls_classifier", "distillation_classifier"], 12, 2)


def dinov2_tiny(folder):
    """Layer scale, the mean of the patches beside the class token, positions of larger images."""
    config = config_of(Dinov2Config, "Dinov2ForImageClassification", image_size=20, mlp_ratio=2)
    make(folder, "dinov2-tiny", Dinov2ForImageClassification(config), ["classifier"], 12, 1)


def dinov2_gated(folder):
    """SwiGLU; the last layer loses all its heads."""
    config = config_of(Dinov2Config, "Dinov2ForImageClassification", use_swiglu_ffn=True, mlp_ratio=2, num_hidden_layers=2)
    make(folder, "dinov2-gated", Dinov2ForImageClassification(config), ["classifier"], 12, 1, torch.float16)
