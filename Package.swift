// swift-tools-version: 6.2
import PackageDescription

/// Settings of every Swift target.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

/// A module of the library. Its dependencies are listed in full: imports point down only.
func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// A program of the tutorials.
func example(_ name: String) -> Target {
    .executableTarget(
        name: name,
        dependencies: [
            "TensorGraph", "Charts", "ExampleSupport",
            .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ],
        path: "Examples/\(name)", swiftSettings: settings)
}

/// TensorFlow's messages are read and written with it.
let protobuf: Target.Dependency = .product(name: "SwiftProtobuf", package: "swift-protobuf")

let package = Package(
    name: "TensorGraph",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "TensorGraph", targets: ["TensorGraph"]),
        .library(name: "Charts", targets: ["Charts"]),
        .executable(name: "mnist", targets: ["mnist"]),
        .executable(name: "inverse", targets: ["inverse"]),
        .executable(name: "gradients", targets: ["gradients"]),
        .executable(name: "atoms", targets: ["atoms"]),
        .executable(name: "keras-mnist", targets: ["keras-mnist"]),
        .executable(name: "convnet", targets: ["convnet"]),
        .executable(name: "look-inside", targets: ["look-inside"]),
        .executable(name: "character-lstm", targets: ["character-lstm"]),
        .executable(name: "bench", targets: ["bench"]),
        .executable(name: "tensorgraph", targets: ["tensorgraph"]),
    ],
    dependencies: [
        // The executables' flags.
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        // TensorFlow's messages. The core, up to Training, needs nothing but the toolchain.
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.30.0"),
    ],
    targets: [
        // The core, bottom up.
        .target(name: "CKernels", linkerSettings: [.linkedLibrary("m", .when(platforms: [.linux]))]),
        module("Tensors"),
        module("Programs", ["Tensors"]),
        .target(name: "CFrames"),
        module("Graphs", ["Tensors", "Programs", "CFrames"]),
        module("Operations", ["Tensors", "Programs", "Graphs"]),
        module("CPU", ["Tensors", "Programs", "CKernels"]),
        module("Sessions", ["Tensors", "Programs", "Graphs", "Operations", "CPU"]),
        module("Training", ["Tensors", "Graphs", "Operations", "Sessions"]),

        // Files of TensorFlow and others.
        .systemLibrary(name: "CZlib"),
        module("PNGFiles", ["CZlib"]),
        .target(name: "CChecksums"),
        module("Files", ["CChecksums"]),
        .target(
            name: "Messages",
            dependencies: ["Tensors", protobuf],
            // The generated files import without access levels, so they keep the language's default for them.
            exclude: ["Protos"],
            swiftSettings: [.enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility")]),
        module("Checkpoints", ["Tensors", "Files", "Messages", protobuf, "Graphs", "Operations", "Sessions"]),
        module("GraphDefs", ["Tensors", "Programs", "Files", "Messages", protobuf, "Graphs", "Operations"]),
        module(
            "Summaries",
            [
                "Tensors", "Programs", "Files", "Messages", protobuf, "Graphs", "Operations", "Sessions", "GraphDefs",
                "PNGFiles",
            ]),
        module(
            "SavedModels",
            [
                "Tensors", "Files", "Messages", protobuf, "Graphs", "Operations", "Sessions", "GraphDefs",
                "Checkpoints",
            ]),

        // On top of the core.
        module("ArrayFiles", ["Tensors", "Files", "CZlib"]),
        .target(name: "CRows"),
        module("Datasets", ["Tensors", "Files", "CZlib", "CRows"]),
        module("ExampleRecords", ["Tensors", "Messages", protobuf, "Datasets"]),
        module("Downloads", ["Tensors", "Files", "Datasets"]),
        module("Charts", ["Tensors", "PNGFiles"]),
        module(
            "Keras",
            [
                "Tensors", "Files", "Graphs", "Operations", "Sessions", "Training", "GraphDefs", "Checkpoints",
                "Summaries", "SavedModels", "ArrayFiles", "Datasets",
            ]),
        module(
            "TensorGraph",
            [
                "Tensors", "Files", "Graphs", "Operations", "Sessions", "Training", "ArrayFiles", "Checkpoints",
                "GraphDefs", "Summaries", "SavedModels", "Datasets", "ExampleRecords", "Downloads",
                "Keras",
            ]),

        // Programs.
        // What the examples share: their flags, the digits, where figures go.
        .target(
            name: "ExampleSupport",
            dependencies: [
                "TensorGraph", "Charts", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Examples/Support", swiftSettings: settings),
        example("gradients"),
        example("inverse"),
        example("mnist"),
        example("atoms"),
        example("keras-mnist"),
        example("convnet"),
        example("look-inside"),
        example("character-lstm"),
        .executableTarget(
            name: "bench",
            dependencies: [
                "Tensors", "Graphs", "Operations", "Sessions", "Training", "Datasets",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: settings),

        .executableTarget(
            name: "tensorgraph",
            dependencies: [
                "Tensors", "Files", "ArrayFiles", "Graphs", "Operations", "CPU", "Sessions", "Checkpoints", "GraphDefs",
                "Summaries", "SavedModels",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: settings),

        // Tests.
        .target(
            name: "TestSupport", dependencies: ["Tensors", "Programs"], path: "Tests/TestSupport",
            swiftSettings: settings),
        .testTarget(name: "TensorsTests", dependencies: ["Tensors"], swiftSettings: settings),
        .testTarget(
            name: "ProgramsTests", dependencies: ["Programs", "Tensors", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "CPUTests", dependencies: ["CPU", "Programs", "Tensors", "TestSupport"], swiftSettings: settings),
        // Counts allocations; it replaces malloc in the test program, so nothing else may depend on it.
        .target(name: "CAllocationCounter", path: "Tests/CAllocationCounter"),
        .testTarget(
            name: "GraphsTests", dependencies: ["Graphs", "Operations", "Tensors", "Training"], swiftSettings: settings),
        .testTarget(
            name: "SessionsTests",
            dependencies: [
                "CAllocationCounter", "CPU", "Datasets", "Graphs", "Operations", "Sessions", "Tensors", "Training",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "TrainingTests",
            dependencies: ["Graphs", "Operations", "Sessions", "Tensors", "Training", "FileTestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "OperationsTests",
            dependencies: [
                "Operations", "Graphs", "Programs", "CPU", "Sessions", "Training", "Tensors", "TestSupport",
                "FileTestSupport", "GraphDefs",
            ],
            exclude: ["Golden"], swiftSettings: settings),
        .testTarget(
            name: "DatasetsTests",
            dependencies: ["Datasets", "Downloads", "Files", "Tensors", "CZlib", "FileTestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "ExampleRecordsTests", dependencies: ["ExampleRecords", "Datasets", "FileTestSupport", "Tensors"],
            swiftSettings: settings),
        // Disks that fail or lose what was not synced, real TensorFlow in another process, mutations of bytes.
        .target(
            name: "FileTestSupport", dependencies: ["Files", "Tensors", "TestSupport"], path: "Tests/FileTestSupport",
            swiftSettings: settings),
        .testTarget(
            name: "FilesTests", dependencies: ["Files", "CChecksums", "FileTestSupport"], swiftSettings: settings),
        // Saves checkpoints until it is killed.
        .executableTarget(
            name: "CheckpointCrasher",
            dependencies: ["Checkpoints", "Files", "Graphs", "Operations", "Sessions", "Tensors"],
            path: "Tests/CheckpointCrasher", swiftSettings: settings),
        .testTarget(
            name: "MessagesTests", dependencies: ["Messages", protobuf, "Tensors", "FileTestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "CheckpointsTests",
            dependencies: [
                "CheckpointCrasher", "Checkpoints", "Files", "Messages", protobuf, "Graphs", "Operations", "Sessions",
                "Tensors", "Training",
                "FileTestSupport",
            ],
            resources: [.copy("Fixtures")], swiftSettings: settings),
        .testTarget(
            name: "GraphDefsTests",
            dependencies: [
                "GraphDefs", "Files", "Messages", protobuf, "Graphs", "Operations", "Sessions", "Tensors", "Training",
                "FileTestSupport", "TestSupport",
            ],
            exclude: ["Models"], resources: [.copy("Fixtures")], swiftSettings: settings),
        // Writes runs for TensorBoard and ends without closing them.
        .executableTarget(
            name: "summary-sample",
            dependencies: ["Summaries", "Graphs", "Operations", "Sessions", "Tensors", "Training"],
            path: "Tests/SummarySample", swiftSettings: settings),
        .testTarget(
            name: "SummariesTests",
            dependencies: [
                "summary-sample", "Summaries", "Files", "Messages", protobuf, "Graphs", "Operations", "Sessions",
                "Tensors",
                "FileTestSupport",
            ],
            resources: [.copy("Fixtures")], swiftSettings: settings),
        .testTarget(
            name: "SavedModelsTests",
            dependencies: [
                "SavedModels", "Checkpoints", "GraphDefs", "Files", "Messages", protobuf, "Graphs", "Operations",
                "Sessions",
                "Tensors", "Training", "FileTestSupport",
            ],
            exclude: ["Models"], resources: [.copy("Fixtures")], swiftSettings: settings),
        .testTarget(
            name: "ArrayFilesTests", dependencies: ["ArrayFiles", "Files", "Tensors", "CZlib", "FileTestSupport"],
            swiftSettings: settings),
        // Runs the built tool as a user does.
        .testTarget(
            name: "CommandLineTests",
            dependencies: ["tensorgraph", "ArrayFiles", "Checkpoints", "Files", "FileTestSupport", "Tensors"],
            swiftSettings: settings),
        // Runs the built examples for a few steps.
        .testTarget(
            name: "ExamplesTests",
            dependencies: [
                "gradients", "inverse", "mnist", "look-inside", "atoms", "keras-mnist", "convnet", "character-lstm",
                "FileTestSupport", "Tensors",
            ],
            swiftSettings: settings),
        .testTarget(
            name: "ChartsTests", dependencies: ["Charts", "PNGFiles", "Tensors"], swiftSettings: settings),
        // Trains until it is interrupted.
        .executableTarget(
            name: "training-interrupted", dependencies: ["Keras", "Graphs", "Operations", "Sessions", "Tensors"],
            path: "Tests/TrainingInterrupted", swiftSettings: settings),
        .testTarget(
            name: "KerasTests",
            dependencies: [
                "training-interrupted", "Keras", "Tensors", "Files", "Graphs", "Operations", "Sessions", "Training",
                "Checkpoints", "Summaries",
                "SavedModels", "ArrayFiles", "Datasets", "FileTestSupport",
            ],
            exclude: ["Fixtures"],
            swiftSettings: settings),
        .testTarget(
            name: "BenchTests",
            dependencies: [
                "bench", "Datasets", "Graphs", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6],
    cLanguageStandard: .c11
)

// Readers of every format under libFuzzer: see Scripts/fuzz.sh.
if Context.environment["TENSORGRAPH_FUZZ"] != nil {
    package.products.append(.executable(name: "fuzz", targets: ["fuzz"]))
    package.targets.append(
        .executableTarget(
            name: "fuzz",
            dependencies: [
                "ArrayFiles", "Checkpoints", "Datasets", "ExampleRecords", "Files", "FileTestSupport", "GraphDefs",
                "Graphs", "Keras", "SavedModels", "Sessions", "Summaries", "Tensors",
            ],
            path: "Fuzz", swiftSettings: settings + [.unsafeFlags(["-parse-as-library"])]))
}
