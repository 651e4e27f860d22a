#!/bin/sh
# Runs libFuzzer on each target for its part of the time. What reaches new code is kept in BUILD/corpus for the next run, an input that is a
# finding in BUILD/findings.
#
# usage: tools/fuzz.sh BUILD SECONDS [TARGET…]
set -eu
build=$1 seconds=$2
shift 2
# shellcheck disable=SC2046  # one word for each target
[ $# -gt 0 ] || set -- $(sed -n "s/^TARGET(\\(.*\\))$/\\1/p" "$(dirname "$0")/../tests/fuzz/targets.def")
each=$((seconds / $#))
[ $each -gt 0 ] || each=1
failed=
for target; do
  corpus=$build/corpus/$target
  mkdir -p "$corpus" "$build/findings"
  echo "== $target, $each s"
  # libFuzzer's limits: 10 s and 2 GB for one input. Leaks are libtorch's registries.
  HIES_FUZZ_TARGET=$target HIES_FUZZ_SEEDS=$corpus ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1 \
    "$build/tests/fuzz/hies_fuzz" "$corpus" -max_total_time=$each -max_len=1048576 -timeout=10 -rss_limit_mb=2048 -malloc_limit_mb=2048 \
    -detect_leaks=0 -print_final_stats=1 -verbosity=0 "-artifact_prefix=$build/findings/$target-" 2>"$build/findings/$target.log" || failed="$failed $target"
  grep -E "FINDING|ERROR|SUMMARY|runtime error|number_of_executed|peak_rss" "$build/findings/$target.log" || true
done
[ -z "$failed" ] || { echo "findings of:$failed (logs and inputs in $build/findings)"; exit 1; }
