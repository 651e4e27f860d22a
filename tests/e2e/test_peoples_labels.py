"""Labels as people have them: digits as names, ids, classes that a file names, rows without label, class folders and what lies beside them."""

import io
import json
import tarfile
import unittest

from parquet_file import parquet
from program import GOLDEN, ROWS, ProgramTest, edit_json
from small_llama import make_llama
from test_images import VIT, png

TEXTS = [text for text, _ in ROWS]
CLASSES = ["bad", "fair", "good"]  # of bert-tiny, by id
IDS = [CLASSES.index(label) for _, label in ROWS]


class PeoplesLabels(ProgramTest):
    def named(self, *names, of="bert-tiny"):
        """A model whose labels have these names."""
        model = self.golden(of)
        edit_json(model / "config.json", id2label={str(i): name for i, name in enumerate(names)}, label2id={name: i for i, name in enumerate(names)})
        return model

    def labels(self, model, data, *more, task="classification"):
        """Returns the class ids that were read, in the order of the file, and what was said."""
        result = self.done(*self.evaluate(model, data, "--order", "file", "--predictions", "seen.tsv", "--force", *more, task=task))
        rows = (self.folder / "seen.tsv").read_text().splitlines()
        column = rows[0].split("\t").index("label")
        said = [line for line in result.stderr.splitlines() if "preprocessor_config.json" not in line]
        return [int(row.split("\t")[column]) for row in rows[1:]], "\n".join(said)

    def csv(self, labels, name="data.csv"):
        return self.write(name, "text,label\n" + "".join(f"{text},{label}\n" for text, label in zip(TEXTS, labels)))

    def jsonl(self, labels, name="data.jsonl"):
        return self.write(name, "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in zip(TEXTS, labels)))

    # Digits.
    def test_ids_of_labels_that_are_named_by_digits(self):
        model = self.named("1", "2", "3")
        for data in (self.csv(IDS), self.jsonl(IDS), self.jsonl(map(str, IDS), "texts.jsonl"), self.write("data.parquet", parquet({"text": TEXTS, "label": IDS}))):
            ids, said = self.labels(model, data)
            self.assertEqual(ids, IDS, data)
            self.assertRegex(said, r"^warning: .*column 'label' are read as ids of the model's labels \(1, 2, 3\), not as names: '0' is none")

    def test_names_that_are_digits(self):
        model = self.named("1", "2", "3")
        for data in (self.csv([i + 1 for i in IDS]), self.jsonl([i + 1 for i in IDS])):
            ids, said = self.labels(model, data)
            self.assertEqual(ids, IDS, data)
            self.assertRegex(said, r"^warning: .*read as names.*not as ids: '3' is none")

    def test_digits_that_could_be_both(self):
        model = self.named("1", "2", "3")
        low = [1 if i == 0 else 2 for i in IDS]
        for data, expected in ((self.csv(low), [i - 1 for i in low]), (self.jsonl(map(str, low), "texts.jsonl"), [i - 1 for i in low]), (self.jsonl(low), low)):
            ids, said = self.labels(model, data)
            self.assertEqual(ids, expected, data)
            self.assertRegex(said, "^warning: .*column 'label'")
        # One row decides for all, whichever rows are chosen.
        self.assertEqual(self.labels(model, self.csv([0, *low[1:]]), "--examples", 2)[0], [0, low[1]])

    def test_digits_that_are_neither(self):
        self.refused(2, "cannot be read as names of labels \\('0' is none\\), nor as ids \\('3' is none\\)",
                     *self.evaluate(self.named("1", "2", "3"), self.csv([0, 3, 1, 2])), hint="1, 2, 3")

    def test_a_mixed_column(self):
        self.refused(2, "cannot be read as names", *self.evaluate(GOLDEN / "bert-tiny/model", self.csv(["good", "1", "bad", "0"])), hint="bad, fair, good")

    def test_obvious_labels_are_read_without_a_word(self):
        for data in (self.csv(IDS), self.jsonl(IDS), self.jsonl([CLASSES[i].upper() for i in IDS], "names.jsonl")):
            self.assertEqual(self.labels(GOLDEN / "bert-tiny/model", data), (IDS, ""))

    # Classes that the file names.
    def hub(self, names, labels, **columns):
        features = {"info": {"features": {"label": {"names": names, "_type": "ClassLabel"}}}}
        return self.write("hub.parquet", parquet({**(columns or {"text": TEXTS[:len(labels)]}), "label": labels}, {"huggingface": json.dumps(features)}))

    def test_classes_of_the_hub_go_by_name(self):
        names = ["Good", "bad", "fair"]
        data = self.hub(names, [names.index(CLASSES[i].replace("good", "Good")) for i in IDS])
        self.assertEqual(self.labels(GOLDEN / "bert-tiny/model", data), (IDS, ""))
        # Of pairs as well.
        pairs = self.hub(names, [0, 1, 2], text=TEXTS[:3], text_pair=TEXTS[3:6])
        self.assertEqual(self.labels(GOLDEN / "bert-tiny/model", pairs, task="pair-classification"), ([2, 0, 1], ""))

    def test_foreign_classes_of_the_hub(self):
        ids, said = self.labels(GOLDEN / "bert-tiny/model", self.hub(["x", "y", "z"], IDS))
        self.assertEqual(ids, IDS)
        self.assertRegex(said, r"^warning: .*\(x, y, z\) are not named like the model's labels \(bad, fair, good\): both are taken in this order$")
        self.refused(2, r"\(x, y\) are not the model's labels \(bad, fair, good\)", *self.evaluate(GOLDEN / "bert-tiny/model", self.hub(["x", "y"], [0, 1])))
        self.refused(2, "row 2: label 0 is 'wolf'", *self.evaluate(GOLDEN / "bert-tiny/model", self.hub(["wolf", "good"], [1, 0])))

    # Rows without label.
    def test_rows_without_label(self):
        labels = ["-", "good", "-", "bad"]
        for data in (self.csv(labels), self.jsonl([None, "good", -1, "bad"]), self.csv(["", "good", "-1", "bad"], "gaps.csv"),
                     self.write("snli.jsonl", "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in zip(TEXTS, [-1, 2, -1, 0]))),
                     self.hub(CLASSES, [-1, 2, -1, 0])):
            self.refused(2, "(label -1? says that the row has no label|has no label in column 'label')", *self.evaluate(GOLDEN / "bert-tiny/model", data),
                         hint="2 of 4 rows are like that: leave them out with --skip-unlabelled")
            ids, said = self.labels(GOLDEN / "bert-tiny/model", data, "--skip-unlabelled")
            self.assertEqual(ids, [2, 0], data)
            self.assertRegex(said, "^warning: .*: 2 of 4 rows have no label: they are left out$")

    def test_a_split_without_labels(self):
        data = self.jsonl([-1] * 8)
        self.refused(2, "label -1 says that the row has no label", *self.evaluate(GOLDEN / "bert-tiny/model", data), hint="test splits are like that in every row")
        self.refused(2, "none of 8 rows has a label", *self.evaluate(GOLDEN / "bert-tiny/model", data, "--skip-unlabelled"), hint="test splits")
        self.done(*self.score(GOLDEN / "bert-tiny/model", data, "--loss", "logit-norm"))  # needs none

    def test_calibration_without_unlabelled_rows(self):
        self.refused(2, "no label", *self.prune(GOLDEN / "bert-tiny/model", self.csv(["-", *[label for _, label in ROWS[1:]]])))
        result = self.done(*self.score(GOLDEN / "bert-tiny/model", self.folder / "data.csv", "--skip-unlabelled", "--json"))
        self.assertIn("1 of 8 rows have no label", result.stderr)
        self.assertEqual(json.loads(result.stdout)["calibration"]["examples"], 7)

    def test_a_sweep_without_unlabelled_rows(self):
        data = self.csv(["-", *[label for _, label in ROWS[1:]]])
        words = ["sweep", GOLDEN / "bert-tiny/model", "--task", "classification", "--calib", data, "--data", data, "--seeds", 1, "--ratios", 0.5, "-o", "study"]
        self.refused(2, "label - says", *words, hint="--skip-unlabelled")
        self.assertIn("1 of 8 rows have no label", self.done(*words, "--skip-unlabelled").stderr)
        self.assertIs(json.loads((self.folder / "study/sweep.json").read_text())["skip_unlabelled"], True)

    def test_tasks_without_labels_of_rows(self):
        self.refused(2, "--skip-unlabelled is for tasks that read a label",
                     *self.evaluate(make_llama(self), self.write("text.txt", "the film is good"), "--skip-unlabelled", task="perplexity"))
        self.refused(2, "--skip-unlabelled is for tasks that read a label for each row, but no run has such a task",
                     "sweep", self.folder / "model", "--task", "perplexity", "--calib", "text.txt", "--data", "text.txt", "--skip-unlabelled", "-o", "study")

    def test_right_choices(self):
        model = make_llama(self)

        def answers(*right, more=()):
            rows = [{"query": "the cat sat on", "choices": ["1", "2", "3"], "answer": answer} for answer in right]
            return self.labels(model, self.write("questions.jsonl", "".join(json.dumps(row) + "\n" for row in rows)), *more, task="multiple-choice")

        self.assertEqual(answers(0, 2)[0], [0, 2])
        self.assertEqual(answers("1", "2")[0], [0, 1])
        ids, said = answers(1, 2)
        self.assertEqual(ids, [1, 2])
        self.assertRegex(said, "^warning: .*column 'answer' are read as indices of choices, not as choices$")
        self.assertEqual(answers(2, -1, None, 0, more=["--skip-unlabelled"])[0], [2, 0])

    # Folders of images.
    def images(self, files, name="set"):
        for path, content in files.items():
            target = self.folder / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        return self.folder / name

    def packed(self, files, name="set.tar"):
        with tarfile.open(self.folder / name, "w") as tar:
            for path, content in files.items():
                info = tarfile.TarInfo(path)
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
        return self.folder / name

    def judged(self, data, model=VIT):
        return self.labels(model, data, task="image-classification")

    def test_class_folders_that_are_ids(self):
        model = self.named("cat", "dog", "frog", of="vit-tiny")
        files = {f"{i}/{i}.png": png(8, 8, i + 1) for i in (2, 0, 1)}
        for data in (self.images(files), self.packed(files)):
            ids, said = self.judged(data, model)
            self.assertEqual(ids, [0, 1, 2])
            self.assertRegex(said, r"^warning: .*the class folders \(0, 1, 2\) are numbers and read as ids of the model's labels \(cat, dog, frog\)$")

    def test_class_folders_beyond_nine_are_not_in_the_order_of_texts(self):
        # Without class 1 the order of the folders is not that of the ids.
        names = [f"class {chr(ord('a') + i)}" for i in range(12)]
        model = self.twelve(names)
        files = {f"{i}/x.png": png(8, 8, i + 1) for i in range(12)}
        ids, _ = self.judged(self.images(files), model)
        self.assertEqual(ids, [0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9])
        self.write("list.csv", "image,label\n" + "".join(f"set/{i}/x.png,{i}\n" for i in sorted(range(12), key=str)))
        self.assertEqual(self.judged(self.folder / "list.csv", model)[0], ids)
        one_more = {f"{i + 1}/x.png": content for i, content in enumerate(files.values())}
        self.refused(2, r"the class folders \(1, 10, 11, 12, 2", *self.evaluate(model, self.images(one_more, "from-one"), task="image-classification"))

    def twelve(self, names):
        """vit-tiny with twelve classes."""
        model = self.folder / "twelve"
        self.done("make-checkpoint", "--family", "vit", "--size", "tiny", "--vocabulary", 12, "-o", model)
        edit_json(model / "config.json", id2label={str(i): name for i, name in enumerate(names)}, label2id={name: i for i, name in enumerate(names)})
        return model

    def test_class_folders_of_labels_that_are_named_by_digits(self):
        model = self.named("1", "2", "3", of="vit-tiny")
        ids, said = self.judged(self.images({f"{i}/x.png": png(8, 8, i + 1) for i in range(3)}), model)
        self.assertEqual(ids, [0, 1, 2])
        self.assertIn("read as ids", said)
        self.assertEqual(self.judged(self.images({f"{i}/x.png": png(8, 8, i) for i in (1, 2, 3)}, "names"), model)[0], [0, 1, 2])

    def test_hidden_files_and_folders(self):
        images = {f"LABEL_{i}/{i}.png": png(8, 8, i + 1) for i in range(3)}
        hidden = {path: b"no image" for path in ("LABEL_0/.ipynb_checkpoints/0-checkpoint.png", "LABEL_1/@eaDir/1.png", "LABEL_2/._2.png", "__MACOSX/LABEL_0/._0.png",
                                                 ".ipynb_checkpoints/x.png", ".DS_Store", "LABEL_0/Thumbs.db", "@eaDir/x.png")}
        for data in (self.images({**images, **hidden}), self.packed({**images, **hidden})):
            self.assertEqual(self.judged(data), ([0, 1, 2], ""))

    def test_a_folder_of_splits(self):
        files = {f"{split}/LABEL_{i}/x.png": png(8, 8, i + 1) for split in ("train", "test") for i in range(3)}
        two = self.named("a", "b", "c", of="vit-tiny")
        for data in (self.images(files), self.packed(files)):
            for model in (VIT, two):
                self.refused(2, "the folders test, train are splits of a data set, not classes", *self.evaluate(model, data, task="image-classification"),
                             hint=f"give one of them: .*{data.name}/test")
            self.assertEqual(self.judged(data / "test")[0], [0, 1, 2])

    def test_images_of_the_hub(self):
        files = [png(8, 8, i + 1) for i in range(3)]
        names = ["LABEL_2", "LABEL_0", "LABEL_1"]
        self.assertEqual(self.judged(self.hub(names, [0, 1, 2], image=files)), ([2, 0, 1], ""))
        # Bytes that are declared a text.
        data = self.write("odd.parquet", parquet({"image": [file.hex() for file in files], "label": [0, 1, 2]}))
        result = self.hies(*self.evaluate(VIT, data, task="image-classification"))
        self.assertIn(result.returncode, (2, 4))
        self.assertLess(len(result.stderr.splitlines()[-1]), 800)


if __name__ == "__main__":
    unittest.main()
