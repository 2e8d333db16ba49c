#!/usr/bin/env bash
# Runs the tutorials to their ends and puts their figures into the documentation; prints what the articles quote.
#
#     MNIST_DIR=... Scripts/make-figures.sh [FOLDER]       # the programs' output goes to .build/figures by default
set -euo pipefail
cd "$(dirname "$0")/.."
output=${1:-.build/figures}
resources=Sources/TensorGraph/TensorGraph.docc/Resources
mkdir -p "$output" "$resources"
swift build -c release
build=$(swift build -c release --show-bin-path)
for program in gradients inverse mnist look-inside atoms keras-mnist convnet character-lstm; do
  printf '\n== %s ==\n' "$program"
  "$build/$program" --output "$output" --quiet | tee "$output/$program.txt"
done
for name in inverse inverse-product mnist fingerprints-excerpt mean-images ideal-inputs atoms keras-mnist convnet \
  character-lstm; do
  rm -f "$resources/$name.svg"
  cp "$output/$name.png" "$output/$name~dark.png" "$resources/"
done
