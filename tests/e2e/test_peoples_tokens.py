"""Tokenizers as people have them: tokens in four files, options, tokens that the model was never given, and files that are none."""

import json
import struct
import unittest
import zlib

from program import GOLDEN, ProgramTest, edit_json, read_safetensors, write_safetensors
from small_llama import TEXT, WORDS, make_llama, tokenizer

EMBEDDING = "bert.embeddings.word_embeddings.weight"
LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 12345\n"
MARK = b"\xef\xbb\xbf"


def added(content, number=None, **flags):
    token = {"content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True} | flags
    return token if number is None else {"id": number} | token


class Bert(ProgramTest):
    def setUp(self):
        super().setUp()
        self.model = self.golden()

    def give_embeddings(self, more):
        """Appends rows to the embedding, equal to the first ones."""
        header, body = read_safetensors(self.model / "model.safetensors")
        rows, width = header[EMBEDDING]["shape"]
        tensors = {name: body[slice(*entry["data_offsets"])] for name, entry in header.items() if name != "__metadata__"}
        tensors[EMBEDDING] += tensors[EMBEDDING][:4 * width * more]
        header[EMBEDDING]["shape"] = [rows + more, width]
        offset = 0
        for name, data in tensors.items():
            header[name]["data_offsets"] = [offset, offset + len(data)]
            offset += len(data)
        write_safetensors(self.model / "model.safetensors", header, b"".join(tensors.values()))
        edit_json(self.model / "config.json", vocab_size=rows + more)

    def tokenizer_json(self, *more):
        """Replaces vocab.txt by a tokenizer.json."""
        words = (self.model / "vocab.txt").read_text().splitlines()
        (self.model / "vocab.txt").unlink()
        special = [added(word, number) for number, word in enumerate(words[:5])]
        document = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": special + list(more),
                    "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True, "strip_accents": None, "lowercase": True},
                    "pre_tokenizer": {"type": "BertPreTokenizer"}, "decoder": None,
                    "post_processor": {"type": "BertProcessing", "sep": ["[SEP]", words.index("[SEP]")], "cls": ["[CLS]", words.index("[CLS]")]},
                    "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100,
                              "vocab": {word: number for number, word in enumerate(words)}}}
        (self.model / "tokenizer.json").write_text(json.dumps(document))

    def config(self, **options):
        (self.model / "tokenizer_config.json").write_text(json.dumps(options))

    def tokens(self, text):
        data = self.write("text.jsonl", json.dumps({"text": text, "label": "good"}) + "\n")
        return self.json(*self.evaluate(self.model, data))["data"]["tokens"]


class AddedTokens(Bert):
    def test_every_file_that_names_one(self):
        self.give_embeddings(1)
        files = {"added_tokens.json": {"[u]": 62},
                 "tokenizer_config.json": {"added_tokens_decoder": {"62": added("[u]")}},
                 "special_tokens_map.json": {"additional_special_tokens": ["[u]"]}}
        more = [("tokenizer_config.json", {name: value}) for name, value in (
            ("additional_special_tokens", ["[u]"]), ("extra_special_tokens", ["[u]"]), ("extra_special_tokens", {"image": "[u]"}),
            ("image_token", "[u]"), ("mask_token", "[u]"))]
        for form in ("vocab.txt", "tokenizer.json"):
            if form == "tokenizer.json":
                self.tokenizer_json()
            self.assertGreater(self.tokens("the [u] film"), 5)
            for name, content in [*files.items(), *more]:
                with self.subTest(form=form, name=name, content=content):
                    (self.model / name).write_text(json.dumps(content))
                    self.assertEqual(self.tokens("the [u] film"), 5)
                    (self.model / name).unlink()

    def test_beyond_the_embedding(self):
        """Only what a text has must be there: a [PAD] added without resizing, a blank last line, names as an object."""
        self.tokenizer_json(added("<pad>", 62))
        self.config(extra_special_tokens={"image_token": "<image>"})
        self.assertEqual(self.tokens("a film"), 4)
        texts = self.write("b.jsonl", '{"text": "a film", "label": "good"}\n{"text": "a <image> film", "label": "good"}\n')
        self.refused(2, "b.jsonl: line 2: the token '<image>' has id 63, but the model's embedding holds 62", *self.evaluate(self.model, texts),
                     hint="was not given")

    def test_blank_last_line(self):
        before = self.tokens("the film is great !")
        with open(self.model / "vocab.txt", "a") as file:
            file.write("\n")
        self.assertEqual(self.tokens("the film is great !"), before)

    def test_bad_files(self):
        for content, says in (('{"[u]": "62"}', "the id of '.u.' is not a number"), ('{"[u]": -1}', "not a number"), ("[]", "object"), ("{", "not valid JSON")):
            (self.model / "added_tokens.json").write_text(content)
            self.refused(2, "added_tokens.json.*" + says, *self.evaluate(self.model))
        (self.model / "added_tokens.json").unlink()
        for options, says in (({"extra_special_tokens": 3}, "extra_special_tokens"), ({"extra_special_tokens": [3]}, "extra_special_tokens"),
                              ({"added_tokens_decoder": []}, "added_tokens_decoder"), ({"split_special_tokens": "x"}, "split_special_tokens")):
            self.config(**options)
            self.refused(2, "tokenizer_config.json.*" + says, *self.evaluate(self.model))


class Files(Bert):
    def test_byte_order_marks(self):
        self.config(do_lower_case=False)
        plain = self.tokens("The film is Great")
        for name in ("vocab.txt", "tokenizer_config.json"):
            (self.model / name).write_bytes(MARK + (self.model / name).read_bytes())
            self.assertEqual(self.tokens("The film is Great"), plain)
        (self.model / "vocab.txt").write_bytes((self.model / "vocab.txt").read_bytes()[3:])
        self.tokenizer_json()
        (self.model / "tokenizer.json").write_bytes(MARK + (self.model / "tokenizer.json").read_bytes())
        (self.model / "special_tokens_map.json").write_bytes(MARK + b'{"mask_token": "[MASK]"}')
        (self.model / "added_tokens.json").write_bytes(MARK + b"{}")
        self.assertEqual(self.tokens("The film is Great"), plain)

    def test_windows_line_ends(self):
        plain = self.tokens("the film is great !")
        vocabulary = self.model / "vocab.txt"
        vocabulary.write_bytes(vocabulary.read_bytes().replace(b"\n", b"\r\n"))
        self.assertEqual(self.tokens("the film is great !"), plain)

    def test_pointers_of_git_lfs(self):
        self.tokenizer_json()
        for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"):
            kept = (self.model / name).read_text() if (self.model / name).exists() else None
            (self.model / name).write_text(LFS)
            self.refused(2, name + " is a Git LFS pointer", *self.evaluate(self.model), hint="git lfs pull")
            (self.model / name).unlink()
            if kept is not None:
                (self.model / name).write_text(kept)
        (self.model / "tokenizer.json").unlink()
        (self.model / "vocab.txt").write_text(LFS)
        self.refused(2, "vocab.txt is a Git LFS pointer", *self.evaluate(self.model), hint="git lfs pull")


class Options(ProgramTest):
    """What changes ids is part of the model's `inputs`: scores of one are refused by the other."""

    def setUp(self):
        super().setUp()
        self.model = make_llama(self)
        self.text = self.write("text.txt", TEXT)
        # The words as byte-pair encoding, one token a word with the space before it.
        letters = sorted(set("".join(WORDS[3:])))
        document = tokenizer(WORDS)
        document["model"] = {"type": "BPE", "vocab": {"<unk>": 0, "<s>": 1, "</s>": 2, "▁": 3} | {c: 4 + i for i, c in enumerate(letters[:12])}, "merges": []}
        document["pre_tokenizer"] = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": False}
        (self.model / "tokenizer.json").write_text(json.dumps(document))

    def config(self, **options):
        (self.model / "tokenizer_config.json").write_text(
            json.dumps({"tokenizer_class": "LlamaTokenizer", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"} | options))

    def inputs(self, **options):
        self.config(**options)
        words = ["score", self.model, "--task", "perplexity", "--calib", self.text, "--context", 16, "--examples", 2, "-o", "scores.json", "--force", "--quiet"]
        self.done(*words)
        return json.loads((self.folder / "scores.json").read_text())["model"]["inputs"]

    def test_inputs(self):
        usual = self.inputs()
        for same in ({"add_prefix_space": True}, {"add_prefix_space": None}, {"legacy": False}, {"add_eos_token": True}, {"padding_side": "left"},
                     {"model_max_length": 99}, {"do_lower_case": True}):
            self.assertEqual(self.inputs(**same), usual, same)
        for other in ({"legacy": True}, {"split_special_tokens": True}, {"truncation_side": "left"}, {"add_prefix_space": False}):
            self.assertNotEqual(self.inputs(**other), usual, other)
        # Now scores.json is of a tokenizer that adds no space.
        self.config()
        self.done("plan", "scores.json", "--ratio", 0.5, "-o", "plan.json", "--quiet")
        self.refused(2, "tokenizer.*differs", "eval", self.model, "--task", "perplexity", "--data", self.text, "--context", 16, "--plan", "plan.json")

    def test_what_is_not_applied_is_said_once(self):
        self.config(tokenizer_class="GPTNeoXTokenizer", add_prefix_space=True)
        result = self.hies("prune", self.model, "--task", "perplexity", "--calib", self.text, "--eval", self.text, "--context", 16, "--ratio", 0.5,
                           "-o", "smaller", "--quiet")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stderr.count("add_prefix_space of GPTNeoXTokenizer is not applied"), 1)


class Images(ProgramTest):
    def test_top5_of_few_classes_is_not_offered(self):
        def chunk(kind, data):
            return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

        rows = b"".join(b"\0" + bytes(36) for _ in range(12))
        image = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 12, 12, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
        model = self.golden("vit-tiny")
        for label in json.loads((model / "config.json").read_text())["id2label"].values():
            (self.folder / "images" / label).mkdir(parents=True)
            (self.folder / "images" / label / "1.png").write_bytes(image)
        result = self.json("eval", model, "--task", "image-classification", "--data", self.folder / "images", "--latency-seconds", 0)
        self.assertEqual(list(result["metrics"]), ["top1"])


if __name__ == "__main__":
    unittest.main()
