"""Images that name their orientation in every way, and what Pillow's exif_transpose makes of them: tests/golden/images/orientations.json."""

import base64
import io
import json
import struct
import warnings
import zlib

import numpy as np
import PIL
from PIL import Image, ImageOps

TAG = 0x0112
XMP = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF><rdf:Description %s</rdf:RDF></x:xmpmeta>'
BYTE, ASCII, SHORT, LONG, RATIONAL, SBYTE, UNDEFINED, SSHORT, SLONG, SRATIONAL, FLOAT, DOUBLE, IFD, LONG8 = (*range(1, 14), 16)
LETTERS = {BYTE: "B", SHORT: "H", LONG: "I", SBYTE: "b", UNDEFINED: "B", SSHORT: "h", SLONG: "i", FLOAT: "f", DOUBLE: "d", IFD: "I", LONG8: "Q"}


def entry(kind, *values, tag=TAG, count=None):
    """(tag, type, count, bytes in either order) of one entry."""
    def packed(order):
        if kind == ASCII:
            return values[0]
        if kind in (RATIONAL, SRATIONAL):
            return struct.pack(order + ("I" if kind == RATIONAL else "i") * len(values), *values)
        return struct.pack(order + LETTERS.get(kind, "H") * len(values), *values)
    number = len(values[0]) if kind == ASCII else len(values) // 2 if kind in (RATIONAL, SRATIONAL) else len(values)
    return tag, kind, number if count is None else count, packed


def tiff(*entries, order="<", mark=None, said=None, more=b""):
    """A TIFF file of one directory; `said`: the number of entries that it claims."""
    head = (mark or {"<": b"II*\0", ">": b"MM\0*"}[order]) + struct.pack(order + "I", 8)
    directory, data = struct.pack(order + "H", len(entries) if said is None else said), b""
    at = 8 + 2 + 12 * len(entries) + 4
    for tag, kind, count, packed in entries:
        value = packed(order)
        directory += struct.pack(order + "HHI", tag, kind, count)
        if len(value) > 4:
            directory += struct.pack(order + "I", at + len(data))
            data += value
        else:
            directory += value.ljust(4, b"\0")
    return head + directory + struct.pack(order + "I", 0) + data + more


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(*before, after=()):
    """A grey PNG file of 3 × 2 pixels with these chunks before its pixels, or after."""
    header = struct.pack(">IIBBBBB", 3, 2, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\0\x0a\x28\x46\0\x64\x82\xa0", 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(before) + chunk(b"IDAT", pixels) + b"".join(after) + chunk(b"IEND", b"")


def jpeg(*segments):
    """A grey JPEG file of 24 × 8 pixels with these APP1 segments."""
    file = io.BytesIO()
    Image.fromarray((np.add.outer(np.arange(8) * 20, np.arange(24) * 4)).astype(np.uint8), "L").save(file, "JPEG", quality=50, optimize=True)
    plain = file.getvalue()
    return plain[:2] + b"".join(b"\xff\xe1" + struct.pack(">H", len(s) + 2) + s for s in segments) + plain[2:]


def exif(data):
    return b"Exif\0\0" + data


def xmp_segment(text):
    return b"http://ns.adobe.com/xap/1.0/\0" + text.encode()


def attribute(value, quote='"'):
    return XMP % f"tiff:Orientation={quote}{value}{quote}/>"


def element(value):
    return XMP % f"><tiff:Orientation>{value}</tiff:Orientation></rdf:Description>"


def itxt(text, key=b"XML:com.adobe.xmp", compressed=False):
    text = text if isinstance(text, bytes) else text.encode()
    return chunk(b"iTXt", key + (b"\0\1\0\0\0" + zlib.compress(text) if compressed else b"\0\0\0\0\0" + text))


def text(key, value, compressed=False):
    return chunk(b"zTXt", key + b"\0\0" + zlib.compress(value)) if compressed else chunk(b"tEXt", key + b"\0" + value)


def profile(data, lines=b"\nexif\n  26\n"):
    digits = data.hex().encode()
    return lines + b"\n".join(digits[i : i + 72] for i in range(0, len(digits), 72)) + b"\n"


def values():
    """Every type of number, and what is none; in both byte orders."""
    yield from ((f"short-{v}", entry(SHORT, v)) for v in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 6 << 8))
    for name, kind in {"byte": BYTE, "signed-byte": SBYTE, "undefined": UNDEFINED, "signed-short": SSHORT, "long": LONG, "signed-long": SLONG,
                       "float": FLOAT, "double": DOUBLE, "directory": IFD, "long8": LONG8}.items():
        yield name, entry(kind, 6)
    yield "signed-short-negative", entry(SSHORT, -6)
    yield "long-of-a-short-6", entry(LONG, 0x10006)
    yield "float-6.5", entry(FLOAT, 6.5)
    yield "rational", entry(RATIONAL, 6, 1)
    yield "rational-12-2", entry(RATIONAL, 12, 2)
    yield "rational-13-2", entry(RATIONAL, 13, 2)
    yield "rational-6-0", entry(RATIONAL, 6, 0)
    yield "signed-rational", entry(SRATIONAL, -6, -1)
    yield "signed-rational-negative", entry(SRATIONAL, -6, 1)
    yield "text", entry(ASCII, b"6\0")
    yield "unknown-type", entry(14, 6)
    yield "type-0", entry(0, 6)
    yield "two", entry(SHORT, 6, 3)
    yield "three", entry(SHORT, 6, 3, 8)
    yield "three-bad-first", entry(SHORT, 9, 3, 8)
    yield "two-bytes", entry(BYTE, 6, 6)
    yield "two-rationals", entry(RATIONAL, 6, 1, 3, 1)
    yield "count-0", entry(SHORT, 6, count=0)
    yield "count-huge", entry(SHORT, 6, count=0xFFFFFFFF)
    yield "count-beyond", entry(SHORT, 6, 6, 6, count=60)


def files():
    six, three = entry(SHORT, 6), entry(SHORT, 3)
    for order, name in {"<": "little", ">": "big"}.items():
        for what, value in values():
            yield f"png-{name}-{what}.png", png(chunk(b"eXIf", tiff(value, order=order)))
        yield f"jpeg-{name}.jpg", jpeg(exif(tiff(six, order=order)))
    other = entry(SHORT, 1, tag=0x0100)
    yield "twice.png", png(chunk(b"eXIf", tiff(three, six)))
    yield "twice-other-type.png", png(chunk(b"eXIf", tiff(six, entry(BYTE, 3))))
    yield "after-too-much.png", png(chunk(b"eXIf", tiff(entry(LONG, *range(9), tag=0x0101, count=99), six)))
    yield "after-far.png", png(chunk(b"eXIf", tiff(entry(LONG, 1, 2, tag=0x0101, count=9), six)))
    yield "second-after-damage.png", png(chunk(b"eXIf", tiff(three, entry(LONG, 1, tag=0x0101, count=99), six)))
    yield "second-directory.png", png(chunk(b"eXIf", tiff(other, more=b"")[:-4] + struct.pack("<I", 26) + tiff(six)[8:]))
    yield "claims-more.png", png(chunk(b"eXIf", tiff(six, said=9)))
    yield "claims-fewer.png", png(chunk(b"eXIf", tiff(other, six, said=1)))
    yield "cut-value.png", png(chunk(b"eXIf", tiff(six)[:20]))
    yield "cut-next.png", png(chunk(b"eXIf", tiff(six)[:22]))
    yield "no-directory.png", png(chunk(b"eXIf", b"II*\0\xff\xff\xff\x7f"), itxt(attribute(6)))
    yield "marked.png", png(chunk(b"eXIf", exif(tiff(six))))
    yield "marked-twice.png", png(chunk(b"eXIf", exif(exif(tiff(six)))))
    yield "only-mark.png", png(chunk(b"eXIf", exif(b"")), itxt(attribute(6)))
    yield "wrong-mark-big.png", png(chunk(b"eXIf", tiff(six, order=">", mark=b"MM*\0")))
    yield "wrong-mark-little.png", png(chunk(b"eXIf", tiff(six, mark=b"II\0*")))
    yield "exif-after.png", png(after=[chunk(b"eXIf", tiff(six))])
    yield "exif-text.png", png(text(b"exif", exif(tiff(six))))
    for compressed in (False, True):
        z = "-z" if compressed else ""
        yield f"profile{z}.png", png(text(b"Raw profile type exif", profile(exif(tiff(six))), compressed))
        yield f"profile-itxt{z}.png", png(itxt(profile(exif(tiff(six))), b"Raw profile type exif", compressed))
        yield f"xmp-itxt{z}.png", png(itxt(attribute(6), compressed=compressed))
        yield f"xmp-text{z}.png", png(text(b"XML:com.adobe.xmp", attribute(6).encode(), compressed))
    yield "profile-without-mark.png", png(text(b"Raw profile type exif", profile(tiff(six))))
    yield "profile-upper.png", png(text(b"Raw profile type exif", profile(exif(tiff(six))).upper()))
    yield "profile-spaces.png", png(text(b"Raw profile type exif", b"\nexif\n26\n " + exif(tiff(six)).hex(" ").encode()))
    yield "profile-and-exif.png", png(text(b"Raw profile type exif", profile(exif(tiff(six)))), chunk(b"eXIf", tiff(three)))
    yield "profile-and-exif-without.png", png(text(b"Raw profile type exif", profile(exif(tiff(six)))), chunk(b"eXIf", tiff(other)))
    yield "profile-and-xmp.png", png(text(b"Raw profile type exif", profile(exif(tiff(six)))), itxt(attribute(3)))
    for value in range(10):
        yield f"xmp-{value}.png", png(itxt(attribute(value)))
        yield f"xmp-element-{value}.png", png(itxt(element(value)))
    yield "xmp-12.png", png(itxt(attribute(12)))
    yield "xmp-negative.png", png(itxt(attribute(-6)))
    yield "xmp-single-quotes.png", png(itxt(attribute(6, "'")))
    yield "xmp-space.png", png(itxt(attribute(" 6")))
    yield "xmp-second-valid.png", png(itxt(attribute("x") + attribute(6)))
    yield "xmp-two.png", png(itxt(attribute(6) + attribute(3)))
    yield "xmp-several.png", png(itxt(attribute(6)), itxt(attribute(3)))
    yield "xmp-after.png", png(after=[itxt(attribute(6))])
    yield "xmp-not-utf8.png", png(itxt(attribute(6).encode() + b"\xff"))
    yield "xmp-other-key.png", png(itxt(attribute(6), b"xmp"))
    yield "xmp-exif-without.png", png(chunk(b"eXIf", tiff(other)), itxt(attribute(6)))
    yield "xmp-exif.png", png(chunk(b"eXIf", tiff(three)), itxt(attribute(6)))
    yield "xmp-exif-1.png", png(chunk(b"eXIf", tiff(entry(SHORT, 1))), itxt(attribute(6)))
    yield "xmp-exif-9.png", png(chunk(b"eXIf", tiff(entry(SHORT, 9))), itxt(attribute(6)))
    yield "xmp-exif-text.png", png(chunk(b"eXIf", tiff(entry(ASCII, b"3\0"))), itxt(attribute(6)))
    yield "xmp-exif-count-0.png", png(chunk(b"eXIf", tiff(entry(SHORT, 3, count=0))), itxt(attribute(6)))
    yield "xmp-exif-unknown-type.png", png(chunk(b"eXIf", tiff(entry(14, 3))), itxt(attribute(6)))
    yield "xmp.jpg", jpeg(xmp_segment(attribute(6)))
    yield "xmp-element.jpg", jpeg(xmp_segment(element(8)))
    yield "xmp-exif.jpg", jpeg(exif(tiff(three)), xmp_segment(attribute(6)))
    yield "xmp-before-exif.jpg", jpeg(xmp_segment(attribute(6)), exif(tiff(three)))
    yield "xmp-exif-without.jpg", jpeg(exif(tiff(other)), xmp_segment(attribute(6)))
    yield "xmp-several.jpg", jpeg(xmp_segment(attribute(6)), xmp_segment(attribute(3)))
    yield "xmp-unmarked.jpg", jpeg(attribute(6).encode())
    yield "exif-segments.jpg", jpeg(exif(tiff(six)[:15]), exif(tiff(six)[15:]))
    yield "exif-two.jpg", jpeg(exif(tiff(other)), exif(tiff(six)))


def make(folder):
    cases = {}
    for name, data in files():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                image = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("L")
            except Exception as error:  # Pillow fails with some damaged Exif data, which is no fault of the pixels
                print(f"orientations: Pillow {PIL.__version__} fails with {name}: {error!r}")
                continue
        cases[name] = {"file": base64.b64encode(data).decode(), "width": image.width, "height": image.height,
                       "grey": base64.b64encode(np.array(image).tobytes()).decode()}
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(case)}" for name, case in cases.items())
    (folder / "orientations.json").write_text('{"schema": "hies.golden/1", "files": {\n' + lines + "\n}}\n", encoding="utf-8")
