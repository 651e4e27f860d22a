#!/bin/sh
# The main job on the bundled example. Usage: tools/demo.sh BUILD
set -eu
build=$(cd "$1" && pwd)
cd "$(dirname "$0")/.."
hies=$build/apps/hies/hies
out=build/demo
rm -rf "$out"
mkdir -p "$out"

# Shows a command, then runs it.
run() {
  echo
  echo "\$ hies $*"
  "$hies" "$@"
}

run prune examples/demo-sst2 --task sst2 --calib examples/reviews-calibration.tsv --ratio 0.3 -o "$out/smaller" \
  --eval examples/reviews-evaluation.tsv --svg "$out/heads.svg" --latency-seconds 3
run inspect "$out/smaller"
echo
echo "The head map as a picture: $out/heads.svg"
