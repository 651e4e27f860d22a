#!/usr/bin/env python3
"""A file includes only from its own room or from rooms that src/hies/LAYERS allows, and that its target links; torch stays inside `model`."""

import itertools
import os
import pathlib
import re
import shutil
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ.get("HIES_SOURCE_DIR", pathlib.Path(__file__).parents[1])) / "src/hies"
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
    may_see_torch = room == "model" and (path.suffix == ".cpp" or path.name.endswith("_torch.h"))
    for bracket, name in INCLUDE.findall(path.read_text(encoding="utf-8")):
        where = f"{path.relative_to(root)} includes {name}"
        if is_torch(bracket, name) or name.endswith("_torch.h"):
            if not may_see_torch:
                yield f"{where}: torch is for .cpp and *_torch.h files of room model"
        if bracket == '"' and not name.startswith("hies/"):
            yield f'{where}: write "hies/room/file.h"'
        elif name.startswith("hies/"):
            other = name.split("/")[1]
            if other != room and other not in layers.get(room, []):
                yield f"{where}: LAYERS does not let {room} use {other}"


def rooms_linked(folder):
    words = ROOM.search((folder / "CMakeLists.txt").read_text()).group(1).split()
    after = words[words.index("ROOMS") + 1:] if "ROOMS" in words else []
    return list(itertools.takewhile(str.islower, after))


def problems_of_links(root, room, allowed):
    linked = rooms_linked(root / room)
    for other in linked:
        if other not in allowed:
            yield f"{room}/CMakeLists.txt links {other}, which LAYERS does not let {room} use"
    for path in sorted((root / room).rglob("*")):
        if path.suffix not in (".h", ".cpp", ".cu"):
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
        if path.suffix in (".h", ".cpp", ".cu") and len(path.relative_to(root).parts) > 1:
            found += problems_of_file(path, root, layers)
    return found


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
        self.check_is_found("base/error.h", '#include "hies/model/heads.h"\n', "LAYERS does not let base use model")

    def test_torch_outside_model_is_found(self):
        self.check_is_found("base/error.cpp", "#include <ATen/ATen.h>\n", "torch is for")
        self.check_is_found("model/heads.h", "#include <ATen/ATen.h>\n", "torch is for")
        self.check_is_found("data/bad.cpp", '#include "hies/model/weights_torch.h"\n', "torch is for")

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
