#!/usr/bin/env python3
"""Checks that imports point down only, and that the core needs nothing but the toolchain.

    python3 Scripts/check-imports.py            # checks Sources/
    python3 Scripts/check-imports.py --self-test  # proves that a wrong import is found
"""

import pathlib
import re
import sys

SYSTEM = {"Synchronization", "Runtime", "Glibc", "Musl", "Darwin"}
# Each module of the library, bottom up, with what it may import of the package; and whether it may use Foundation.
MAY_IMPORT = {
    "Tensors": set(),
    "Programs": {"Tensors"},
    "Graphs": {"Tensors", "Programs", "CFrames"},
    "Operations": {"Tensors", "Programs", "Graphs"},
    "CPU": {"Tensors", "Programs", "CKernels"},
    "Sessions": {"Tensors", "Programs", "Graphs", "Operations", "CPU"},
    "Training": {"Tensors", "Graphs", "Operations", "Sessions"},
    "Files": {"CChecksums"},
    "PNGFiles": {"CZlib"},
    "Messages": {"Tensors", "SwiftProtobuf"},
    "Checkpoints": {"Tensors", "Files", "Messages", "SwiftProtobuf", "Graphs", "Operations", "Sessions"},
    "GraphDefs": {"Tensors", "Programs", "Files", "Messages", "SwiftProtobuf", "Graphs", "Operations"},
    "Summaries": {"Tensors", "Programs", "Files", "Messages", "SwiftProtobuf", "Graphs", "Operations", "Sessions",
                  "GraphDefs", "PNGFiles"},
    "SavedModels": {"Tensors", "Files", "Messages", "SwiftProtobuf", "Graphs", "Operations", "Sessions", "GraphDefs",
                    "Checkpoints"},
    "ArrayFiles": {"Tensors", "Files", "CZlib"},
    "Datasets": {"Tensors", "Files", "CZlib", "CRows"},
    "ExampleRecords": {"Tensors", "Messages", "SwiftProtobuf", "Datasets"},
    "Downloads": {"Tensors", "Files", "Datasets"},
    "Charts": {"Tensors", "PNGFiles"},
    "Keras": {"Tensors", "Files", "Graphs", "Operations", "Sessions", "Training", "GraphDefs", "Checkpoints",
              "Summaries", "SavedModels", "ArrayFiles", "Datasets"},
    "TensorGraph": {"Tensors", "Files", "Graphs", "Operations", "Sessions", "Training", "ArrayFiles",
                    "Checkpoints", "GraphDefs", "Summaries", "SavedModels", "Datasets", "ExampleRecords", "Downloads",
                    "Keras"},
}
OUTSIDE_THE_CORE = {"Messages", "Checkpoints", "GraphDefs", "Summaries", "SavedModels", "Datasets", "ExampleRecords",
                    "Downloads", "Charts", "Keras", "TensorGraph"}
FOUNDATION = {"Foundation", "FoundationEssentials", "FoundationNetworking"}
IMPORT = re.compile(r"^\s*(?:@\w+(?:\(\w+\))?\s+)*(?:public |package |internal |private |fileprivate )?import\s+"
                    r"(?:struct |class |enum |protocol |func |var |let |typealias )?(\w+)", re.MULTILINE)


def mistakes(module, file, text):
    allowed = MAY_IMPORT[module] | SYSTEM | (FOUNDATION if module in OUTSIDE_THE_CORE else set())
    for imported in IMPORT.findall(text):
        if imported not in allowed:
            yield f"{file}: {module} must not import {imported}"


def main():
    if "--self-test" in sys.argv:
        assert list(mistakes("Graphs", "x.swift", "package import Operations\n")), "an upward import was not found"
        assert list(mistakes("Tensors", "x.swift", "import Foundation\n")), "Foundation in the core was not found"
        assert not list(mistakes("Sessions", "x.swift", "public import Graphs\n")), "a downward import was refused"
        print("check-imports: the check bites")
        return 0
    sources = pathlib.Path(__file__).resolve().parent.parent / "Sources"
    found = [mistake for module in MAY_IMPORT for file in sorted((sources / module).rglob("*.swift"))
             for mistake in mistakes(module, file.relative_to(sources), file.read_text())]
    print("\n".join(found) if found else "check-imports: imports point down")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
