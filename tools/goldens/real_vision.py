"""Goldens of the trained image classifier in ../shared: scores on 32 training images, right answers on the test set."""

import io
import tarfile
import zlib

import causal
import golden
import tables
import torch
from glue import SHARED
from measure import Example, measure
from PIL import Image, ImageOps
from transformers import ViTForImageClassification
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

ALPHA, EXAMPLES, BATCH = 0.7, 32, 250
IMAGES = SHARED / "data" / "images"
LOSSES = ["ce", "pseudo-label", "logit-norm"]


def images(archive, step=1):
    """(class folder, image) of every `step`-th file, in the order of their names."""
    with tarfile.open(IMAGES / archive) as tar:
        files = {member.name: tar.extractfile(member).read() for member in tar.getmembers() if member.isfile()}
    for name in sorted(files)[::step]:
        yield name.split("/")[-2], ImageOps.exif_transpose(Image.open(io.BytesIO(files[name]))).convert("RGB")


def values_of(processor, images):
    return processor(images, return_tensors="pt")["pixel_values"]


def right_answers(folder, processor):
    """How many of the test images are classified rightly, in float32."""
    model = ViTForImageClassification.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa").eval()
    rows = list(images("cifar10-test.tar.gz"))
    labels = torch.tensor([model.config.label2id[label] for label, _ in rows])
    right = {"top1": 0, "top5": 0}
    for start in range(0, len(rows), BATCH):
        with torch.no_grad():
            logits = model(values_of(processor, [image for _, image in rows[start : start + BATCH]])).logits
        hits = logits.topk(5).indices == labels[start : start + BATCH, None]
        right["top1"] += int(hits[:, 0].sum())
        right["top5"] += int(hits.sum())
    return {"examples": len(rows), **right}


def make_images(path):
    """CRC-32 of the pixels of 50 photographs as Pillow decodes and resizes them: up, down, to odd sizes."""
    sizes = [(32, 32), (224, 224), (24, 24), (47, 33), (19, 61), (300, 7)]
    cases = []
    for _, image in images("cifar10-test.tar.gz", 200):
        for filter_number in (2, 3):
            cases.append([zlib.crc32(image.resize(size, filter_number).tobytes()) for size in sizes])
    golden.write(path, {"schema": "hies.golden/1", "step": 200, "filters": [2, 3], "sizes": sizes, "crc32": cases})


def make(name, path):
    if name == "cifar10-images":
        return make_images(path)
    folder = SHARED / "models" / name
    processor = ViTImageProcessorPil.from_pretrained(folder)
    model = ViTForImageClassification.from_pretrained(folder, dtype=torch.float64, attn_implementation="eager")
    tokens = model.vit.embeddings.position_embeddings.shape[1]
    step = 20000 // EXAMPLES
    examples = [
        Example([], [], model.config.label2id[label], pixels=values_of(processor, image), tokens=tokens)
        for label, image in images("cifar10-train20k.tar.gz", step)
    ]
    with causal.exact():
        measured = measure(model, examples, LOSSES)
    lengths = [len(e) for e in examples]
    of = lambda fold, field: {n: fold(measured[field][n], lengths) for n in LOSSES}
    his, ae = of(tables.his, "inner"), tables.ae_mean(measured["ae"], lengths)
    golden.write(
        path,
        {
            "schema": "hies.golden/1",
            "calibration": "cifar10-train20k.tar.gz",
            "step": step,
            "labels": [e.label for e in examples],
            "logits": measured["logits"],
            "mean_loss": sum(measured["losses"]["ce"]) / EXAMPLES,
            "his": his,
            "ae": ae,
            "ae_cls": tables.ae_mean(measured["ae_first"], lengths),
            f"hies_{ALPHA}": tables.hies(his["ce"], ae, ALPHA),
            "l2": tables.l2(model),
            "l2_out": tables.l2_out(measured["out_sq"], lengths),
            "test": right_answers(folder, processor),
        },
    )
