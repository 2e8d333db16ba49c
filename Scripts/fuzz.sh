#!/usr/bin/env bash
# Reads damaged files of every format until something breaks.
#
#     Scripts/fuzz.sh                    # every target, 10,000 runs each
#     Scripts/fuzz.sh npz 1000000       # one target
#     Scripts/fuzz.sh all 1000000
#
# Inputs that reach new code are kept in .build/fuzz-corpus and start the next campaign. What breaks is written to
# .build/fuzz-findings, and the exit status is 1: make it a test first, then mend it.
set -euo pipefail
cd "$(dirname "$0")/.."
wanted=${1:-all}
runs=${2:-10000}

export TENSORGRAPH_FUZZ=1
# Instrumented modules are kept apart from the usual ones.
swift build -c release --scratch-path .build/fuzz --product fuzz \
  -Xswiftc -sanitize=fuzzer,address -Xcc -fsanitize=fuzzer-no-link,address
fuzz=.build/fuzz/release/fuzz
export ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1

failed=0
for target in $(FUZZ_LIST=1 "$fuzz"); do
  [ "$wanted" = all ] || [ "$wanted" = "$target" ] || continue
  corpus=.build/fuzz-corpus/$target
  findings=.build/fuzz-findings/$target
  mkdir -p "$corpus" "$findings"
  FUZZ_TARGET=$target FUZZ_SEEDS=$corpus "$fuzz"
  printf '== %s: %s runs\n' "$target" "$runs"
  if FUZZ_TARGET=$target "$fuzz" "$corpus" -runs="$runs" -artifact_prefix="$findings/" -rss_limit_mb=2048 \
      -malloc_limit_mb=512 -timeout=10 -max_len="${FUZZ_MAX_LENGTH:-16384}" -print_final_stats=1 -verbosity=0 \
      >"$findings/log" 2>&1; then
    grep -E 'number_of_executed_units|average_exec_per_sec|peak_rss_mb' "$findings/log" | sed 's/^/   /' || true
  else
    echo "   a finding: see $findings"
    tail -n 40 "$findings/log"
    failed=1
  fi
done
exit $failed
