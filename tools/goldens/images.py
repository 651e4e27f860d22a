"""Small image files of every kind, and what Pillow and transformers' Pillow processors make of them: tests/golden/images."""

import base64
import io
import json
import struct
import zlib

import numpy as np
import orientations
from PIL import Image, ImageOps

FILTERS = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "box": 4, "hamming": 5}


def scene(width, height, seed):
    """Slopes, edges and a little noise, so that filters and chroma subsampling have something to do."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    channels = []
    for _ in range(3):
        a, b, c, d = rng.uniform(0.1, 1.2, 4)
        wave = 110 * np.sin(a * x / 2 + c) + 90 * np.cos(b * y / 3 + d) + 128
        wave[(x // 5 + y // 4) % 4 == 0] *= rng.uniform(0.2, 1.4)
        channels.append(wave + rng.normal(0, 6, (height, width)))
    return Image.fromarray(np.clip(np.stack(channels, -1), 0, 255).astype(np.uint8), "RGB")


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png16(values, colour_type):
    """A 16-bit PNG file, which Pillow does not write in colour."""
    height, width = values.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    header = struct.pack(">IIBBBBB", width, height, 16, colour_type, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(rows, 9)) + png_chunk(b"IEND", b"")


def saved(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def files():
    rgb = scene(21, 16, 1)
    wide = scene(37, 23, 2)
    rng = np.random.default_rng(3)
    alpha = Image.fromarray(rng.integers(0, 256, (16, 21), dtype=np.uint8), "L")
    made = {
        "rgb.jpg": saved(rgb, "JPEG", quality=88),
        "rgb-444.jpg": saved(wide, "JPEG", quality=95, subsampling=0),
        "rgb-422.jpg": saved(wide, "JPEG", quality=60, subsampling=1),
        "progressive.jpg": saved(wide, "JPEG", quality=80, progressive=True),
        "grey.jpg": saved(rgb.convert("L"), "JPEG", quality=85),
        "cmyk.jpg": saved(rgb.convert("CMYK"), "JPEG", quality=92),
        "rgb.png": saved(rgb, "PNG"),
        "grey.png": saved(rgb.convert("L"), "PNG"),
        "two-colours.png": saved(rgb.convert("1"), "PNG"),
        "palette.png": saved(rgb.quantize(11), "PNG"),
        "palette-clear.png": saved(rgb.quantize(11), "PNG", transparency=3),
        "grey-alpha.png": saved(Image.merge("LA", (rgb.convert("L"), alpha)), "PNG"),
        "rgb-alpha.png": saved(Image.merge("RGBA", (*rgb.split(), alpha)), "PNG"),
        "grey-16.png": png16(rng.integers(0, 700, (9, 7)).astype(np.uint16), 0),
        "rgb-16.png": png16(rng.integers(0, 65536, (9, 7, 3)).astype(np.uint16), 2),
        "one.png": saved(scene(1, 1, 4), "PNG"),
        "tall.png": saved(scene(9, 52, 5), "PNG"),
    }
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        made[f"turned-{orientation}.jpg"] = saved(scene(11, 7, 6), "JPEG", quality=90, exif=exif)
    exif = Image.Exif()
    exif[0x0112] = 6
    made["turned-6.png"] = saved(scene(11, 7, 6), "PNG", exif=exif)
    return made


def looked_at(data, mode):
    """As transformers' load_image does it."""
    return ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert(mode)


def packed(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def resizes(data):
    cases = []
    for name, sizes in {
        "rgb-444.jpg": [(12, 9), (37, 30), (50, 23), (45, 29), (1, 1)],
        "tall.png": [(24, 24), (5, 60)],
        "one.png": [(4, 3)],
        "grey.png": [(30, 7)],
    }.items():
        image = looked_at(data[name], "RGB")
        for width, height in sizes:
            for filter_name, number in FILTERS.items():
                pixels = np.array(image.resize((width, height), number))
                cases.append({"file": name, "filter": filter_name, "width": width, "height": height, "rgb": packed(pixels)})
    return cases


def processors():
    from transformers.models.bit.image_processing_pil_bit import BitImageProcessorPil
    from transformers.models.deit.image_processing_pil_deit import DeiTImageProcessorPil
    from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

    imagenet = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}
    yield ViTImageProcessorPil(size={"height": 24, "width": 20})
    yield DeiTImageProcessorPil(size={"height": 27, "width": 27}, crop_size={"height": 24, "width": 24}, **imagenet)
    yield BitImageProcessorPil(size={"shortest_edge": 19}, crop_size={"height": 16, "width": 16}, **imagenet)
    yield BitImageProcessorPil(size={"shortest_edge": 11}, crop_size={"height": 18, "width": 15}, resample=2, **imagenet)


def processed(data):
    cases = []
    for processor in processors():
        config = {k: v for k, v in json.loads(processor.to_json_string()).items() if v is not None}
        for name in ("rgb-444.jpg", "tall.png", "one.png", "grey.jpg", "rgb-alpha.png"):
            image = looked_at(data[name], "RGB")
            raw = processor(image, return_tensors="np", do_rescale=False, do_normalize=False)["pixel_values"][0]
            values = processor(image, return_tensors="np")["pixel_values"][0].astype(np.float32)
            cases.append(
                {"config": config, "file": name, "shape": list(raw.shape), "raw": packed(raw.astype(np.uint8)), "values": packed(values[:, values.shape[1] // 2])}
            )
    return cases


def make(folder):
    data = files()
    (folder / "files").mkdir(parents=True)
    decoded = {}
    for name, content in data.items():
        (folder / "files" / name).write_bytes(content)
        image = looked_at(content, "RGB")
        grey = np.array(looked_at(content, "L"))
        decoded[name] = {"width": image.width, "height": image.height, "rgb": packed(np.array(image)), "grey": packed(grey)}
    golden = {"schema": "hies.golden/1", "decoded": decoded, "resized": resizes(data), "processed": processed(data)}
    lines = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in golden.items())
    (folder / "images.json").write_text("{\n" + lines + "\n}\n", encoding="utf-8")
    orientations.make(folder)
