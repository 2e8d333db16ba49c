// The MNIST digits as they lie in a folder: which files, and what they must hold. Knows nothing of caches and networks;
// finding and downloading the files is `MNIST.load`, in a place of its own.
//
// Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits".

import Files
public import Tensors

/// The MNIST data set: 70,000 handwritten digits of 28×28 pixels.
///
///     let mnist = try MNIST.load()                   // found, or downloaded once
///     mnist.train.images.shape                       // [55000, 784], values from 0 to 1
///     mnist.train.labels.shape                       // [55000], Int32
///     let oneHot = try MNIST.load().oneHot           // labels [55000, 10], Float
///
/// As raw arrays, the way Keras has it, they come from `MNIST.loadData()`. `FashionMNIST` loads by the same rules, and
/// other data sets in this form from a folder given explicitly.
public enum MNIST {
    /// Reads the four files of a folder; nothing is searched or downloaded.
    ///
    /// Each file may be plain or gzipped, with or without `.gz` in its name: `train-images-idx3-ubyte`,
    /// `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte`, `t10k-labels-idx1-ubyte`. Rows that are not asked for are
    /// not decoded. The training and the validation set share one array.
    ///
    /// - Parameters:
    ///   - folder: where the files are.
    ///   - trainCount: how many images to train with, from the first on; by default all but the validation set's.
    ///   - validationCount: how many images, those after the training set's, form the validation set; 5000 by default.
    ///   - testCount: how many of the test images to read, from the first on; by default all.
    /// - Returns: the three sets with sparse labels; by default 55,000, 5,000 and 10,000 images.
    /// - Errors: `DatasetError` where a file is missing or damaged, images are not 28×28 bytes, there are more images
    ///   than labels or the reverse, a label is not in `0...9`, or there are fewer images than asked for.
    public static func read(
        folder: String, trainCount: Int? = nil, validationCount: Int = 5_000, testCount: Int? = nil
    ) throws(DatasetError) -> ImageSplits<Int32> {
        let folder = MNISTFolder(folder)
        let missing = folder.missingFiles
        guard missing.isEmpty else { throw .missingFiles(folder.path, missing) }

        let training = try MNISTPair(folder, .trainImages, .trainLabels)
        let validationCount = max(0, validationCount)
        let trainCount = max(0, trainCount ?? (training.count - validationCount))
        let (wanted, overflow) = trainCount.addingReportingOverflow(validationCount)
        guard !overflow, wanted <= training.count else {
            throw .tooFewRows(
                training.images.path, wanted: "\(trainCount) training and \(validationCount) validation images",
                available: training.count)
        }
        let testing = try MNISTPair(folder, .testImages, .testLabels)
        let testCount = max(0, testCount ?? testing.count)
        guard testCount <= testing.count else {
            throw .tooFewRows(testing.images.path, wanted: "\(testCount) test images", available: testing.count)
        }

        let both = try training.read(count: wanted)
        return ImageSplits(
            train: both.rows(0..<trainCount), validation: both.rows(trainCount..<wanted),
            test: try testing.read(count: testCount))
    }
}

extension MNIST {
    /// Reads the four files of a folder into arrays as they are; nothing is searched or downloaded.
    ///
    /// - Parameters:
    ///   - folder: where the files are.
    ///   - convert: what becomes of a pixel, from 0 to 255.
    /// - Returns: pixels `[n, 28, 28]` and labels `[n]` of the training images and the test images.
    package static func readData<Pixel: TensorElement>(
        folder: String, _ convert: (Double) -> Pixel
    ) throws(DatasetError) -> DigitArrays<Pixel> {
        let folder = MNISTFolder(folder)
        let missing = folder.missingFiles
        guard missing.isEmpty else { throw .missingFiles(folder.path, missing) }
        let training = try MNISTPair(folder, .trainImages, .trainLabels)
        let testing = try MNISTPair(folder, .testImages, .testLabels)
        return (try training.readArrays(convert), try testing.readArrays(convert))
    }
}

/// Pixels `[n, 28, 28]` and labels `[n]`, for training and for the test.
public typealias DigitArrays<Pixel: TensorElement> = (
    train: (x: NDArray<Pixel>, y: NDArray<Int32>), test: (x: NDArray<Pixel>, y: NDArray<Int32>)
)

/// The Fashion-MNIST data set: 70,000 pictures of clothes in the form of MNIST.
///
///     let fashion = try FashionMNIST.load()                       // found, or downloaded once
///     FashionMNIST.classNames[Int(fashion.train.labels[0] ?? 0)]  // "Ankle boot"
///
/// - Source: H. Xiao, K. Rasul, R. Vollgraf, "Fashion-MNIST: a novel image dataset" (2017).
public enum FashionMNIST {
    /// What the labels stand for.
    public static let classNames = [
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ]
}

/// The files of the data set.
package enum MNISTFile: String, CaseIterable, Sendable {
    case trainImages = "train-images-idx3-ubyte"
    case trainLabels = "train-labels-idx1-ubyte"
    case testImages = "t10k-images-idx3-ubyte"
    case testLabels = "t10k-labels-idx1-ubyte"

    /// The size of the uncompressed file of the original data set.
    package var byteCount: Int {
        switch self {
        case .trainImages: 47_040_016
        case .trainLabels: 60_008
        case .testImages: 7_840_016
        case .testLabels: 10_008
        }
    }

    /// What the file may be called: as it was published, gzipped or not, and as some archives spell it.
    package var names: [String] {
        let dotted = rawValue.withDotBeforeIDX
        return [rawValue, rawValue + ".gz", dotted, dotted + ".gz"]
    }
}

extension String {
    /// `train-images-idx3-ubyte` as `train-images.idx3-ubyte`.
    fileprivate var withDotBeforeIDX: String {
        guard let dash = indices.dropLast(4).first(where: { self[$0...].hasPrefix("-idx") }) else { return self }
        return String(self[..<dash] + "." + self[index(after: dash)...])
    }
}

/// A folder that may hold the files.
package struct MNISTFolder: Sendable {
    package let path: String

    package init(_ path: String) {
        self.path = path
    }

    /// Where the file is, or nil where the folder lacks it.
    package func path(of file: MNISTFile) -> String? {
        file.names.lazy.map { joinPath(path, $0) }.first(where: fileExists)
    }

    package var missingFiles: [MNISTFile] {
        MNISTFile.allCases.filter { path(of: $0) == nil }
    }
}

/// A file of images and the file of their labels, opened and compared, not yet decoded.
private struct MNISTPair {
    let images: (path: String, reader: IDXReader)
    let labels: (path: String, reader: IDXReader)
    let count: Int

    init(_ folder: MNISTFolder, _ imageFile: MNISTFile, _ labelFile: MNISTFile) throws(DatasetError) {
        images = try Self.open(imageFile, in: folder)
        labels = try Self.open(labelFile, in: folder)
        let (imageHeader, labelHeader) = (images.reader.header, labels.reader.header)
        let hasImages = imageHeader.shape.count == 3 && imageHeader.shape.dropFirst() == [28, 28]
        guard imageHeader.elementType == .uint8, hasImages else {
            throw .unexpectedContent(images.path, found: "\(imageHeader)", expected: "images, uint8[n, 28, 28],")
        }
        guard labelHeader.elementType == .uint8, labelHeader.shape.count == 1 else {
            throw .unexpectedContent(labels.path, found: "\(labelHeader)", expected: "a vector of labels, uint8[n],")
        }
        guard imageHeader.shape[0] == labelHeader.shape[0] else {
            throw .unequalCounts(images.path, imageCount: imageHeader.shape[0], labelCount: labelHeader.shape[0])
        }
        count = imageHeader.shape[0]
    }

    private static func open(
        _ file: MNISTFile, in folder: MNISTFolder
    ) throws(DatasetError) -> (path: String, reader: IDXReader) {
        guard let path = folder.path(of: file) else { throw .missingFiles(folder.path, [file]) }
        return (path, try IDXReader(path))
    }

    func readArrays<Pixel: TensorElement>(
        _ convert: (Double) -> Pixel
    ) throws(DatasetError) -> (x: NDArray<Pixel>, y: NDArray<Int32>) {
        let classes = try labels.reader.elements(maxRows: count) { Int32(clamping: $0) }
        let pixels = try images.reader.elements(maxRows: count, convert: convert)
        // The labels are checked where they meet images; which ones does not matter.
        _ = try LabelledImages(
            images: .zeros([count, 0]), labels: classes, classCount: 10, files: (images.path, labels.path))
        return (pixels, classes)
    }

    func read(count: Int) throws(DatasetError) -> LabelledImages<Int32> {
        let classes = try labels.reader.elements(maxRows: count) { Int32(clamping: $0) }
        let pixels = try images.reader.elements(maxRows: count) { Float($0) / 255 }
        return try LabelledImages(
            images: NDArray(untyped: pixels.untyped.reshaped([count, 28 * 28])), labels: classes, classCount: 10,
            files: (images.path, labels.path))
    }
}

extension IDXFile.Header: CustomStringConvertible {
    /// `uint8[60000, 28, 28]`
    public var description: String { "\(elementType)\(shape)" }
}

extension DatasetError {
    package static func missingFiles(_ folder: String, _ files: [MNISTFile]) -> DatasetError {
        DatasetError(
            file: folder,
            reason: "the folder does not hold "
                + files.map { "\($0.rawValue)[.gz]" }.joined(separator: ", "),
            hint: "give the folder into which the files of the data set were downloaded")
    }
}
