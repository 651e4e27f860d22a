"""Tables and texts as people have them: line ends, byte order marks, rows without text, shapes of JSON, folders of shards, files without header."""

import json
import shutil
import unittest

from program import GOLDEN, ROWS, ProgramTest, table

WORDS = ["[UNK]", "<s>", "</s>", "the", "film", "is", "good", "bad", "fair", "a", "was", "A", "B", "C", "D", "Answer:"]
NO_TIMES = ("--latency-seconds", 0)
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


def spellings(text):
    """Returns the text as programs on Windows and old Macs write it, with and without a byte order mark."""
    return [text.replace("\n", end).encode(encoding) for end, encoding in (("\r\n", "utf-8"), ("\r", "utf-8"), ("\r\n", "utf-8-sig"))]


def lines(*rows):
    return "".join(json.dumps(row) + "\n" for row in rows)


class Tables(ProgramTest):
    def model(self, name):
        """Returns a golden model with a tokenizer that adds no special tokens."""
        copy = self.folder / name
        if not copy.exists():
            shutil.copytree(GOLDEN / name / "model", copy)
            for file in (*copy.glob("*token*"), *copy.glob("vocab*"), *copy.glob("merges*")):
                file.unlink()
            vocabulary = {word: number for number, word in enumerate(WORDS)}
            (copy / "tokenizer.json").write_text(json.dumps({
                "version": "1.0", "added_tokens": [], "normalizer": None, "pre_tokenizer": {"type": "WhitespaceSplit"}, "post_processor": None,
                "decoder": None, "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "[UNK]"}}))
            (copy / "tokenizer_config.json").write_text(json.dumps({"bos_token": "<s>", "eos_token": "</s>"}))
        return copy

    def answers(self, name, content=None, *more, task="classification", model=None, warns=()):
        """Returns hash, number of examples and metrics of an evaluation that gives these warnings and no others."""
        if content is not None:
            self.write(name, content)
        result = self.done("eval", model or GOLDEN / "bert-tiny/model", "--task", task, "--data", name, *NO_TIMES, "--order", "file", "--json", *more)
        warnings = result.stderr.splitlines()
        self.assertEqual(len(warnings), len(warns), result.stderr)
        for warning, says in zip(warnings, warns):
            self.assertRegex(warning, says)
        printed = json.loads(result.stdout)
        return printed["data"]["hash"], printed["examples"], printed["metrics"]

    def refuses(self, says, name, *more, task="classification", model=None, code=2, **options):
        self.refused(code, says, "eval", model or GOLDEN / "bert-tiny/model", "--task", task, "--data", name, *NO_TIMES, *more, **options)


class LineEnds(Tables):
    def test_tables_are_the_same(self):
        wanted = self.answers("lf.tsv", table())
        self.assertEqual(wanted[1], len(ROWS))
        records = [dict(zip(("text", "label"), row)) for row in ROWS]
        for name, content in (("t.tsv", table()), ("t.csv", table(separator=",")), ("t.jsonl", lines(*records)), ("t.json", json.dumps(records, indent=1))):
            for spelling in spellings(content):
                self.assertEqual(self.answers(name, spelling), wanted, (name, spelling[:20]))

    def test_texts_are_the_same(self):
        text = "the film is good\n\na film was bad\nthe good film is fair\n" * 3
        model = self.model("gpt2-tiny")
        wanted = self.answers("lf.txt", text, model=model, task="perplexity")
        for spelling in spellings(text):
            self.assertEqual(self.answers("t.txt", spelling, model=model, task="perplexity"), wanted)
            self.assertEqual(self.answers("t.txt", spelling, model=model, task="causal-lm")[1], 9)

    def test_wide_encodings_are_named(self):
        for name, content in (("t.tsv", table()), ("t.csv", table(separator=",")), ("t.jsonl", lines({"text": "a"})), ("t.txt", "a film")):
            for encoding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32") if name == "t.tsv" else ("utf-16",):
                self.write(name, content.encode(encoding))
                self.refuses(f"{name} is text in {encoding[:6].upper()}, but UTF-8 is read", name, hint="iconv")
        self.write("plan.json", json.dumps({"schema": "hies.plan/2"}).encode("utf-16"))  # as PowerShell's > writes
        self.refuses("plan.json is text in UTF-16", self.data, "--plan", "plan.json")

    def test_pointers_are_named(self):
        for name in ("t.tsv", "t.csv", "t.jsonl", "t.json", "t.txt", "t.parquet"):
            self.write(name, POINTER)
            self.refuses(f"{name} is a Git LFS pointer", name, hint="git lfs pull")
        self.write("t.txt", POINTER)
        self.refuses("t.txt is a Git LFS pointer", "t.txt", task="perplexity", model=self.model("gpt2-tiny"))


class ImagesByPointer(Tables):
    def test_are_named(self):
        vit = GOLDEN / "vit-tiny/model"
        for name in ("i.parquet", "i.tar.gz", "i.bin", "i-idx3-ubyte", "i.csv"):
            self.write(name, POINTER)
            self.refuses(f"{name} is a Git LFS pointer", name, task="image-classification", model=vit, hint="git lfs pull")
        (self.folder / "images").mkdir()
        self.write("images/a.png", POINTER)
        self.refuses("a.png is a Git LFS pointer", "images", task="image-classification", model=vit, hint="git lfs pull")


class NothingToCompute(Tables):
    """Rows without tokens: named, or left out with a count. Never an internal error, in no command and no task."""

    EMPTY = "t.csv: line 3 is empty: its text has no tokens"

    def test_in_every_command(self):
        model = self.model("gpt2-cls")
        self.write("t.csv", 'text,label\nthe film is good,1\n"",0\na film was bad,0\n')
        task = ("--task", "classification")
        commands = [["eval", model, *task, "--data", "t.csv", *NO_TIMES], ["score", model, *task, "--calib", "t.csv", "-o", "out"],
                    ["prune", model, *task, "--calib", "t.csv", "--ratio", 0.5, "-o", "out"],
                    ["prune", model, *task, "--calib", self.write("fine.csv", "text,label\nthe film,1\n"), "--eval", "t.csv", "--ratio", 0.5, "-o", "out", *NO_TIMES],
                    ["explain", model, *task, "--data", "t.csv", "--pick", 2, "-o", "out"],
                    ["sweep", model, *task, "--calib", "t.csv", "--data", "t.csv", "--seeds", 1, "--examples", 2, "--ratios", 0.5, "--random-masks", 1, "-o", "out"]]
        for command in commands:
            self.refused(2, self.EMPTY, *command, hint="--skip-empty")
            result = self.done(*command, "--skip-empty")
            self.assertIn("t.csv: 1 of 3 rows have no text: they are left out", result.stderr)
            out = self.folder / "out"
            if out.is_dir():
                shutil.rmtree(out)
            elif out.exists():
                out.unlink()

    def test_rows_that_are_left_out_do_not_count_as_chosen(self):
        model = self.model("gpt2-cls")
        self.write("t.jsonl", lines({"text": "  ", "label": 0}, {"text": None, "label": 0}, {"text": "the film", "label": 1}, {"text": "bad", "label": 0}))
        self.assertEqual(self.answers("t.jsonl", None, "--skip-empty", "--examples", 2, model=model, warns=["2 of 4 rows have no text"])[1], 2)
        self.write("t.tsv", "text\tlabel\n\t\nthe film\t1\nbad\t0\n")  # not even its label is read
        self.assertEqual(self.answers("t.tsv", None, "--skip-empty", model=model, warns=["1 of 3 rows have no text"])[1], 2)
        self.write("t.tsv", "text\tlabel\n\t1\n \t0\n")
        self.refuses("all 2 rows have no text: nothing is left", "t.tsv", "--skip-empty", model=model)
        # Where special tokens remain, there is something to compute, as in transformers.
        self.answers("t.tsv", "text\tlabel\n\tgood\nbad\tbad\n")

    # A row of each task with nothing in it, and one that is fine.
    ROWS_OF_TASKS = {
        "classification": ({"text": ""}, {"text": "the film"}), "sst2": ({"sentence": ""}, {"sentence": "the film"}),
        "cola": ({"sentence": ""}, {"sentence": "the film"}), "regression": ({"text": ""}, {"text": "the film"}),
        "pair-classification": ({"text": "", "text_pair": " "}, {"text": "", "text_pair": "film"}),
        "mrpc": ({"sentence1": "", "sentence2": ""}, {"sentence1": "a", "sentence2": "film"}),
        "qqp": ({"question1": "", "question2": ""}, {"question1": "a", "question2": "film"}),
        "stsb": ({"sentence1": "", "sentence2": ""}, {"sentence1": "a", "sentence2": "film"}),
        "qnli": ({"question": "", "sentence": ""}, {"question": "a", "sentence": "film"}),
        "mnli": ({"premise": "", "hypothesis": ""}, {"premise": "a", "hypothesis": "film"}),
        "rte": ({"sentence1": "", "sentence2": ""}, {"sentence1": "a", "sentence2": "film"}),
        "perplexity": ({"text": ""}, {"text": "the film"}), "causal-lm": ({"text": ""}, {"text": "the film"}),
        "hellaswag": ({"ctx": "", "endings": ["", "bad"]}, {"ctx": "the", "endings": ["film", "bad"]}),
        "winogrande": ({"sentence": "_", "option1": "", "option2": "a", "answer": "1"}, {"sentence": "_ is", "option1": "a", "option2": "bad", "answer": "1"}),
        "arc-easy": ({"question": "", "choices": {"text": ["", "a"], "label": ["A", "B"]}, "answerKey": "A"},
                     {"question": "the", "choices": {"text": ["film", "a"], "label": ["A", "B"]}, "answerKey": "A"}),
        "openbookqa": ({"question_stem": "", "choices": {"text": ["", "a"], "label": ["A", "B"]}, "answerKey": "A"},
                       {"question_stem": "the", "choices": {"text": ["film", "a"], "label": ["A", "B"]}, "answerKey": "A"}),
        "piqa": ({"goal": "", "sol1": "", "sol2": "a"}, {"goal": "the", "sol1": "film", "sol2": "a"}),
        "copa": ({"premise": "", "choice1": "", "choice2": "a", "question": "cause"}, {"premise": "the film.", "choice1": "is", "choice2": "a", "question": "cause"}),
        "multiple-choice": ({"query": "", "choices": ["", "a"]}, {"query": "", "choices": ["film", "a"]}),
        "boolq": None, "mmlu": None,  # their choices are words of the task
        "image-classification": None, "image-feature-extraction": None,
        "feature-extraction": None,  # judges nothing, and `hies eval` refuses it
    }
    ROWS_OF_TASKS["arc-challenge"] = ROWS_OF_TASKS["arc-easy"]

    def test_in_every_task(self):
        models = {"regression": "bert-reg", "stsb": "bert-reg", "mnli": "llama-cls"}
        language = ("perplexity", "causal-lm", "hellaswag", "winogrande", "arc-easy", "arc-challenge", "openbookqa", "piqa", "copa", "multiple-choice")
        self.assertEqual({task["name"] for task in self.json("tasks")}, set(self.ROWS_OF_TASKS), "a new task needs its rows here")
        for task, rows in self.ROWS_OF_TASKS.items():
            if rows is None:
                continue
            model = self.model("gpt2-tiny" if task in language else models.get(task, "gpt2-cls"))
            empty, fine = rows
            name = "good.jsonl"
            self.write(name, lines(*({"label": 0, **row} for row in (fine, empty, fine))))
            self.refuses("line 2[ ,].*(is empty|no tokens)", name, task=task, model=model, hint="--skip-empty")
            result = self.done("eval", model, "--task", task, "--data", name, *NO_TIMES, "--skip-empty", "--json")
            self.assertEqual(json.loads(result.stdout)["examples"], 2, task)
            self.assertRegex(result.stderr, r"1 of 3 \w+ have .*they are left out", task)
            if task in ("classification", "perplexity", "multiple-choice"):
                self.write(name, lines({"label": 0, **empty}))
                self.refuses("nothing is left", name, "--skip-empty", task=task, model=model)

    def test_single_tokens(self):
        for name, task, more in (("gpt2-cls", "classification", ()), ("gpt2-tiny", "perplexity", ("--context", 1))):
            model = self.model(name)
            data = self.write("one.tsv", "text\tlabel\ngood\t1\nbad\t0\n")
            self.answers("one.tsv", None, *more, task=task, model=model)
            explained = self.json("explain", model, "--task", task, "--data", data, "--pick", 2, "-o", f"explained-{name}", *more)
            self.assertEqual(len(explained["examples"]), 1)
            self.refused(2, "attention entropy needs an example of at least two tokens", "score", model, "--task", task, "--calib", data, "-o", "s.json", *more,
                         hint="longer texts")
            self.done("score", model, "--task", task, "--calib", data, "-o", f"{name}.json", "--tables", "his,l2,l2-out,second-order", *more)

    def test_metrics_that_labels_leave_undefined(self):
        two = self.model("gpt2-cls")
        undefined = "for which {} not defined: even right answers get {}$"
        for task, model, header, rows, what in (
                ("classification", two, "text\tlabel", ["good\t1"], "the only label is 1, " + undefined.format("matthews is", 0)),
                ("classification", two, "text\tlabel", ["good\t1", "bad\t1"], "all 2 labels are 1, " + undefined.format("matthews is", 0)),
                ("mrpc", two, "sentence1\tsentence2\tlabel", ["a\tfilm\t0"], "the only label is 0, " + undefined.format("f1 is", 0)),
                ("mrpc", two, "sentence1\tsentence2\tlabel", ["a\tfilm\t1"], None),
                ("cola", two, "sentence\tlabel", ["good\t1"], undefined.format("matthews, matthews-scaled are", "0, 0.5")),
                ("stsb", self.model("bert-reg"), "sentence1\tsentence2\tscore", ["a\tb\t2.5"] * 3, "all 3 labels are 2.5, " + undefined.format("pearson, pearson-scaled, spearman are", "0, 0.5, 0")),
                ("regression", self.model("bert-reg"), "text\tlabel", ["a\t1", "b\t2"], None)):
            self.answers("t.tsv", "\n".join((header, *rows)), task=task, model=model, warns=[what] if what else [])

    def test_choices_without_characters(self):
        self.answers("q.jsonl", lines({"context_options": ["", "the"], "continuation": "film", "gold": 1}), task="multiple-choice", model=self.model("gpt2-tiny"),
                     warns=["1 of 1 questions have a choice without text, which acc_norm and acc_bytes never take"])


class WikiText(Tables):
    def test_rows_are_joined(self):
        model = self.model("gpt2-tiny")
        rows = ["", " the film \n", "", "a film was bad\n", "good"]
        self.write("rows.jsonl", lines(*({"text": row} for row in rows)))
        self.refuses("line 1 is empty", "rows.jsonl", task="perplexity", model=model, hint="--skip-empty, or judge all rows as one text with --join-rows")
        joined = self.answers("rows.jsonl", None, "--join-rows", model=model, task="perplexity")
        self.assertEqual(joined, self.answers("joined.txt", "\n\n".join(rows), model=model, task="perplexity"))
        self.assertEqual(joined[1], 1)
        left = self.answers("rows.jsonl", None, "--skip-empty", model=model, task="perplexity", warns=["2 of 5 rows have no text"])
        self.assertEqual(left[1], 3)
        self.refuses("--join-rows is for tasks that read documents", "rows.jsonl", "--join-rows", task="causal-lm", model=model)
        self.write("none.jsonl", lines({"text": ""}, {"text": None}))
        self.refuses("none of its 2 rows has text", "none.jsonl", "--join-rows", task="perplexity", model=model)


class Shapes(Tables):
    def setUp(self):
        super().setUp()
        self.wanted = self.answers("wanted.tsv", table())
        self.records = [dict(zip(("text", "label"), row)) for row in ROWS]

    def test_objects(self):
        columns = {name: [record[name] for record in self.records] for name in ("text", "label")}
        for form in (columns, {name: dict(enumerate(values)) for name, values in columns.items()}, dict(enumerate(self.records)),
                     {"columns": ["text", "label"], "index": list(range(len(ROWS))), "data": ROWS}, {"data": self.records}):
            self.assertEqual(self.answers("t.json", json.dumps(form, indent=2 if form is columns else None)), self.wanted)
        self.write("dev.json", json.dumps({"sst2": self.records, "rte": [{"premise": "a"}]}, indent=1))
        self.refuses("dev.json is a JSON object of several parts: sst2, rte", "dev.json", hint="dev.json/sst2")
        self.assertEqual(self.answers("dev.json/sst2"), self.wanted)
        self.refuses("has no member 'sst'", "dev.json/sst", hint="did you mean 'sst2'")
        self.write("what.json", json.dumps({"x": {"p": 1}, "y": {"p": 2}}))
        self.refuses("whether they are rows or columns: x, y", "what.json", hint='orient="records"')

    def test_folders(self):
        hub = self.folder / "hub/data"
        hub.mkdir(parents=True)
        for shard in range(2):
            self.write(f"hub/data/train-0000{shard}-of-00002.jsonl", lines(*self.records[4 * shard:4 * shard + 4]))
        self.write("hub/data/._train-00000-of-00002.jsonl", "\x00")
        for path in ("hub/data", "hub/data/train"):
            self.assertEqual(self.answers(path), self.wanted)
        self.refuses("hub holds no .tsv", "hub", hint="give one of its folders: data")
        self.write("hub/data/test-00000-of-00001.jsonl", lines(self.records[0]))
        self.refuses("hub/data holds several splits: test, train", "hub/data", hint="hub/data/test")
        self.assertEqual(self.answers("hub/data/train"), self.wanted)
        self.write("hub/data/train-00001-of-00002.jsonl", lines({"text": "the film", "label": "great"}))
        self.refuses("hub/data/train-00001-of-00002.jsonl: line 1: unknown label 'great'", "hub/data/train")
        (hub / "train-00001-of-00002.jsonl").unlink()
        self.refuses("is one of 2 shards, but number 1 is not there", "hub/data/train")

    def test_shards_with_columns_without_a_name(self):
        """Such columns, a row's number of pandas, stand at other places in other shards, and nothing reads them."""
        first, second = ROWS[:4], ROWS[4:]
        (self.folder / "shards").mkdir()
        self.write("shards/a-00000-of-00002.csv", ",text,label\n" + "".join(f"{i},{text},{label}\n" for i, (text, label) in enumerate(first)))
        self.write("shards/a-00001-of-00002.csv", "text,,,label\n" + "".join(f"{text},7,,{label}\n" for text, label in second))
        self.assertEqual(self.answers("shards"), self.wanted)

    def test_files_without_header(self):
        bare = table()[len("text\tlabel\n"):]
        self.write("bare.tsv", bare)
        self.refuses("no text column", "bare.tsv", hint="if the first line is a row already, name all columns with --columns")
        self.assertEqual(self.answers("bare.tsv", None, "--columns", "text,label"), self.wanted)
        self.assertEqual(self.answers("bare.csv", bare.replace("\t", ","), "--columns", "words,label", "--text", "words"), self.wanted)
        self.assertEqual(self.answers("wide.tsv", "".join(f"7\t{line}\n" for line in bare.splitlines()), "--columns", ",text,label"), self.wanted)
        self.assertEqual(self.answers("wanted.tsv", None, "--columns", "text,label"), self.wanted)
        self.refuses("line 1 has 2 fields, but there are 3 columns", "bare.tsv", "--columns", "id,text,label")
        self.refuses("two columns are named 'text'", "bare.tsv", "--columns", "text,text")
        self.write("t.jsonl", lines(*self.records))
        self.refuses("--columns is for .tsv and .csv files", "t.jsonl", "--columns", "a,b")

    def test_unnamed_columns(self):
        rows = [(str(number), *row) for number, row in enumerate(ROWS)]
        self.assertEqual(self.answers("t.csv", table(rows, ("", "text", "label"), ",")), self.wanted)
        self.assertEqual(self.answers("t.csv", table([(*row, "", "") for row in ROWS], ("text", "label", "", ""), ",")), self.wanted)
        self.assertEqual(self.answers("t.csv", table([(*row, "") for row in ROWS], separator=",")), self.wanted)


class Mmlu(Tables):
    QUESTIONS = {"anatomy": [("the film", "is a good bad".split(), 1), ("a film", "was a good bad".split(), 3)], "law": [("bad", "the a is was".split(), 0)]}

    def setUp(self):
        super().setUp()
        for split in ("dev", "test"):
            (self.folder / "authors" / split).mkdir(parents=True)
            for subject, questions in self.QUESTIONS.items():
                self.write(f"authors/{split}/{subject}_{split}.csv", "".join(",".join((question, *choices, "ABCD"[answer])) + "\n" for question, choices, answer in questions))
        (self.folder / "hub").mkdir()
        self.rows = [{"subject": subject, "question": question, "choices": choices, "answer": answer}
                     for subject, questions in self.QUESTIONS.items() for question, choices, answer in questions]
        for split in ("dev", "test"):
            self.write(f"hub/{split}-00000-of-00001.jsonl", lines(*self.rows))

    def judged(self, data, *more):
        return self.answers(data, None, *more, task="mmlu", model=self.model("gpt2-tiny"))

    def test_hub_files_give_what_the_authors_files_give(self):
        for shots in (0, 1):
            wanted = self.judged("authors", "--shots", shots)
            self.assertEqual(wanted[1], 3)
            for path in ("hub", "hub/test", "hub/test-00000-of-00001.jsonl"):
                self.assertEqual(self.judged(path, "--shots", shots), wanted)
        self.write("hub/test-00000-of-00001.jsonl", lines(*({**row, "answer": "ABCD"[row["answer"]]} for row in self.rows)))
        self.assertEqual(self.judged("hub", "--shots", 1), wanted)
        self.refuses("hub/dev holds 1 questions about 'law', but 2 are asked for", "hub", "--shots", 2, task="mmlu", model=self.model("gpt2-tiny"))
        (self.folder / "hub/dev-00000-of-00001.jsonl").unlink()
        self.refuses("hub/dev is not there, but few-shot examples", "hub", task="mmlu", model=self.model("gpt2-tiny"), hint="--shots 0")

    def test_hidden_files_are_ignored(self):
        wanted = self.judged("authors", "--shots", 1)
        for folder in ("dev", "test"):
            self.write(f"authors/{folder}/._anatomy_{folder}.csv", b"\x00\x05\x16\x07")
        self.assertEqual(self.judged("authors", "--shots", 1), wanted)


if __name__ == "__main__":
    unittest.main()
