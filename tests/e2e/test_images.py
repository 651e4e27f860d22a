"""Image classifiers from their command line: all commands on generated images, and errors of damaged ones."""

import base64
import io
import json
import random
import struct
import tarfile
import unittest
import zlib

from program import GOLDEN, ProgramTest

LABELS = ("LABEL_0", "LABEL_1", "LABEL_2")
VIT = GOLDEN / "vit-tiny/model"


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, seed):
    """Returns an RGB image of a few coloured stripes."""
    draw = random.Random(seed)
    stripes = [bytes(draw.randrange(256) for _ in range(3)) for _ in range(5)]
    rows = b"".join(b"\0" + b"".join(stripes[(x + y * seed) * 5 // (width + height * seed + 1)] for x in range(width)) for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


class Images(ProgramTest):
    def setUp(self):
        super().setUp()
        self.files = {f"{label}/{i}.png": png(9 + i, 14 - i, 1 + i + 10 * c) for c, label in enumerate(LABELS) for i in range(4)}
        self.tar = self.folder / "set.tar.gz"
        with tarfile.open(self.tar, "w:gz") as tar:
            for name, content in self.files.items():
                info = tarfile.TarInfo("set/" + name)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))

    def unpacked(self, name="set", flat=False, **more):
        for path, content in {**self.files, **more}.items():
            target = self.folder / name / (path.replace("/", "-") if flat else path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        return self.folder / name

    def judge(self, data, *more, model=VIT):
        return self.evaluate(model, data, *more, task="image-classification")

    def test_folder_and_tar_are_the_same(self):
        of_tar, of_folder = (self.json(*self.judge(data)) for data in (self.tar, self.unpacked()))
        self.assertEqual(of_tar["examples"], 12)
        self.assertEqual(of_tar["data"]["hash"], of_folder["data"]["hash"])
        self.assertEqual(of_tar["metrics"], of_folder["metrics"])
        self.assertEqual(list(of_tar["metrics"]), ["top1"])  # top5 of three labels would be 1 whatever the model answers

    def test_the_whole_line(self):
        self.done(*self.score(VIT, self.tar, "--tables", "his,ae,l2,l2-out,second-order", task="image-classification"))
        self.done("plan", "scores.json", "--ratio", 0.5, "-o", "plan.json")
        masked = self.json(*self.judge(self.tar, "--plan", "plan.json"))
        result = self.done("prune", VIT, "--plan", "plan.json", "--task", "image-classification", "--eval", self.tar, "-o", "smaller",
                           "--latency-seconds", 0)
        self.assertNotIn("differ", result.stderr)
        pruned = self.json(*self.judge(self.tar, "--reference", VIT, model=self.folder / "smaller"))
        self.assertEqual(masked["metrics"], pruned["metrics"])
        self.assertEqual(masked["stability"], pruned["stability"])
        self.assertLess(pruned["cost"]["parameters"], pruned["reference"]["cost"]["parameters"])

    def test_images_without_labels(self):
        flat = self.unpacked(flat=True)
        for loss in ("pseudo-label", "logit-norm"):
            self.done(*self.prune(VIT, flat, "--loss", loss, task="image-classification", output="out-" + loss))
        self.refused(2, "no labels", *self.prune(VIT, flat, task="image-classification", output="out"), hint="pseudo-label")

    def test_sweep(self):
        self.done("sweep", VIT, "--task", "image-classification", "--calib", self.tar, "--data", self.tar, "--seeds", 1, "--examples", 4,
                  "--methods", "random,his,hies,hies-logit", "--ratios", "0.25,0.5", "--random-masks", 2, "--alphas", "0.5", "-o", "swept")
        records = [json.loads(line) for line in (self.folder / "swept/records.jsonl").read_text().splitlines()]
        self.assertGreater(len(records), 8)

    def test_entropy_of_the_class_token(self):
        tables = {}
        for tokens in ("all", "cls"):
            self.done(*self.score(VIT, self.tar, "--entropy-tokens", tokens, task="image-classification", output=tokens + ".json"))
            tables[tokens] = json.loads((self.folder / (tokens + ".json")).read_text())["scores"]
        self.assertNotEqual(tables["all"]["ae"], tables["cls"]["ae"])
        self.assertEqual(tables["all"]["his"], tables["cls"]["his"])
        self.refused(2, "entropy-tokens", *self.score(VIT, self.tar, "--entropy-tokens", "some", task="image-classification"))

    def test_another_image_size(self):
        larger = self.json(*self.judge(self.tar, "--image-size", 16))
        self.assertEqual(larger["data"]["tokens"], 12 * 17)
        self.refused(2, "image-size is 2", *self.judge(self.tar, "--image-size", 2))
        self.refused(2, "image-size", *self.evaluate(GOLDEN / "bert-tiny/model", self.data, "--image-size", 16))

    def test_a_missing_processor_is_told(self):
        result = self.done(*self.judge(self.tar))
        self.assertRegex(result.stderr, "^warning: .*no preprocessor_config.json.*vit\n$")
        model = self.golden("vit-tiny")
        processor = {"image_processor_type": "ViTImageProcessor", "size": {"height": 12, "width": 12}, "resample": 3}
        (model / "preprocessor_config.json").write_text(json.dumps(processor))
        self.assertEqual(self.done(*self.judge(self.tar, model=model)).stderr, "")
        (model / "preprocessor_config.json").write_text(json.dumps({**processor, "resample": 9}))
        self.refused(2, "resample 9", *self.judge(self.tar, model=model), hint="bicubic")
        (model / "preprocessor_config.json").write_text(json.dumps({**processor, "size": 24}))
        self.refused(2, "24×24.*12×12", *self.judge(self.tar, model=model), hint="image-size")

    def test_bad_images_are_named_or_skipped(self):
        bad = self.unpacked("bad", **{"LABEL_1/text.jpg": b"hello"})
        self.refused(2, "LABEL_1/text.jpg.*not a JPEG or PNG", *self.judge(bad))
        self.refused(2, "LABEL_1/text.jpg", *self.prune(VIT, bad, task="image-classification"))
        result = self.hies(*self.judge(bad, "--skip-bad", "--json"))
        self.assertEqual(json.loads(result.stdout)["examples"], 12)
        self.assertRegex(result.stderr, "1 of 13 images are left out.*LABEL_1/text.jpg")

    def test_bad_folders(self):
        (self.folder / "empty").mkdir()
        self.refused(2, "holds no images", *self.judge(self.folder / "empty"))
        self.refused(4, "nothing", *self.judge(self.folder / "nothing"))
        self.refused(2, "wolf.*LABEL_0, LABEL_1, LABEL_2", *self.judge(self.unpacked("wolves", **{"wolf/1.png": png(4, 4, 1)})))

    def test_explained_images_show_their_patches(self):
        self.done("explain", VIT, "--task", "image-classification", "--data", self.tar, "--pick", "wrong", "--most", 2, "--heads", 3, "-o", "seen", "--quiet")
        document = json.loads((self.folder / "seen/explain.json").read_text())
        self.assertTrue(document["examples"])
        for example in document["examples"]:
            grid = example["grid"]
            self.assertEqual(len(example["tokens"]), grid["first_token"] + grid["rows"] * grid["columns"])
            self.assertEqual((example["tokens"][0], example["tokens"][1], example["tokens"][-1]),
                             ("[CLS]", "0,0", f"{grid['rows'] - 1},{grid['columns'] - 1}"))
            header, _, content = example["image"].partition(",")
            self.assertEqual(header, "data:image/png;base64")
            self.assertEqual(struct.unpack(">II", base64.b64decode(content)[16:24]), (12, 12))
            for head in example["heads"]:
                self.assertAlmostEqual(sum(head["asked"]), 1, 3)

    def test_models_and_tasks_that_do_not_fit(self):
        self.refused(2, "texts", *self.evaluate(VIT, self.data))
        self.refused(2, "images", *self.judge(self.tar, model=GOLDEN / "bert-tiny/model"))


if __name__ == "__main__":
    unittest.main()
