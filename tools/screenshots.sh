#!/bin/sh
# README's image, from the page of the demo. Usage: tools/screenshots.sh BUILD
set -eu
build=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
[ -e build/demo/report.html ] || tools/demo.sh "$build" >&2
node report/web/test/image.mjs build/demo/report.html docs/images/report.png
echo "docs/images/report.png: $(stat -c %s docs/images/report.png) bytes"
