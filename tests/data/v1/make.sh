#!/bin/sh
# Writes the files of this folder with the program of version 0.1.0: make.sh HIES OUT. README.md says what they are for.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
golden=$here/../../golden
hies=$1
out=$2
mkdir -p "$out/models"
cp -r "$golden/bert-tiny/model" "$out/models/bert-tiny"
cp -r "$golden/llama-gqa/model" "$out/models/llama-gqa"
cp "$here/texts.tsv" "$here/tokenizer.json" "$here/tokenizer_config.json" "$here/text.txt" "$out"
cp "$here/tokenizer.json" "$here/tokenizer_config.json" "$out/models/llama-gqa"
cd "$out"
"$hies" score models/bert-tiny --task classification --calib texts.tsv --tables his,ae,l2,l2-out,second-order -o bert-scores.json --quiet
"$hies" plan bert-scores.json --ratio 0.3 -o bert-plan.json --quiet
"$hies" prune models/bert-tiny --plan bert-plan.json -o bert-pruned --quiet
"$hies" prune models/bert-tiny --plan bert-plan.json --keep-shapes -o bert-zeroed --quiet
"$hies" score models/llama-gqa --task perplexity --calib text.txt --context 16 --tables his,ae -o llama-scores.json --quiet
"$hies" plan llama-scores.json --units head --ratio 0.4 -o llama-plan.json --quiet
"$hies" prune models/llama-gqa --plan llama-plan.json -o llama-pruned --quiet
"$hies" score llama-pruned --task perplexity --calib text.txt --context 16 --tables ae -o llama-pruned-scores.json --quiet
"$hies" sweep models/bert-tiny --task classification --calib texts.tsv --data texts.tsv --examples 4 --methods his,l2 --ratios 0.3,0.6 \
  --seeds 1 -o bert-sweep --quiet
