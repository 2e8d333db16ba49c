// What TensorBoard's embedding projector shows: points in many dimensions, with what is known of each.

public import Files
import Messages
import PNGFiles
import SwiftProtobuf
public import Tensors

/// The embeddings that TensorBoard's projector shows for a run.
///
///     var projector = EmbeddingProjector()
///     projector.embeddings.append(.init("words", vectors, metadata: words.map { [$0] }))
///     try projector.visualize(in: "logs/run1")
public struct EmbeddingProjector: Sendable {
    /// Points, and what is known of each.
    public struct Embedding: Sendable {
        enum Source: Sendable {
            case values(NDArray<Float>)
            /// The variable of that name in the checkpoint.
            case variable
        }

        public let name: String
        let source: Source
        /// The names of the columns of `metadata`; not written for a single column, which has no header.
        public var columns: [String]
        /// A row for each point; empty: none.
        public var metadata: [[String]]
        /// A picture for each point, `[n, height, width, channels]`; nil: none.
        public var pictures: NDArray<UInt8>?

        /// Points that are written beside the configuration.
        ///
        /// - Parameters:
        ///   - values: `[n, dimensions]`.
        ///   - metadata: a row for each point; with several columns, these need names.
        ///   - pictures: one for each point, `[n, height, width, channels]`, all of one size.
        public init(
            _ name: String, _ values: NDArray<Float>, columns: [String] = [], metadata: [[String]] = [],
            pictures: NDArray<UInt8>? = nil
        ) {
            self.init(name, .values(values), columns, metadata, pictures)
        }

        /// The rows of a variable, read from the checkpoint of the projector.
        public init(
            variable name: String, columns: [String] = [], metadata: [[String]] = [], pictures: NDArray<UInt8>? = nil
        ) {
            self.init(name, .variable, columns, metadata, pictures)
        }

        private init(
            _ name: String, _ source: Source, _ columns: [String], _ metadata: [[String]], _ pictures: NDArray<UInt8>?
        ) {
            self.name = name
            self.source = source
            self.columns = columns
            self.metadata = metadata
            self.pictures = pictures
        }
    }

    public var embeddings: [Embedding] = []
    /// The checkpoint in which variables are looked up; nil: the latest one in the run's folder.
    public var checkpointPath: String?

    public init() {}

    /// Writes the configuration, `projector_config.pbtxt`, and the files that it names into a run's folder.
    ///
    /// - Errors: `SummaryError` where the parts of an embedding do not fit together, before anything is written;
    ///   `FileError`.
    public func visualize(in folder: String, fileSystem: any FileSystem = LocalFileSystem()) throws {
        var configuration = Tensorboard_Projector_ProjectorConfig()
        configuration.modelCheckpointPath = checkpointPath ?? ""
        var files: [(name: String, bytes: [UInt8])] = []
        for (index, embedding) in embeddings.enumerated() {
            try embedding.validate()
            // A name may be used twice, and hold what no file's name may.
            let prefix = "projector_\(index)_" + fileName(embedding.name)
            var message = Tensorboard_Projector_EmbeddingInfo()
            message.tensorName = embedding.name
            if case .values(let values) = embedding.source {
                message.tensorShape = values.shape.map { UInt32(clamping: $0) }
                message.tensorPath = prefix + "_tensor.tsv"
                files.append((message.tensorPath, embedding.tensorText(values)))
            }
            if !embedding.metadata.isEmpty {
                message.metadataPath = prefix + "_metadata.tsv"
                files.append((message.metadataPath, embedding.metadataText))
            }
            if let pictures = embedding.pictures {
                message.sprite.imagePath = prefix + "_sprite.png"
                message.sprite.singleImageDim = [
                    UInt32(clamping: pictures.shape[2]), UInt32(clamping: pictures.shape[1]),
                ]
                files.append((message.sprite.imagePath, try embedding.sprite(pictures)))
            }
            configuration.embeddings.append(message)
        }
        try fileSystem.makeFolder(folder)
        for file in files { try fileSystem.writeAtomically(file.bytes, to: joinPath(folder, file.name)) }
        // Last, so that it never names what is not there.
        try fileSystem.writeAtomically(
            Array(configuration.textFormatString().utf8), to: joinPath(folder, "projector_config.pbtxt"))
    }
}

private func fileName(_ name: String) -> String {
    String(name.prefix(100).map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == ".") ? $0 : "_" })
}

extension EmbeddingProjector.Embedding {
    fileprivate func validate() throws(SummaryError) {
        var count = metadata.isEmpty ? nil : Optional(metadata.count)
        if case .values(let values) = source {
            guard values.rank == 2 else {
                throw SummaryError(name, "an embedding has the shape [n, dimensions], not \(values.shape)")
            }
            if let count, count != values.shape[0] {
                throw SummaryError(name, "there are \(values.shape[0]) points, but \(count) rows of metadata")
            }
            count = values.shape[0]
        }
        let width = max(columns.count, 1)
        if let row = metadata.first(where: { $0.count != width }) {
            throw SummaryError(
                name, "a row of metadata has \(row.count) values, but there are names for \(columns.count) columns")
        }
        guard let pictures else { return }
        guard pictures.rank == 4, [1, 3, 4].contains(pictures.shape[3]), !pictures.shape.contains(0) else {
            throw SummaryError(
                name, "pictures have the shape [n, height, width, 1, 3 or 4 channels], not \(pictures.shape)")
        }
        if let count, count != pictures.shape[0] {
            throw SummaryError(name, "there are \(count) points, but \(pictures.shape[0]) pictures")
        }
    }

    /// A line for each point, its numbers separated by tabs.
    fileprivate func tensorText(_ values: NDArray<Float>) -> [UInt8] {
        let dimensions = values.shape[1]
        var text = ""
        values.withUnsafeBufferPointer { elements in
            for (index, element) in elements.enumerated() {
                text += "\(element)"
                text += (index + 1).isMultiple(of: dimensions) ? "\n" : "\t"
            }
        }
        return Array(text.utf8)
    }

    /// A line for each point, after one with the names where there are several columns.
    fileprivate var metadataText: [UInt8] {
        let rows = (columns.count > 1 ? [columns] : []) + metadata
        let lines = rows.map { row in
            // A tab or a new line within a value would make another of it.
            row.map { String($0.map { $0 == "\t" || $0.isNewline ? " " : $0 }) }.joined(separator: "\t") + "\n"
        }
        return Array(lines.joined().utf8)
    }

    /// All pictures in one, row by row, as many in a row as there are rows.
    fileprivate func sprite(_ pictures: NDArray<UInt8>) throws(SummaryError) -> [UInt8] {
        let (count, height, width, channels) = (
            pictures.shape[0], pictures.shape[1], pictures.shape[2], pictures.shape[3]
        )
        var perRow = 1
        while perRow * perRow < count { perRow += 1 }
        // What a browser can show of one picture.
        guard perRow * max(height, width) <= 8192 else {
            throw SummaryError(
                name, "\(count) pictures of \(width) x \(height) are more than the 8192 x 8192 pixels of the projector")
        }
        let rowBytes = perRow * width * channels
        var pixels = [UInt8](repeating: 0, count: rowBytes * perRow * height)
        pictures.withUnsafeBufferPointer { source in
            for index in 0..<count {
                let (row, column) = (index / perRow, index % perRow)
                for line in 0..<height {
                    let from = (index * height + line) * width * channels
                    let to = (row * height + line) * rowBytes + column * width * channels
                    for offset in 0..<(width * channels) { pixels[to + offset] = source[from + offset] }
                }
            }
        }
        guard let file = encodePNG(pixels, width: perRow * width, height: perRow * height, channelCount: channels)
        else {
            throw SummaryError(name, "the pictures cannot be written as PNG")
        }
        return file
    }
}
