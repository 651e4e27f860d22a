"""Checkpoints that people have of families that are read, but with other heads or none, and of families that are not: each is right, or
refused by its own name."""

import json
import re
import shutil
import unittest

from program import GOLDEN, SOURCE, ProgramTest, edit_json, read_safetensors, write_safetensors

HEAD = ("bert.pooler.", "classifier.")
TEXTS = ["the film is good", "it was not a film", "this film is but fair", "no film is this good", "it is the film of the film"]
TABLES = "ae,l2,l2-out"


class Families(ProgramTest):
    def setUp(self):
        super().setUp()
        self.texts = self.write("texts.txt", "".join(text + "\n" for text in TEXTS))

    def variant(self, architecture, keep=lambda name: True, rename=lambda name: name, add=(), name="bert-tiny"):
        """The golden model with other tensors and another class. `add`: names of new tensors, each a row of the width of the model."""
        shutil.rmtree(self.folder / "model", ignore_errors=True)
        model = self.golden(name)
        header, body = read_safetensors(model / "model.safetensors")
        kept, data = {}, b""
        for tensor, entry in header.items():
            if tensor == "__metadata__" or not keep(tensor):
                continue
            begin, end = entry["data_offsets"]
            kept[rename(tensor)] = {**entry, "data_offsets": [len(data), len(data) + end - begin]}
            data += body[begin:end]
        for tensor in add:
            kept[tensor] = {"dtype": "F32", "shape": [1, 64], "data_offsets": [len(data), len(data) + 256]}
            data += bytes(256)
        write_safetensors(model / "model.safetensors", kept, data)
        edit_json(model / "config.json", architectures=architecture and [architecture])
        return model

    def bare(self, **options):
        return self.variant("BertModel", lambda name: not name.startswith("classifier."), **options)

    def scored(self, model, *more, data=None, task="feature-extraction"):
        return self.json("score", model, "--task", task, "--calib", data or self.texts, "--tables", TABLES, *more)


class Headless(Families):
    def expected(self):
        """The same statistics of the same encoder with its head, whose task needs no labels for them."""
        data = self.write("texts.csv", "text\n" + "".join(text + "\n" for text in TEXTS))
        return self.scored(GOLDEN / "bert-tiny/model", data=data, task="classification")["scores"]

    def test_statistics_without_a_head(self):
        wanted = self.expected()
        strip = lambda name: name.removeprefix("bert.")
        for model in (lambda: self.bare(), lambda: self.bare(rename=strip), lambda: self.variant(None, lambda name: not name.startswith(HEAD), strip)):
            path = model()
            scores = self.scored(path)
            self.assertEqual(scores["scores"], wanted)
            self.assertIsNone(scores["calibration"]["mean_loss"])

    def test_sentence_transformers(self):
        """A directory of sentence-transformers is scored, planned, pruned, and remains one."""
        model = self.bare(rename=lambda name: name.removeprefix("bert."))
        (model / "modules.json").write_text(json.dumps([{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
                                                        {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"}]))
        (model / "1_Pooling").mkdir()
        (model / "1_Pooling/config.json").write_text('{"word_embedding_dimension": 64, "pooling_mode_mean_tokens": true}')
        self.scored(model, "-o", "scores.json")
        for method in ("ad", "l2", "l2-out", "l2-out+ae"):
            self.done("plan", "scores.json", "--method", method, "--ratio", 0.5, "-o", "plan.json", "--force")
        self.done("prune", model, "--plan", "plan.json", "-o", "by-plan")
        said = self.done("prune", model, "--task", "feature-extraction", "--calib", self.texts, "--method", "l2-out", "--ratio", 0.5, "-o", "smaller")
        self.assertRegex(said.stdout, r"compared with the masked model on 5 examples: hidden states (are equal|differ by at most \S+e-0[67])")
        for pruned in ("by-plan", "smaller"):
            self.assertTrue((self.folder / pruned / "1_Pooling/config.json").exists())
            self.assertTrue((self.folder / pruned / "modules.json").exists())
            found = self.json("inspect", pruned)
            self.assertEqual((found["heads"], found["task_head"], found["problem"]), (6, False, "hidden-states"))
            self.scored(pruned)
        # The pooler, which nothing reads here, is still there.
        self.assertIn("pooler.dense.weight", self.json("inspect", "smaller")["unused_tensors"])

    def test_pruned_equals_masked(self):
        """The pruned encoder, loaded again, gives the hidden states of the masked one."""
        model = self.bare()
        for dtype, most in (("float64", 1e-12), ("float32", 1e-5)):
            match = self.json("prune", model, "--task", "feature-extraction", "--calib", self.texts, "--method", "l2", "--ratio", 0.4, "-o", "smaller",
                              "--force", "--dtype", dtype)["match"]
            self.assertLessEqual(match["largest_difference"], most)
            self.assertGreater(match["largest_logit"], 0.1)

    def test_pairs(self):
        data = self.write("pairs.csv", "sentence1,sentence2\nthe film is good,it is good\nno film,a film\n")
        self.assertGreater(self.scored(self.bare(), data=data)["calibration"]["tokens"], 12)

    def test_images(self):
        for golden in ("vit-tiny", "dinov2-tiny"):
            family = {"vit-tiny": "ViTModel", "dinov2-tiny": "Dinov2Model"}[golden]
            model = self.variant(family, lambda name: not name.startswith("classifier"), name=golden)
            images = SOURCE / "tests/golden/images/files"
            data = self.folder / "images"
            data.mkdir(exist_ok=True)
            for path in sorted(images.glob("*.png"))[:2]:
                shutil.copy(path, data)
            scores = self.scored(model, "--skip-bad", data=data, task="image-feature-extraction")
            self.assertEqual(set(scores["scores"]), {"ae", "l2", "l2-out"})
            self.refused(2, "task 'image-classification' needs a task head, but the model has none", *self.score(model, data, task="image-classification"))

    def test_inspect_says_what_is_there(self):
        said = self.done("inspect", self.bare()).stdout
        self.assertRegex(said, "task head +none; scored by what needs none")
        self.assertIsNone(self.json("inspect", self.folder / "model")["other_head"])

    def test_what_needs_a_head(self):
        model = self.bare()
        self.refused(2, "task 'classification' needs a task head, but the model has none", *self.score(model), hint="feature-extraction")
        self.refused(2, "table 'his' needs a classifying task head", "score", model, "--task", "feature-extraction", "--calib", self.texts,
                     hint="need none: tables ae, l2, l2-out, .*; methods ad, l2, ")
        self.refused(2, "table 'his' needs", *self.prune(model, self.texts, task="feature-extraction"), hint="l2")
        self.refused(2, "--loss ce needs", "score", model, "--task", "feature-extraction", "--calib", self.texts, "--tables", "l2", "--loss", "ce")
        self.refused(2, "--label is for tasks with labels", "score", model, "--task", "feature-extraction", "--calib", self.data, "--label", "label")
        self.refused(2, "has no answers that could be judged", *self.evaluate(model, self.texts, task="feature-extraction"))
        self.refused(2, "has no answers that could be judged", "prune", model, "--task", "feature-extraction", "--calib", self.texts, "--method", "l2",
                     "--ratio", 0.5, "--eval", self.texts, "-o", "smaller")
        self.refused(2, "has no answers that could be judged", "sweep", model, "--task", "feature-extraction", "--calib", self.texts, "--data", self.texts,
                     "-o", "study")
        self.refused(2, "has no answers that could be judged", "explain", model, "--task", "feature-extraction", "--data", self.texts, "-o", "page.html")
        self.refused(2, "for models without a task head", *self.score(GOLDEN / "bert-tiny/model", self.texts, task="feature-extraction"))

    def test_part_of_a_head(self):
        """A head that is there but not whole is no missing head."""
        model = self.variant("BertForSequenceClassification", lambda name: name != "classifier.bias")
        self.refused(2, "no tensor classifier.bias", *self.prune(model), hint="the other tensors are there")
        model = self.variant("BertForSequenceClassification", lambda name: not name.startswith("bert.pooler"))
        self.refused(2, "no tensor bert.pooler.dense.weight", *self.prune(model))

    def test_old_sentence_transformers(self):
        model = self.bare()
        (self.folder / "old").mkdir()
        shutil.move(model, self.folder / "old/0_Transformer")
        (self.folder / "old/modules.json").write_text("[]")
        self.refused(2, "has no config.json", "inspect", "old", hint="old/0_Transformer")


class OtherHeads(Families):
    def refuses_task(self, model, named, task="classification"):
        result = self.refused(3, f"task '{task}' is not answered by a .*{named}", *self.score(model, task=task))
        self.refused(3, named, *self.evaluate(model, task=task))
        self.assertFalse(self.json("inspect", model)["task_head"])
        self.assertRegex(self.done("inspect", model).stdout, f"task head +not read: a .*{named}")
        return result

    def test_by_architectures(self):
        """The tensors of a sentence classifier under another class: nothing but config.json says what they are for."""
        for name, what in (("BertForTokenClassification", "token classifier"), ("BertForMultipleChoice", "multiple-choice model"),
                           ("BertForQuestionAnswering", "question answering model"), ("BertForMaskedLM", "masked language model"),
                           ("BertForPreTraining", "pretraining model"), ("BertForNextSentencePrediction", "next-sentence model")):
            with self.subTest(name):
                self.refuses_task(self.variant(name), f"{what} \\({name}\\)")

    def test_multiple_choice_with_one_label_is_no_regression(self):
        model = self.golden("bert-reg")
        edit_json(model / "config.json", architectures=["BertForMultipleChoice"])
        data = self.write("numbers.tsv", "text\tlabel\nthe film\t1\n")
        self.refused(3, "multiple-choice model \\(BertForMultipleChoice\\)", *self.prune(model, data, task="regression"))

    def test_by_tensors(self):
        bare = lambda name: not name.startswith(HEAD)
        for tensors, what in ((["qa_outputs.weight"], "question answering model"), (["cls.predictions.transform.dense.weight"], "masked language model"),
                              (["classifier.weight", "classifier.bias"], "token classifier"), (["cls.seq_relationship.weight"], "next-sentence model")):
            with self.subTest(tensors):
                self.refuses_task(self.variant(None, bare, add=tensors), what)
        self.refuses_task(self.variant("BertForSequenceClassification", bare, add=["qa_outputs.weight"]), "qa_outputs.weight")

    def test_their_encoders_are_pruned(self):
        model = self.variant("BertForMaskedLM", lambda name: not name.startswith(HEAD), add=["cls.predictions.bias"])
        self.done("prune", model, "--task", "feature-extraction", "--calib", self.texts, "--method", "l2", "--ratio", 0.5, "-o", "smaller")
        found = self.json("inspect", "smaller")
        self.assertEqual(found["other_head"], "masked language model (BertForMaskedLM)")
        self.assertIn("cls.predictions.bias", found["unused_tensors"])

    def test_unknown_classes_are_refused(self):
        for name in ("JinaBertForMaskedLM", "RobertaForSequenceClassification", "BertForSequenceRegression"):
            with self.subTest(name):
                self.refused(3, f"architecture '{name}' is not supported", *self.prune(self.variant(name)), hint="BertForSequenceClassification")
        for golden, name in (("llama-cls", "LlamaForTokenClassification"), ("qwen2-tiny", "Qwen2ForRewardModel"), ("gpt2-cls", "GPT2DoubleHeadsModel"),
                             ("vit-tiny", "ViTMAEForPreTraining"), ("dinov2-tiny", "Dinov2WithRegistersModel")):
            with self.subTest(name):
                shutil.rmtree(self.folder / "model", ignore_errors=True)
                model = self.golden(golden)
                edit_json(model / "config.json", architectures=[name])
                self.refused(3, f"architecture '{name}' is not supported", "inspect", model)


class ModelTypes(Families):
    def test_each_by_its_own_name(self):
        """A few through the program; arch/known_model_types_test.cpp goes through all."""
        for name, title in (("bart", "BART"), ("llava", "LLaVa"), ("deberta-v2", "DeBERTa-v2"), ("t5", "T5"), ("qwen2_moe", "Qwen2MoE"),
                            ("qwen", "Qwen"), ("electra", "ELECTRA"), ("vit_mae", "ViTMAE")):
            model = self.variant(None)
            edit_json(model / "config.json", model_type=name)
            said = self.refused(3, re.escape(f"{title} (model_type {name}) is not supported"), "inspect", model, hint="^|supported: bert, ")
            self.assertNotIn("did you mean", said.stderr)

    def test_names_that_nobody_has(self):
        model = self.variant(None)
        edit_json(model / "config.json", model_type="brt")
        self.refused(3, "model_type 'brt' is not supported", "inspect", model, hint="did you mean 'bert'")

    def test_families_of_roberta(self):
        """The same numbers under each name that the checkpoint may have."""
        data = self.write("labelled.tsv", "text\tlabel\nthe film is great\t0\na dull story\t1\n")
        for golden, names in (("xlm-roberta-tiny", ["xlm-roberta", "roberta"]), ("camembert-tiny", ["camembert", "roberta"])):
            found = []
            for name in names:
                shutil.rmtree(self.folder / "model", ignore_errors=True)
                model = self.golden(golden)
                edit_json(model / "config.json", model_type=name)
                found.append(self.json(*self.score(model, data, "--force"))["scores"])
            self.assertEqual(found[0], found[1])

    def test_sentencepiece_alone(self):
        model = self.golden("xlm-roberta-tiny")
        (model / "tokenizer.json").rename(model / "sentencepiece.bpe.model")
        self.refused(3, "only as a sentencepiece model, sentencepiece.bpe.model", *self.prune(model), hint="AutoTokenizer.*save_pretrained")


if __name__ == "__main__":
    unittest.main()
