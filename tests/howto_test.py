#!/usr/bin/env python3
"""Follows pages of docs/howto on a copy of the sources: adds what they show, exactly as it stands there, builds the program and uses it.

A page marks what belongs into the sources by a comment before a block of code: `<!-- file: PATH -->` is a new file, `<!-- append: PATH -->`
are lines at the end of one that is there, `<!-- excerpt: PATH -->` quotes the sources. Each page followed here promises one new file and
one line, and that is checked, too."""

import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import unittest

SOURCE = pathlib.Path(os.environ["HIES_SOURCE_DIR"])
BUILD = pathlib.Path(os.environ["HIES_BUILD_DIR"])
BIN = os.environ["HIES_BIN"]
# As deep as the build folder is in its checkout: paths are then the same from there, and the compiler's cache has what is unchanged.
CHECKOUT = BUILD / "howto" / "checkout"
COPY_BUILD = CHECKOUT / "build" / BUILD.name
WORK = BUILD / "howto" / "work"
COPIED = ("CMakeLists.txt", "apps", "cmake", "rust", "src")
PAGES = {
    "add-a-method.md": ("src/hies/score/methods/l2_ae.cpp", "src/hies/score/methods/methods.def"),
    "add-a-statistic.md": ("src/hies/score/statistics/out_max.cpp", "src/hies/score/statistics/statistics.def"),
    "add-a-model-family.md": ("src/hies/arch/electra.cpp", "src/hies/arch/families.def"),
    "add-a-task.md": ("src/hies/data/tasks/wnli.cpp", "src/hies/data/tasks/tasks.def"),
}
BLOCK = re.compile(r"^<!-- (file|append|excerpt): (\S+) -->\n```[a-z]*\n(.*?)^```$", re.M | re.S)
GOLDEN = SOURCE / "tests/golden"
ROWS = [("the film is good", "good"), ("it was not a film", "bad"), ("this film is but fair", "fair"), ("no film is this good", "good")]


def blocks(page):
    """(kind, path, text) of each marked block."""
    return BLOCK.findall((SOURCE / "docs/howto" / page).read_text(encoding="utf-8"))


def copy_sources():
    shutil.rmtree(CHECKOUT, ignore_errors=True)
    CHECKOUT.mkdir(parents=True)
    for name in COPIED:
        if (SOURCE / name).is_dir():
            shutil.copytree(SOURCE / name, CHECKOUT / name, ignore=shutil.ignore_patterns("target", "node_modules"))
        else:
            shutil.copy2(SOURCE / name, CHECKOUT / name)
    if (SOURCE / ".venv").exists():
        (CHECKOUT / ".venv").symlink_to((SOURCE / ".venv").resolve())


def follow(page):
    for kind, path, text in blocks(page):
        target = CHECKOUT / path
        if kind == "file":
            assert not target.exists(), f"{page}: {path} is there already"
            target.write_text(text, encoding="utf-8")
        else:
            assert target.exists(), f"{page}: {path} does not exist"
            with target.open("a", encoding="utf-8") as file:
                file.write(text)


def cached(name):
    """A variable of the build's CMake cache; empty where it has none."""
    found = re.search(rf"^{name}:[A-Z]+=(.*)$", (BUILD / "CMakeCache.txt").read_text(), re.M)
    return found.group(1) if found else ""


def options():
    """The flags of this build where the compiler's cache has its objects; else without optimisation, which compiles fastest."""
    with_cache = shutil.which("ccache") and not os.environ.get("CCACHE_DISABLE")
    chosen = {"CMAKE_BUILD_TYPE": cached("CMAKE_BUILD_TYPE") if with_cache else "None",
              "CMAKE_CXX_FLAGS": cached("CMAKE_CXX_FLAGS") if with_cache else "-O0",
              "HIES_TESTS": "OFF", "HIES_REPORT_PAGE": "OFF",
              # The tokenizers' library is the one that is built already.
              "HIES_CARGO": shutil.which("true"), "HIES_RUST_TARGET_DIR": COPY_BUILD / "rust"}
    if not (SOURCE / ".venv").exists():
        chosen.update({name: cached(name) for name in ("HIES_SITE_PACKAGES", "HIES_TORCH_DIR", "HIES_ARROW_DIR")})
    return [f"-D{name}={value}" for name, value in chosen.items()]


def build():
    library = pathlib.Path("release/libhies_tokenizer.a")
    (COPY_BUILD / "rust/release").mkdir(parents=True)
    shutil.copy2(pathlib.Path(cached("HIES_RUST_TARGET_DIR")) / library, COPY_BUILD / "rust" / library)
    subprocess.run(["cmake", "-S", CHECKOUT, "-B", COPY_BUILD, "-G", "Ninja", *options()], check=True)
    subprocess.run(["nice", "cmake", "--build", COPY_BUILD, "--target", "hies", "-j", "2"], check=True)
    return COPY_BUILD / "apps/hies/hies"


def write_electra(folder):
    """The golden RoBERTa under ELECTRA's names: its task head has the same two layers."""
    source = GOLDEN / "roberta-tiny/model"
    shutil.copytree(source, folder)
    for path in folder.glob("*.safetensors"):
        content = path.read_bytes()
        length = struct.unpack("<Q", content[:8])[0]
        text = json.dumps({name.replace("roberta.", "electra."): entry for name, entry in json.loads(content[8:8 + length]).items()})
        path.write_bytes(struct.pack("<Q", len(text)) + text.encode() + content[8 + length:])
    for name in ("model.safetensors.index.json", "config.json"):
        text = (source / name).read_text().replace("roberta", "electra").replace("Roberta", "Electra")
        (folder / name).write_text(text)


class Pages(unittest.TestCase):
    def test_touch_one_file_and_one_line(self):
        for page, (file, registry) in PAGES.items():
            with self.subTest(page):
                found = blocks(page)
                self.assertEqual([(kind, path) for kind, path, _ in found], [("file", file), ("append", registry)])
                self.assertRegex(found[1][2], r"\A[A-Z]+\([a-z0-9_]+\)\n\Z")

    def test_excerpts_are_in_the_sources(self):
        count = 0
        for path in sorted((SOURCE / "docs/howto").glob("*.md")):
            for kind, source, text in blocks(path.name):
                if kind != "excerpt":
                    continue
                lines = {code_of(line) for line in (SOURCE / source).read_text(encoding="utf-8").splitlines()}
                for line in filter(None, map(code_of, text.splitlines())):
                    count += 1
                    self.assertTrue(line in lines, f"{path.name}: {source} has no line `{line}`")
        self.assertGreater(count, 10)


class Followed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        copy_sources()
        for page in PAGES:
            follow(page)
        cls.program = build()
        shutil.rmtree(WORK, ignore_errors=True)
        WORK.mkdir(parents=True)

    def run_program(self, *words, program=None):
        result = subprocess.run([program or self.program, *map(str, words)], cwd=WORK, capture_output=True, text=True,
                                timeout=120, stdin=subprocess.DEVNULL)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout

    def listed(self, command, program=None):
        return json.loads(self.run_program(command, "--json", program=program))

    def table(self, name, header, rows):
        path = WORK / name
        path.write_text("".join("\t".join(cells) + "\n" for cells in (header, *rows)))
        return path

    def score(self, *words):
        data = self.table("data.tsv", ("text", "label"), ROWS)
        return json.loads(self.run_program("score", GOLDEN / "bert-tiny/model", "--task", "classification", "--calib", data, "--json", *words))

    def test_lists_gain_one_entry_each(self):
        for command, key, name in (("methods", "name", "l2+ae"), ("tasks", "name", "wnli"), ("models", "model_type", "electra")):
            before, after = self.listed(command, program=BIN), self.listed(command)
            if command == "methods":
                self.assertEqual(before["losses"], after["losses"])
                before, after = before["methods"], after["methods"]
            self.assertEqual(after[:-1], before)
            self.assertEqual(after[-1][key], name)

    def test_method_ranks_heads(self):
        scores = self.score("-o", "scores.json")["scores"]
        flat = {name: [value for row in scores[name]["attention"] for value in row] for name in ("l2", "ae")}

        def scaled(values):
            return [(value - min(values)) / (max(values) - min(values)) for value in values]
        keep = [0.25 * l2 + 0.75 * (1 - ae) for l2, ae in zip(scaled(flat["l2"]), scaled(flat["ae"]))]
        self.run_program("plan", "scores.json", "--method", "l2+ae", "--alpha", 0.25, "--heads", 5, "-o", "plan.json")
        removed = json.loads((WORK / "plan.json").read_text())["removed"]["attention"]
        expected = {}
        for index in sorted(sorted(range(len(keep)), key=keep.__getitem__)[:5]):
            expected.setdefault(str(index // 4), []).append(index % 4)  # layers of four heads
        self.assertEqual({layer: heads(ranges) for layer, ranges in removed.items()}, expected)

    def test_statistic_is_computed(self):
        scores = self.score("--tables", "l2-out,out-max")["scores"]
        pairs = [(most, mean) for rows in zip(scores["out-max"]["attention"], scores["l2-out"]["attention"], strict=True)
                 for most, mean in zip(*rows, strict=True)]
        self.assertEqual(len(pairs), 12)
        self.assertTrue(all(most > mean > 0 for most, mean in pairs), pairs)

    def test_family_and_task_work(self):
        folder = WORK / "electra"
        write_electra(folder)
        self.assertEqual(json.loads(self.run_program("inspect", folder, "--json"))["model_type"], "electra")
        rows = [("a film", "the film is good", "1"), ("no film", "it is", "0"), ("good", "not good", "0")]
        data = self.table("wnli.tsv", ("sentence1", "sentence2", "label"), rows)
        result = json.loads(self.run_program("prune", folder, "--task", "wnli", "--calib", data, "--ratio", 0.5, "--eval", data,
                                             "-o", "smaller", "--json"))
        self.assertEqual(json.loads((WORK / "smaller/config.json").read_text())["model_type"], "electra")
        self.assertIn("wnli", json.dumps(result))
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, "embedding_size": 8}))
        refused = subprocess.run([self.program, "inspect", folder], capture_output=True, text=True)
        self.assertEqual(refused.returncode, 3, refused.stderr)
        self.assertIn("embedding_size 8 is not supported", refused.stderr)


def code_of(line):
    """The line without indentation and comment; comments of the pages stand for what is left out."""
    return re.sub(r"(^|\s+)//.*$", "", line.strip())


def heads(ranges):
    """[1, 5, 6, 7] of "1,5-7"."""
    return [head for part in ranges.split(",") for head in range(int(part.split("-")[0]), int(part.split("-")[-1]) + 1)]


if __name__ == "__main__":
    unittest.main()
