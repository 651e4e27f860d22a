"""Run by the Python of tools/requirements-clients.txt: runs an exported directory as people do, with its own tokenizer or image processor.
Reads {"folder": path, "texts": [[text, pair or null], …]} or {"folder": path, "images": tar archive, "count": N} from standard input, and prints
{"logits": rows}, in batches of 32 whose rows have different lengths."""

import io
import json
import pathlib
import sys
import tarfile

import numpy
import onnxruntime
import PIL.Image
import tokenizers

BATCH = 32


def text_batches(folder, texts):
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(128)
    tokenizer.enable_padding()
    for begin in range(0, len(texts), BATCH):
        encoded = tokenizer.encode_batch([text if pair is None else (text, pair) for text, pair in texts[begin:begin + BATCH]])
        yield {"input_ids": numpy.array([e.ids for e in encoded], "int64"), "attention_mask": numpy.array([e.attention_mask for e in encoded], "int64"),
               "token_type_ids": numpy.array([e.type_ids for e in encoded], "int64")}


def image_batches(folder, archive, count):
    config = json.loads((folder / "preprocessor_config.json").read_text())
    size = (config["size"]["width"], config["size"]["height"])
    with tarfile.open(archive) as files:
        names = sorted(member.name for member in files.getmembers() if member.isfile() and member.name.endswith(".jpg"))[:count]
        images = [PIL.Image.open(io.BytesIO(files.extractfile(name).read())).convert("RGB").resize(size, config["resample"]) for name in names]
    pixels = [((numpy.array(image) * config["rescale_factor"] - config["image_mean"]) / config["image_std"]).transpose(2, 0, 1) for image in images]
    for begin in range(0, count, BATCH):
        yield {"pixel_values": numpy.array(pixels[begin:begin + BATCH], "float32")}


def main():
    request = json.load(sys.stdin)
    folder = pathlib.Path(request["folder"])
    session = onnxruntime.InferenceSession(str(folder / "onnx/model.onnx"), providers=["CPUExecutionProvider"])
    wanted = {i.name for i in session.get_inputs()}
    batches = text_batches(folder, request["texts"]) if "texts" in request else image_batches(folder, request["images"], request["count"])
    rows = []
    for batch in batches:
        rows += session.run(None, {name: value for name, value in batch.items() if name in wanted})[0].astype("float64").tolist()
    json.dump({"logits": rows}, sys.stdout)


main()
