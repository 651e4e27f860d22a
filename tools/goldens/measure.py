"""Head scores of a Hugging Face classifier, one example at a time, in float64 with eager attention.

Shapes: N examples, L layers, H heads kept in a layer, D head size, T tokens, V labels. Tables are ragged: row l has as many entries as layer l has heads.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F


@dataclass
class Example:
    """One tokenised input, or one image. `label` is a class index, a number (regression), or None."""

    ids: list
    type_ids: list
    label: object
    text: list | None = None
    targets: list | None = None
    pixels: list | None = None  # [C·H·W], 0 … 255
    shape: list | None = None  # [C, H, W]
    tokens: int | None = None  # that the image is

    def __len__(self):
        return self.tokens or len(self.ids)


class Columns:
    """Some outputs of a Conv1D (GPT-2), whose weight is [in, out], as a linear map; or all of them."""

    def __init__(self, module, begin=0, end=None):
        self.module = module
        self.weight = module.weight.t()[begin:end]
        self.out_features, self.in_features = self.weight.shape

    def register_forward_pre_hook(self, hook):
        return self.module.register_forward_pre_hook(hook)


def attention_parts(model):
    """Per layer the linear maps (query, key, value, output projection), in order, whatever the family calls them."""
    parts = []
    for name, module in model.named_modules():
        if name.endswith("attention.self"):
            output = model.get_submodule(name[: -len("self")] + "output").dense
            parts.append((module.query, module.key, module.value, output))
        elif name.endswith("attention") and hasattr(module, "out_lin"):
            parts.append((module.q_lin, module.k_lin, module.v_lin, module.out_lin))
        elif name.endswith("self_attn") or (name.endswith("attention") and hasattr(module, "o_proj")):
            parts.append((module.q_proj, module.k_proj, module.v_proj, module.o_proj))
        elif name.endswith("attn") and hasattr(module, "c_attn"):
            width = module.c_attn.weight.shape[1] // 3
            parts.append((*(Columns(module.c_attn, i * width, (i + 1) * width) for i in range(3)), Columns(module.c_proj)))
    return parts


def head_size(model):
    return getattr(model.config, "head_dim", None) or model.config.hidden_size // model.config.num_attention_heads


def head_counts(model):
    size = head_size(model)
    return [output.in_features // size for *_, output in attention_parts(model)]


def is_causal(model):
    return any(name.endswith(("self_attn", "attn")) for name, _ in model.named_modules())


def windows_of(model):
    """Per layer how many keys a query of a decoder may see, or None."""
    config = model.config
    window = getattr(config, "sliding_window", None)
    types = getattr(config, "layer_types", None) or ["sliding_attention"] * config.num_hidden_layers
    return [window if t == "sliding_attention" else None for t in types]


def keys_seen(model, layer, tokens):
    """[T] how many keys each query sees."""
    if not is_causal(model):
        return torch.full((tokens,), tokens)
    seen = torch.arange(1, tokens + 1)
    window = windows_of(model)[layer]
    return seen if window is None else seen.clamp(max=window)


class Heads:
    """While entered: keeps each layer's A (the input of the output projection, [1,T,H·D]) and multiplies it by `gates` [L][H]."""

    def __init__(self, model, gates=None):
        self.outputs, self.size = [], head_size(model)
        self.parts = attention_parts(model)
        self.gates = gates

    def __enter__(self):
        self.handles = [part[-1].register_forward_pre_hook(self._hook(layer)) for layer, part in enumerate(self.parts)]
        return self

    def __exit__(self, *_):
        for handle in self.handles:
            handle.remove()

    def _hook(self, layer):
        def pre_hook(_module, args):
            a = args[0]
            if self.gates is not None:
                a = a * self.gates[layer].to(a.dtype).repeat_interleave(self.size)
            if a.requires_grad:
                a.retain_grad()
            self.outputs.append(a)
            return (a,)

        return pre_hook

    def gradients(self, loss, model=None):
        """Of the loss by each A. With `model` as published code has them: by loss.backward(), which gives every weight of it one, too."""
        if model is None:
            return torch.autograd.grad(loss, self.outputs)
        model.zero_grad()
        loss.backward()
        return [a.grad for a in self.outputs]


def pixel_values(example):
    """0 … 255 as −1 … 1, in float32 as an image processor gives them; or what one gave."""
    if isinstance(example.pixels, torch.Tensor):
        return example.pixels
    values = torch.tensor(example.pixels, dtype=torch.float32).reshape(1, *example.shape)
    return values / 127.5 - 1


def forward(model, example, attentions=False):
    if example.pixels is not None:
        larger = {} if model.config.model_type == "dinov2" else {"interpolate_pos_encoding": True}
        values = pixel_values(example).to(next(model.parameters()).dtype)
        return model(pixel_values=values, output_attentions=attentions, **larger)
    ids = torch.tensor([example.ids])
    arguments = {"attention_mask": torch.ones_like(ids), "output_attentions": attentions}
    if getattr(model.config, "type_vocab_size", 0) > 1:
        arguments["token_type_ids"] = torch.tensor([example.type_ids])
    return model(input_ids=ids, **arguments)


def loss_of(name, logits, label):
    """One example's loss. logits [V]. `logit-norm` is half the squared norm of the logits."""
    if name == "ce":
        return F.cross_entropy(logits[None], torch.tensor([label]))
    if name == "mse":
        return (logits[0] - label) ** 2
    if name == "pseudo-label":
        return F.cross_entropy(logits[None], logits.argmax()[None])
    if name == "logit-norm":
        return 0.5 * (logits**2).sum()
    raise ValueError(name)


def entropies(model, attentions):
    """Per layer [H]: mean of H(p)/ln(keys) over the queries that see at least 2 keys; 0 where there are none."""
    rows = []
    for layer, p in enumerate(attentions):
        assert p.dtype == torch.float64 and (p.sum(-1) - 1).abs().max() < 1e-13, "attention was computed below float64"
        seen = keys_seen(model, layer, p.shape[-1])
        assert torch.equal((p[0, 0] > 0).sum(-1), seen), "another mask than was thought"
        of_queries = -torch.special.xlogy(p, p).sum(-1)[0, :, seen > 1] / seen[seen > 1].double().log()
        rows.append(of_queries.mean(-1) if of_queries.shape[-1] else torch.zeros(p.shape[1], dtype=p.dtype))
    return rows


def first_entropies(attentions):
    """Per layer [H]: the same of the first token's query alone."""
    return [-torch.special.xlogy(p, p).sum(-1)[0, :, 0] / math.log(p.shape[-1]) for p in attentions]


def measure(model, examples, losses):
    """Everything that is per example: logits [N][V], losses, inner and inner_abs_token [N][L][H], ae and out_sq [N][L][H]."""
    model = model.double().eval()
    size = head_size(model)
    result = {"logits": [], "losses": {n: [] for n in losses}, "inner": {n: [] for n in losses}, "inner_abs_token": {n: [] for n in losses}}
    result.update(ae=[], out_sq=[])
    for example in examples:
        with Heads(model) as heads:
            output = forward(model, example, attentions=True)
        logits = output.logits[0]
        result["logits"].append(logits.tolist())
        result["ae"].append([row.tolist() for row in entropies(model, output.attentions)])
        if example.pixels is not None:
            result.setdefault("ae_first", []).append([row.tolist() for row in first_entropies(output.attentions)])
        result["out_sq"].append([(a**2).reshape(-1, a.shape[-1] // size, size).sum((0, 2)).tolist() for a in heads.outputs])
        for name in losses:
            loss = loss_of(name, logits, example.label)
            gradients = torch.autograd.grad(loss, heads.outputs, retain_graph=True)
            d = [(g * a).detach().reshape(-1, a.shape[-1] // size, size).sum(-1) for g, a in zip(gradients, heads.outputs)]
            result["losses"][name].append(loss.item())
            result["inner"][name].append([row.sum(0).tolist() for row in d])
            result["inner_abs_token"][name].append([row.abs().sum(0).tolist() for row in d])
    return result


def gated_logits(model, examples, gates):
    """Logits [N][V] with every A_h multiplied by its gate; gates [L][H]."""
    model = model.double().eval()
    gates = [torch.tensor(row, dtype=torch.float64) for row in gates]
    with torch.no_grad():
        rows = []
        for example in examples:
            with Heads(model, gates):
                rows.append(forward(model, example).logits[0].tolist())
    return rows


def check_gate_gradient(model, example, loss, inner, step=2e-6):
    """Asserts inner = dL/dgate by central differences; the identity that HIS stands on. Not for `pseudo-label`, whose target may flip."""
    model = model.double().eval()
    counts = head_counts(model)
    for layer, count in enumerate(counts):
        for head in range(count):
            values = []
            for sign in (1, -1):
                gates = [[1.0] * n for n in counts]
                gates[layer][head] += sign * step
                logits = torch.tensor(gated_logits(model, [example], gates)[0], dtype=torch.float64)
                values.append(loss_of(loss, logits, example.label).item())
            difference = (values[0] - values[1]) / (2 * step)
            largest = max(abs(v) for row in inner for v in row)
            assert abs(difference - inner[layer][head]) < 1e-8 * max(1.0, largest), (layer, head, difference, inner[layer][head])
