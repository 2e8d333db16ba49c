#!/usr/bin/env bash
# Generates Sources/Messages/*.pb.swift from the declarations in Sources/Messages/Protos. Needed only where one of those
# has changed: the result is committed.
#
#     Scripts/generate-messages.sh PROTOC PROTOC_GEN_SWIFT
#
# PROTOC is the protocol buffers compiler (33 or newer), PROTOC_GEN_SWIFT the product protoc-gen-swift of the
# swift-protobuf that Package.swift names.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -eq 2 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 64; }
read -ra protoc <<<"$1"

"${protoc[@]}" --plugin=protoc-gen-swift="$2" --proto_path=Sources/Messages/Protos \
  --swift_out=Sources/Messages --swift_opt=Visibility=Package \
  Sources/Messages/Protos/*.proto
