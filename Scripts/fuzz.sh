#!/usr/bin/env bash
# Reads damaged files of every format until something breaks.
#
#     Scripts/fuzz.sh                    # every target, 10,000 runs each
#     Scripts/fuzz.sh npz 1000000       # one target
#     Scripts/fuzz.sh all 1000000
#     Scripts/fuzz.sh self-test          # proves that a mistake is found
#
# Inputs that reach new code are kept in .build/fuzz-corpus/TARGET and start the next campaign; more can be put there,
# such as what Tests/GraphDefsTests/Models writes for graphdef. What breaks is written to
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

# Runs a target; the status is that of the fuzzer.
campaign() {
  local target=$1 corpus=.build/fuzz-corpus/$1 findings=.build/fuzz-findings/$1
  mkdir -p "$corpus" "$findings"
  FUZZ_TARGET=$target FUZZ_SEEDS=$corpus "$fuzz" || return
  FUZZ_TARGET=$target "$fuzz" "$corpus" -runs="$2" -artifact_prefix="$findings/" -rss_limit_mb=2048 \
    -malloc_limit_mb=512 -timeout=60 -max_len="${FUZZ_MAX_LENGTH:-16384}" -print_final_stats=1 >"$findings/log" 2>&1
}

if [ "$wanted" = self-test ]; then
  if campaign self-test 1000000; then
    echo "the fuzzer does not find a mistake that is there"
    exit 1
  fi
  echo "the fuzzer finds a mistake"
  exit 0
fi

failed=0
tried=0
for target in $(FUZZ_LIST=1 "$fuzz"); do
  [ "$wanted" = all ] || [ "$wanted" = "$target" ] || continue
  tried=1
  printf '== %s: %s runs\n' "$target" "$runs"
  log=.build/fuzz-findings/$target/log
  if campaign "$target" "$runs"; then
    grep -aE 'DONE|number_of_executed_units|peak_rss_mb' "$log" | sed 's/^/   /' || true
  else
    echo "   a finding: see ${log%/log}"
    tail -n 40 "$log" || true
    failed=1
  fi
done
if [ $tried = 0 ]; then
  echo "there is no target $wanted; there are: $(FUZZ_LIST=1 "$fuzz" | tr '\n' ' ')"
  exit 64
fi
exit $failed
