"""The reference's jobs on images (reference.py). They also need Pillow and torchvision."""

import io
import math
import tarfile
import time
from functools import cache

import torch
from measure import Heads
from PIL import Image
from torch.utils.data import DataLoader, Dataset
from transformers import AutoImageProcessor, ViTForImageClassification

WORKERS = 2


@cache
def load(model, dtype, attention):
    network = ViTForImageClassification.from_pretrained(model, dtype=getattr(torch, dtype), attn_implementation=attention).eval()
    return AutoImageProcessor.from_pretrained(model, backend="torchvision"), network


class Tar(Dataset):
    """The encoded images of a tar of class folders, in the order of their names."""

    def __init__(self, path, processor, labels, examples=None):
        with tarfile.open(path) as tar:
            files = {member.name: tar.extractfile(member).read() for member in tar.getmembers() if member.isfile()}
        self.names = sorted(files)[:examples]
        self.files, self.processor, self.labels = files, processor, labels

    def __len__(self):
        return len(self.names)

    def __getitem__(self, index):
        name = self.names[index]
        image = Image.open(io.BytesIO(self.files[name])).convert("RGB")
        return self.processor(image, return_tensors="pt")["pixel_values"][0], self.labels[name.split("/")[-2]]


def evaluate_images(model, data, batch, dtype="float32"):
    processor, network = load(model, dtype, "sdpa")
    logits = []
    with torch.inference_mode():
        began = time.perf_counter()
        images = Tar(data, processor, network.config.label2id)
        for pixels, _ in DataLoader(images, batch_size=batch, num_workers=WORKERS):
            logits += network(pixels.to(network.dtype)).logits.float().tolist()
        seconds = time.perf_counter() - began
        began = time.perf_counter()
        for _ in DataLoader(images, batch_size=batch, num_workers=WORKERS):
            pass
        return {"seconds": seconds, "logits": logits, "preprocess_seconds": time.perf_counter() - began}


def score_images(model, data, examples, weight_gradients):
    """Computes HIS and AE by a forward and a backward pass for each image, with all attention maps kept. weight_gradients: with
    loss.backward(), as published code does."""
    processor, network = load(model, "float32", "eager")
    images = Tar(data, processor, network.config.label2id, examples)
    began = time.perf_counter()
    his, ae = 0.0, 0.0
    for pixels, label in images:
        with Heads(network) as heads:
            output = network(pixels[None], output_attentions=True)
        loss = torch.nn.functional.cross_entropy(output.logits, torch.tensor([label]))
        gradients = heads.gradients(loss, network if weight_gradients else None)
        tokens = output.attentions[0].shape[-1]
        with torch.no_grad():
            his += torch.cat([(g * a).unflatten(-1, (-1, heads.size)).sum((0, 1, 3)).abs().double() / tokens for g, a in zip(gradients, heads.outputs)])
            ae += torch.cat([-torch.special.xlogy(p, p).sum(-1).mean(-1)[0].double() / math.log(tokens) for p in output.attentions])
    count = len(images)
    return {"seconds": time.perf_counter() - began, "his": (his / count).tolist(), "ae": (ae / count).tolist()}
