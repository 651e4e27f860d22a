#!/usr/bin/env python3
"""tools/lint_words.py finds a word that has another one here, and leaves the same word alone where it has its ordinary meaning."""

import importlib.util
import os
import pathlib
import unittest

SOURCE = pathlib.Path(os.environ.get("HIES_SOURCE_DIR", pathlib.Path(__file__).parents[1]))
SPEC = importlib.util.spec_from_file_location("lint_words", SOURCE / "tools/lint_words.py")
lint_words = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(lint_words)


def problems(name, text):
    return list(lint_words.problems(name, text))


class Words(unittest.TestCase):
    def test_found_with_line(self):
        self.assertEqual(problems("src/a.h", "int x;\n// Copies it to the card.\n"), ["src/a.h:2: 'card': say GPU or device"])

    def test_found_over_the_end_of_a_line(self):
        for text in ("// on the way\n// back\n", "  # on the way\n  # back\n", "on the way\nback\n"):
            self.assertEqual([line.split(":")[1] for line in problems("a.py", text)], ["1"], text)

    def test_table_of_words_is_left_alone(self):
        self.assertEqual(problems("a.md", "| say | not |\n|---|---|\n| GPU | card |\n"), [])
        self.assertEqual(problems("a.md", "| say | not |\n| GPU | card |\n\nA card.\n"), ["a.md:4: 'card': say GPU or device"])

    def test_ordinary_meanings_are_left_alone(self):
        self.assertEqual(problems("docs/a.md", "The model card is its README, a discard, Figure 3.\n"), [])
        self.assertEqual(problems("report/web/src/figure.ts", "// A figure and the slope of its line.\n"), [])
        self.assertEqual(problems("src/a.cpp", "// The trie is walked.\n"), [])

    def test_device_code_has_words_of_its_own(self):
        self.assertEqual(len(problems("src/a.cu", "// The warps meet, and go on.\n")), 2)
        self.assertEqual(problems("src/a.cpp", "// Threads meet.\n"), [])

    def test_every_word_is_an_expression(self):
        for pattern, say, _ in lint_words.WORDS + lint_words.DEVICE_WORDS:
            self.assertTrue(pattern and say)


if __name__ == "__main__":
    unittest.main()
