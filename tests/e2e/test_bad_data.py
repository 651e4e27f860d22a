"""Damaged data files and options that choose no valid rows."""

import unittest

from program import GOLDEN, ROWS, ProgramTest, table


class BadData(ProgramTest):
    def refuses(self, code, says, content, name="bad.tsv", more=(), **options):
        bad = self.write(name, content)
        self.refused(code, says, *self.prune(GOLDEN / "bert-tiny/model", bad, *more), **options)
        self.refused(code, says, *self.evaluate(GOLDEN / "bert-tiny/model", bad, "-o", "result.json", *more), **options)

    def test_missing_file(self):
        self.refused(4, "nothing.tsv", *self.score(GOLDEN / "bert-tiny/model", "nothing.tsv"))

    def test_empty_file(self):
        self.refuses(2, "bad.tsv", "")

    def test_only_a_header(self):
        self.refuses(2, "bad.tsv", "text\tlabel\n")

    def test_wrong_column(self):
        self.refuses(2, "review", table(), more=("--text", "review"), hint="text.*label")
        self.refused(2, "label", *self.prune(GOLDEN / "bert-tiny/model", self.write("bad.tsv", table(header=("text", "stars")))),
                     hint="text, stars")

    def test_unknown_label(self):
        self.refuses(2, "line 3.*great", table([ROWS[0], ("the film", "great")]), hint="bad.*fair.*good")

    def test_label_outside_the_range(self):
        self.refuses(2, "line 2.*3", table([("the film", "3")]))

    def test_label_not_a_number(self):
        bad = self.write("bad.tsv", table([("the film", "0.5"), ("it was", "good")]))
        self.refused(2, "line 3.*good", *self.prune(GOLDEN / "bert-reg/model", bad, task="regression"))

    def test_too_few_fields(self):
        self.refuses(2, "line 3", "text\tlabel\nthe film\tgood\nit was\n")

    def test_invalid_utf8(self):
        self.refuses(2, "UTF-8", b"text\tlabel\nthe \xff film\tgood\n")

    def test_unknown_extension(self):
        self.refuses(2, "bad.xls", table(), name="bad.xls")

    def test_broken_parquet(self):
        self.refuses(2, "bad.parquet", b"PAR1 nothing PAR1", name="bad.parquet")

    def test_broken_jsonl(self):
        self.refuses(2, "bad.jsonl.*2|line 2", '{"text": "the film", "label": "good"}\n{"text": \n', name="bad.jsonl")

    def test_zero_examples(self):
        self.refuses(2, "examples is 0", table(), more=("--examples", 0))

    def test_more_examples_than_rows(self):
        result = self.done(*self.score(GOLDEN / "bert-tiny/model", None, "--examples", 100))
        self.assertRegex(result.stderr, r"^warning: .*8 rows.*100.*\n$")

    def test_wrong_task(self):
        self.refused(2, "regression", *self.score(task="regression"))
        self.refused(2, "2 labels", *self.score(task="sst2"))
        self.refused(2, "unknown task 'sst'", *self.score(task="sst"), hint="sst2")

    def test_too_long(self):
        self.refused(2, "33", *self.score(GOLDEN / "bert-tiny/model", None, "--max-length", 33))


if __name__ == "__main__":
    unittest.main()
