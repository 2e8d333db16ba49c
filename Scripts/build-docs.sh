#!/usr/bin/env bash
# Builds the documentation of the library with the toolchain's docc, without plugins, and fails on any warning in it.
#
#     Scripts/build-docs.sh [FOLDER]       # .build/docs by default
#
# The symbols are read from the modules of a debug build; those of the modules that TensorGraph exports again count as its
# own, so that articles can link to them.
set -euo pipefail
cd "$(dirname "$0")/.."
output=${1:-.build/docs}
swift build --target TensorGraph
build=$(swift build --show-bin-path)

tools=$(dirname "$(readlink -f "$(command -v swift)")")
triple=$(swift -print-target-info | sed -n 's/.*"unversionedTriple": "\(.*\)".*/\1/p')
exported=$(sed -n 's/^@_exported import //p' Sources/TensorGraph/*.swift | paste -sd, -)
includes=(-I "$build/Modules" -I Sources/CZlib)
for module in Sources/C*/include; do includes+=(-I "$module"); done
for map in "$build"/C*.build/module.modulemap; do
  if [ -f "$map" ]; then includes+=(-Xcc "-fmodule-map-file=$map"); fi
done

symbols=$(mktemp -d)
trap 'rm -rf "$symbols"' EXIT
"$tools/swift-symbolgraph-extract" -module-name TensorGraph "${includes[@]}" -target "$triple" \
  -minimum-access-level public -skip-synthesized-members "-experimental-allowed-reexported-modules=$exported" \
  -output-dir "$symbols"

"$tools/docc" convert Sources/TensorGraph/TensorGraph.docc --additional-symbol-graph-dir "$symbols" \
  --fallback-display-name TensorGraph --fallback-bundle-identifier org.tensorgraph.TensorGraph \
  --warnings-as-errors --output-path "$output"
echo "The documentation is in $output: docc preview, or any web server, shows it."
