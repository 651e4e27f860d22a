"""Language models: what measure.py needs besides, and the windows of a text.

transformers computes the softmax and the RMS norm of LLaMA and its relatives in float32 whatever the model's dtype; exact() makes both follow it,
so that a float64 model is one throughout.
"""

import contextlib
import importlib
from unittest import mock

import torch
import torch.nn.functional as F
from measure import Heads, entropies, forward, head_size


@contextlib.contextmanager
def exact():
    softmax = F.softmax

    def in_own_dtype(x, dim=None, dtype=None, **more):
        return softmax(x, dim=dim, **more)

    def norm(self, x):
        return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.variance_epsilon))

    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.object(F, "softmax", in_own_dtype))
        for module, name in rms_norms():
            stack.enter_context(mock.patch.object(getattr(module, name), "forward", norm))
        yield


def rms_norms():
    """(module, class) of each family."""
    names = {"llama": "LlamaRMSNorm", "mistral": "MistralRMSNorm", "qwen2": "Qwen2RMSNorm", "qwen3": "Qwen3RMSNorm"}
    return [(importlib.import_module(f"transformers.models.{family}.modeling_{family}"), name) for family, name in names.items()]


def windows(tokens, start, context):
    """[(inputs, targets)] of a text: each window sees `context` tokens, the first the start token, later ones the last token before."""
    inputs = [start] + tokens[:-1]
    return [(inputs[i : i + context], tokens[i : i + context]) for i in range(0, len(tokens), context)]


def token_losses(name, logits, targets):
    """[R] of logits [R, V]."""
    if name == "ce":
        return F.cross_entropy(logits, torch.tensor(targets), reduction="none")
    if name == "pseudo-label":
        return F.cross_entropy(logits, logits.argmax(-1), reduction="none")
    if name == "logit-norm":
        return 0.5 * (logits**2).sum(-1)
    raise ValueError(name)


def measure(model, examples, losses):
    """Everything that is per example, from all logits; `targets` of an example are the tokens that its last rows predict.

    log_probabilities and top_tokens [N][R], losses, inner and inner_abs_token [N][L][H], ae and out_sq [N][L][H].
    """
    model = model.double().eval()
    size = head_size(model)
    result = {"log_probabilities": [], "top_tokens": []}
    result.update({field: {n: [] for n in losses} for field in ("losses", "inner", "inner_abs_token")})
    result.update(ae=[], out_sq=[])
    for example in examples:
        with Heads(model) as heads:
            output = forward(model, example, attentions=True)
        logits = output.logits[0, len(example.ids) - len(example.targets) :]
        result["log_probabilities"].append((-token_losses("ce", logits, example.targets)).tolist())
        result["top_tokens"].append(logits.argmax(-1).tolist())
        result["ae"].append([row.tolist() for row in entropies(model, output.attentions)])
        by_head = [a.reshape(-1, a.shape[-1] // size, size) for a in heads.outputs]
        result["out_sq"].append([(a**2).sum((0, 2)).tolist() for a in by_head])
        for name in losses:
            loss = token_losses(name, logits, example.targets).mean()
            gradients = torch.autograd.grad(loss, heads.outputs, retain_graph=True)
            d = [(g.reshape(a.shape) * a).detach().sum(-1) for g, a in zip(gradients, by_head)]
            result["losses"][name].append(loss.item())
            result["inner"][name].append([row.sum(0).tolist() for row in d])
            result["inner_abs_token"][name].append([row.abs().sum(0).tolist() for row in d])
    return result


def gated_log_probabilities(model, examples, gates):
    """[N][R] with every A_h multiplied by its gate; gates [L][H]."""
    model = model.double().eval()
    gates = [torch.tensor(row, dtype=torch.float64) for row in gates]
    rows = []
    with torch.no_grad():
        for example in examples:
            with Heads(model, gates):
                logits = forward(model, example).logits[0, len(example.ids) - len(example.targets) :]
            rows.append((-token_losses("ce", logits, example.targets)).tolist())
    return rows
