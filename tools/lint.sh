#!/bin/sh
# usage: lint.sh BUILD JOBS: words, formatting, clang-tidy over BUILD/compile_commands.json, shell and Python scripts.
set -eu
cd "$(dirname "$0")/.."
tools/lint_words.py
git ls-files '*.h' '*.cpp' '*.cu' '*.cuh' | xargs clang-format --dry-run -Werror
run-clang-tidy -quiet -p "$1" -j "$2" "$PWD/(src|apps|tests)/.*\.cpp$"
git ls-files '*.sh' .ci/run | xargs shellcheck
git ls-files '*.py' | xargs python3 -c 'import ast, sys
for path in sys.argv[1:]:
    ast.parse(open(path, encoding="utf-8").read(), path)'
