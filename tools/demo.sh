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
run prune examples/demo-sst2 --task sst2 --calib examples/reviews-calibration.tsv --matrix-flops-ratio 0.5 -o "$out/halved" \
  --eval examples/reviews-evaluation.tsv --latency-seconds 3
run export "$out/halved" --to onnx -o "$out/onnx"
echo
echo "The head map as an image: $out/heads.svg"
run sweep examples/demo-sst2 --task sst2 --calib examples/reviews-calibration.tsv --data examples/reviews-evaluation.tsv \
  --alphas 0:1:0.25 --ratios 0.1:0.6:0.1 --seeds 3 --random-masks 8 -o "$out/sweep"

# A small sweep, and examples whose answers change, as a page.
"$hies" plan "$out/sweep/scores/demo-sst2-ce-0.json" --ratio 0.5 -o "$out/plan.json" --quiet
"$hies" explain examples/demo-sst2 --task sst2 --data examples/reviews-evaluation.tsv --plan "$out/plan.json" -o "$out/flipped" --quiet
run report "$out/sweep" "$out/flipped" -o "$out/report.html"
