#!/usr/bin/env python3
"""A file includes only from its own room or from rooms that src/hies/LAYERS allows, and that its target links; torch stays inside `ops`, `nn`, `engine`, `refit` and `baseline`;
no file has more than 300 lines, no function more than 60."""

import itertools
import os
import pathlib
import re
import shutil
import tempfile
import unittest

CHECKOUT = pathlib.Path(os.environ.get("HIES_SOURCE_DIR", pathlib.Path(__file__).parents[1]))
SOURCE = CHECKOUT / "src/hies"
SUFFIXES = (".h", ".cpp", ".cu", ".cuh")
ROOM = re.compile(r"hies_room\(([^)]*)\)")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def read_layers(root):
    layers = {}
    for line in (root / "LAYERS").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            room, uses = line.split(":", 1)
            layers[room.strip()] = uses.split()
    return layers


def is_torch(bracket, name):
    return bracket == "<" and name.split("/")[0] in ("torch", "ATen", "c10")


def problems_of_file(path, root, layers):
    room = path.relative_to(root).parts[0]
    # Other rooms above engine include no header of ops and nn, so only what engine, refit and baseline show must be kept apart.
    hides_torch = room in ("engine", "refit", "baseline") and (path.suffix == ".cpp" or path.name.endswith("_torch.h"))
    may_see_torch = room in ("ops", "nn") or hides_torch
    for bracket, name in INCLUDE.findall(path.read_text(encoding="utf-8")):
        where = f"{path.relative_to(root)} includes {name}"
        if is_torch(bracket, name) or name.endswith("_torch.h"):
            if not may_see_torch:
                yield f"{where}: torch is for rooms ops and nn, and for .cpp and *_torch.h files of engine, refit and baseline"
        if bracket == '"' and not name.startswith("hies/"):
            yield f'{where}: write "hies/room/file.h"'
        elif name.startswith("hies/"):
            other = name.split("/")[1]
            if other != room and other not in layers.get(room, []):
                yield f"{where}: LAYERS does not let {room} use {other}"


def rooms_linked(folder):
    words = ROOM.search((folder / "CMakeLists.txt").read_text()).group(1).split()
    linked = []
    for keyword in {"ROOMS", "PRIVATE_ROOMS"}.intersection(words):
        linked += itertools.takewhile(str.islower, words[words.index(keyword) + 1:])
    return linked


def problems_of_links(root, room, allowed):
    linked = rooms_linked(root / room)
    for other in linked:
        if other not in allowed:
            yield f"{room}/CMakeLists.txt links {other}, which LAYERS does not let {room} use"
    for path in sorted((root / room).rglob("*")):
        if path.suffix not in SUFFIXES:
            continue
        for _, name in INCLUDE.findall(path.read_text(encoding="utf-8")):
            other = name.split("/")[1] if name.startswith("hies/") else room
            if other != room and other in allowed and other not in linked:
                yield f"{path.relative_to(root)} includes {name}, but {room}/CMakeLists.txt does not link {other}"


def problems_of_tree(root):
    layers = read_layers(root)
    found, below = [], set()
    for room, uses in layers.items():
        # An order in which each room uses only rooms above it in the file has no cycle.
        found += [f"LAYERS: {room} uses {other}, which does not stand before it" for other in uses if other not in below]
        below.add(room)
    found += [f"{folder.name} is not in LAYERS" for folder in sorted(root.iterdir())
              if folder.is_dir() and folder.name not in layers]
    for room, uses in layers.items():
        if (root / room / "CMakeLists.txt").exists():
            found += problems_of_links(root, room, uses)
    for path in sorted(root.rglob("*")):
        if path.suffix in SUFFIXES and len(path.relative_to(root).parts) > 1:
            found += problems_of_file(path, root, layers)
    return found


MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 60
# Generated tables and the like: path from the checkout.
LONG_BY_NATURE = set()

# Comments, literals and preprocessor lines, in which a brace opens nothing.
NO_CODE = re.compile(r'''//[^\n]*|/\*.*?\*/|R"\(.*?\)"|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+'|^[ \t]*\#(?:[^\n]*\\\n)*[^\n]*''', re.S | re.M)
SCOPE = re.compile(r"\b(namespace|class|struct|union|enum|extern)\b")


def without_literals(text):
    # Digit separators are no character literals.
    return NO_CODE.sub(lambda found: "\n" * found.group().count("\n"), re.sub(r"(?<=[0-9a-fA-F])'(?=[0-9a-fA-F])", "", text))


def is_function(head):
    """Of the text between the last `;`, `{` or `}` and a `{` that stands in a namespace or class."""
    before_arguments = head.split("(")[0]
    return "(" in head and not SCOPE.search(re.sub(r"template\s*<[^<>]*>", "", before_arguments)) and "=" not in before_arguments


def functions(text):
    """Of each function: the line on which it begins, and how many lines it has. Lambdas and local classes belong to the function around."""
    line, head, head_line, depth_in_function, begins = 1, "", 1, 0, 0
    for c in without_literals(text):
        if c == "\n":
            line += 1
        if depth_in_function:
            depth_in_function += (c == "{") - (c == "}")
            if depth_in_function == 0:
                yield begins, line - begins + 1
                head = ""
        elif c in ";{}":
            if c == "{" and is_function(head):
                depth_in_function, begins = 1, head_line
            head = ""
        elif head or not c.isspace():
            head_line = head_line if head else line
            head += c


def problems_of_length(path, name):
    text = path.read_text(encoding="utf-8")
    lines = text.count("\n")
    if lines > MAX_FILE_LINES:
        yield f"{name} has {lines} lines; {MAX_FILE_LINES} are the most"
    for begins, length in functions(text):
        if length > MAX_FUNCTION_LINES:
            yield f"{name}:{begins}: a function of {length} lines; {MAX_FUNCTION_LINES} are the most"


def problems_of_lengths(checkout):
    found = []
    for folder in ("src", "apps", "tests", "bench", "tools"):
        for path in sorted((checkout / folder).rglob("*")):
            name = path.relative_to(checkout).as_posix()
            if path.suffix in SUFFIXES and name not in LONG_BY_NATURE and "/build/" not in name:
                found += problems_of_length(path, name)
    return found


class Lengths(unittest.TestCase):
    def test_files_and_functions_are_short(self):
        problems = problems_of_lengths(CHECKOUT)
        self.assertFalse(problems, "\n" + "\n".join(problems))

    def check(self, text, expected):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "a.cpp"
            path.write_text(text)
            self.assertEqual(list(problems_of_length(path, "a.cpp")), expected)

    def test_long_file_is_found(self):
        self.check("int x;\n" * 301, ["a.cpp has 301 lines; 300 are the most"])
        self.check("int x;\n" * 300, [])

    def test_long_function_is_found(self):
        line = "  f('{', \"}\");  // }\n"
        for head in ("int f(int x) const {\n", "template <class T>\nvoid A<T>::f() {\n", "TEST(A, B) {\n"):
            body = "  const auto g = [&] { return 1; };\n" + line * (60 - head.count("\n") - 2)
            self.check("namespace a {\n" + head + body + "}\n}\n", [])
            self.check("namespace a {\n" + head + body + line + "}\n}\n", ["a.cpp:2: a function of 61 lines; 60 are the most"])

    def test_long_table_and_class_are_no_functions(self):
        self.check("constexpr int kTable[] = {\n" + "  f(1),\n" * 100 + "};\n", [])
        self.check("struct alignas(64) A {\n" + "  int a() { return 1; }\n" * 100 + "};\n", [])


class Layers(unittest.TestCase):
    def test_tree_keeps_the_order(self):
        self.assertEqual(problems_of_tree(SOURCE), [])

    def check_is_found(self, file, text, expected):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder) / "hies"
            shutil.copytree(SOURCE, root)
            target = root / file
            target.parent.mkdir(exist_ok=True)
            target.write_text(text + (target.read_text() if target.exists() else ""))
            found = problems_of_tree(root)
        self.assert_found(expected, found)

    def assert_found(self, expected, problems):
        self.assertTrue(any(expected in problem for problem in problems), problems)

    def test_include_from_a_higher_room_is_found(self):
        self.check_is_found("base/error.h", '#include "hies/model/spec.h"\n', "LAYERS does not let base use model")
        for file in ("kernels/cuda/device/bad.cuh", "kernels/cuda/device/bad.cu", "data/tasks/deep/bad.cpp"):
            room = file.split("/")[0]
            self.check_is_found(file, '#include "hies/score/scores.h"\n', f"LAYERS does not let {room} use score")

    def test_torch_elsewhere_is_found(self):
        self.check_is_found("base/error.cpp", "#include <ATen/ATen.h>\n", "torch is for")
        self.check_is_found("arch/cost.cpp", "#include <ATen/ATen.h>\n", "torch is for")
        self.check_is_found("engine/model.h", "#include <ATen/ATen.h>\n", "torch is for")
        self.check_is_found("data/bad.cpp", '#include "hies/engine/weights_torch.h"\n', "torch is for")

    def test_room_that_is_not_linked_is_found(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder) / "hies"
            shutil.copytree(SOURCE, root)
            build = root / "data/CMakeLists.txt"
            build.write_text(build.read_text().replace("ROOMS base text ", "ROOMS base "))
            self.assert_found("does not link text", problems_of_tree(root))

    def test_unknown_room_is_found(self):
        self.check_is_found("utils/strings.h", "#pragma once\n", "utils is not in LAYERS")

    def test_cycle_is_found(self):
        self.check_is_found("LAYERS", "lowest: model\n", "which does not stand before it")


if __name__ == "__main__":
    unittest.main()
