"""The benchmarks by name, and the files that they need."""

from language import Perplexity, Text, WindowScoring
from vision import ImageEvaluation, ImageScoring
from works import Evaluation, Scoring, Sweep, Work


class Inputs:
    def __init__(self, models, data):
        glue = data / "glue"
        self.sst2 = Work(models / "minilm-sst2", "sst2", glue / "SST-2/dev.tsv", glue / "SST-2/train.tsv", ["sentence", "label"])
        self.mrpc = Work(models / "minilm-mrpc", "mrpc", glue / "MRPC/dev.tsv", glue / "MRPC/train.tsv", ["#1 String", "#2 String", "Quality"])
        images = data / "images"
        self.images = Work(models / "vit-cifar10", "image-classification", images / "cifar10-test.tar.gz", images / "cifar10-train20k.tar.gz", [],
                             max_length=None)
        self.books = Text(models / "llama-gqa-books", data / "text/books-heldout.txt")

    def files(self):
        return [file for each in (self.sst2, self.mrpc, self.books, self.images) for file in each.files()]


def all_works(inputs, folder):
    return {"eval-sst2": Evaluation(inputs.sst2), "eval-mrpc": Evaluation(inputs.mrpc), "score-sst2": Scoring(inputs.sst2),
            "score-mrpc": Scoring(inputs.mrpc), "eval-bf16": Evaluation(inputs.sst2, "bfloat16"), "sweep": Sweep(inputs.sst2, folder),
            "perplexity": Perplexity(inputs.books), "score-llama": WindowScoring(inputs.books),
            "eval-vit": ImageEvaluation(inputs.images), "eval-vit-bf16": ImageEvaluation(inputs.images, "bfloat16"),
            "score-vit": ImageScoring(inputs.images)}
