// Where the files of MNIST and its like are looked for, and how they get into the user's cache. What the files hold is
// `MNIST.read`.

public import Datasets
import Files
public import Tensors

extension MNIST {
    /// Loads the digits from where they are, or downloads them once.
    ///
    ///     let mnist = try MNIST.load()                          // sparse labels: Int32, [55000]
    ///     let oneHot = try MNIST.load().oneHot                  // one-hot labels: Float, [55000, 10]
    ///     let fashion = try MNIST.load(from: "data/fashion")    // another data set of the same form
    ///
    /// A folder given here is the only place looked at. Without one, the folder named by the environment variable
    /// `MNIST_DIR` comes first, then the user's cache (`$XDG_CACHE_HOME/tensorgraph/mnist` or
    /// `~/.cache/tensorgraph/mnist`; on macOS `~/Library/Caches/tensorgraph/mnist`), and last the files are downloaded
    /// into that cache. What is downloaded must have the checksums of the original; of other files only the form is
    /// checked.
    ///
    /// - Parameters:
    ///   - folder: where the files are; nil, the default, to search and download.
    ///   - trainCount: how many images to train with, from the first on; by default all but the validation set's.
    ///   - validationCount: how many images, those after the training set's, form the validation set; 5000 by default.
    ///   - testCount: how many of the test images to read, from the first on; by default all.
    ///   - progress: who is told of a download's progress; by default a bar on standard error, if that is a terminal.
    /// - Returns: the three sets with sparse labels; by default 55,000, 5,000 and 10,000 images.
    /// - Errors: `DatasetError` where the files found are damaged, or none are found: then with each place looked at
    ///   and what was wrong there.
    public static func load(
        from folder: String? = nil, trainCount: Int? = nil, validationCount: Int = 5_000, testCount: Int? = nil,
        progress: DownloadProgress = .terminal
    ) throws(DatasetError) -> ImageSplits<Int32> {
        try MNISTSearch(.digits, folder: folder, progress: progress)
            .load(trainCount: trainCount, validationCount: validationCount, testCount: testCount)
    }

    /// Loads the digits as raw arrays, found as by `load`.
    ///
    ///     let ((xTrain, yTrain), (xTest, yTest)) = try MNIST.loadData()
    ///     xTrain.shape      // [60000, 28, 28], UInt8 from 0 to 255
    ///     yTrain.shape      // [60000], Int32 from 0 to 9
    ///
    /// - Errors: as for `load`.
    /// - Source: `keras.datasets.mnist.load_data`.
    public static func loadData(
        from folder: String? = nil, progress: DownloadProgress = .terminal
    ) throws(DatasetError) -> DigitArrays<UInt8> {
        try MNISTSearch(.digits, folder: folder, progress: progress).loadData { UInt8(clamping: $0) }
    }

    /// As `loadData`, with pixels from 0 to 1.
    public static func loadScaledData(
        from folder: String? = nil, progress: DownloadProgress = .terminal
    ) throws(DatasetError) -> DigitArrays<Float> {
        try MNISTSearch(.digits, folder: folder, progress: progress).loadData { Float($0) / 255 }
    }
}

extension FashionMNIST {
    /// Loads the pictures from where they are, or downloads them once, by the rules of `MNIST.load`: a folder given here,
    /// then that of the environment variable `FASHION_MNIST_DIR`, the cache `fashion-mnist`, and the network.
    ///
    /// - Parameters: as for `MNIST.load`.
    /// - Errors: as for `MNIST.load`.
    public static func load(
        from folder: String? = nil, trainCount: Int? = nil, validationCount: Int = 5_000, testCount: Int? = nil,
        progress: DownloadProgress = .terminal
    ) throws(DatasetError) -> ImageSplits<Int32> {
        try MNISTSearch(.fashion, folder: folder, progress: progress)
            .load(trainCount: trainCount, validationCount: validationCount, testCount: testCount)
    }

    /// Loads the pictures as raw arrays, as `MNIST.loadData` does.
    public static func loadData(
        from folder: String? = nil, progress: DownloadProgress = .terminal
    ) throws(DatasetError) -> DigitArrays<UInt8> {
        try MNISTSearch(.fashion, folder: folder, progress: progress).loadData { UInt8(clamping: $0) }
    }

    /// As `loadData`, with pixels from 0 to 1.
    public static func loadScaledData(
        from folder: String? = nil, progress: DownloadProgress = .terminal
    ) throws(DatasetError) -> DigitArrays<Float> {
        try MNISTSearch(.fashion, folder: folder, progress: progress).loadData { Float($0) / 255 }
    }
}

/// A data set in the form of MNIST: what it is called, and where it comes from.
package struct MNISTSource: Sendable {
    package var name: String
    /// How a program calls it, for hints.
    package var type: String
    /// The environment variable that names its folder.
    package var variable: String
    /// The name of its folder in the cache.
    package var cacheName: String
    /// Where the gzipped files are published.
    package var mirrors: [String]
    /// The MD5 digests of the original files.
    package var digests: [MNISTFile: String]
    /// What the digests are of: the unpacked content, or the file as it is published.
    package var digestForm: FileCompression

    package static let digits = MNISTSource(
        name: "MNIST", type: "MNIST", variable: "MNIST_DIR", cacheName: "mnist",
        mirrors: [
            "https://ossci-datasets.s3.amazonaws.com/mnist/",
            "https://storage.googleapis.com/cvdf-datasets/mnist/",
        ],
        digests: [
            .trainImages: "6bbc9ace898e44ae57da46a324031adb", .trainLabels: "a25bea736e30d166cdddb491f175f624",
            .testImages: "2646ac647ad5339dbf082846283269ea", .testLabels: "27ae3e4e09519cfbb04c329615203637",
        ], digestForm: .automatic)

    package static let fashion = MNISTSource(
        name: "Fashion-MNIST", type: "FashionMNIST", variable: "FASHION_MNIST_DIR", cacheName: "fashion-mnist",
        mirrors: [
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
        ],
        digests: [
            .trainImages: "8d4fb7e6c68d591d4c3dfef9ec88bf0d", .trainLabels: "25c81989df183df01b3e8a0aad5dffbe",
            .testImages: "bef4ecab320f06d8554ea6380940ec79", .testLabels: "bb300cfdad3c16e7a12a480ee83cd310",
        ], digestForm: .none)
}

/// The places to look at, in order.
package struct MNISTSearch: Sendable {
    package var source = MNISTSource.digits
    package var folder: String?
    package var environmentFolder: String?
    package var cacheFolder: String?
    package var mirrors: [String]
    package var progress: DownloadProgress

    /// The places that the environment names.
    init(_ source: MNISTSource, folder: String?, progress: DownloadProgress) {
        self.source = source
        self.folder = folder
        environmentFolder = environmentVariable(source.variable)
        cacheFolder = userCacheFolder(source.cacheName)
        mirrors = source.mirrors
        self.progress = progress
    }

    package init(
        _ source: MNISTSource = .digits, folder: String?, environmentFolder: String?, cacheFolder: String?,
        mirrors: [String], progress: DownloadProgress
    ) {
        self.source = source
        self.folder = folder
        self.environmentFolder = environmentFolder
        self.cacheFolder = cacheFolder
        self.mirrors = mirrors
        self.progress = progress
    }

    package func load(
        trainCount: Int?, validationCount: Int, testCount: Int?
    ) throws(DatasetError) -> ImageSplits<Int32> {
        try find { folder throws(DatasetError) in
            try MNIST.read(
                folder: folder, trainCount: trainCount, validationCount: validationCount, testCount: testCount)
        }
    }

    package func loadData<Pixel: TensorElement>(
        _ convert: (Double) -> Pixel
    ) throws(DatasetError) -> DigitArrays<Pixel> {
        try find { folder throws(DatasetError) in try MNIST.readData(folder: folder, convert) }
    }

    /// Reads from the first folder that has the files.
    private func find<Result>(
        _ read: (_ folder: String) throws(DatasetError) -> Result
    ) throws(DatasetError) -> Result {
        if let folder { return try read(folder) }
        var attempts: [String] = []
        if let environmentFolder {
            let missing = MNISTFolder(environmentFolder).missingFiles
            // Files that the user points at and that are damaged are an error, not a reason to take others.
            if missing.isEmpty { return try read(environmentFolder) }
            attempts.append("\(source.variable): \(DatasetError.missingFiles(environmentFolder, missing).fact)")
        } else {
            attempts.append("\(source.variable): the environment variable is not set")
        }

        guard let cacheFolder else {
            attempts.append("cache and download: neither XDG_CACHE_HOME nor HOME says where the cache is")
            throw .notFound(source, attempts)
        }
        let cache = MNISTFolder(cacheFolder)
        let missing = cache.missingFiles
        if missing.isEmpty {
            do {
                return try read(cacheFolder)
            } catch {
                // A mistake in the counts asked for will not go away by downloading.
                if try damagedFiles(in: cache).isEmpty { throw error }
                attempts.append("cache: \(error.fact)")
            }
        } else {
            attempts.append("cache: \(DatasetError.missingFiles(cacheFolder, missing).fact)")
        }

        do {
            try makeFolder(cacheFolder)
            for file in try damagedFiles(in: cache) { try download(file, into: cache, &attempts) }
        } catch {
            if attempts.last?.contains(error.fact) != true { attempts.append("download: \(error.fact)") }
            throw .notFound(source, attempts)
        }
        return try read(cacheFolder)
    }

    /// The files that are missing, cannot be read, or are not the original ones.
    private func damagedFiles(in cache: MNISTFolder) throws(DatasetError) -> [MNISTFile] {
        MNISTFile.allCases.filter { file in
            guard let path = cache.path(of: file) else { return true }
            return (try? MD5.hexadecimal(ofContentOf: path, source.digestForm)) != source.digests[file]
        }
    }

    /// Downloads a file from the first mirror that has it, checks it, and only then gives it its name in the cache.
    private func download(_ file: MNISTFile, into cache: MNISTFolder, _ attempts: inout [String]) throws(DatasetError) {
        let name = file.rawValue + ".gz"
        let temporary = joinPath(cache.path, ".\(name).\(processNumber).\(UInt32.random(in: 0 ... .max)).part")
        defer { removeFile(temporary) }
        var last = DatasetError(file: name, reason: "there is no mirror to download from", hint: "name one")
        for mirror in mirrors {
            let address = mirror.hasSuffix("/") ? mirror + name : mirror + "/" + name
            do throws(DatasetError) {
                removeFile(temporary)
                // Gzip is never much longer than what it holds.
                let transfer = Download(address: address, name: name, maxByteCount: file.byteCount + 1 << 16)
                try transfer.run(into: temporary, progress: progress)
                try check(temporary, is: file, of: source, from: transfer)
                // A damaged file under another name would otherwise stay the one that is found.
                for name in file.names { removeFile(joinPath(cache.path, name)) }
                try renameFile(temporary, to: joinPath(cache.path, name))
                return
            } catch {
                attempts.append("download: \(error.fact)")
                last = error
            }
        }
        throw last
    }
}

/// Compares what arrived with the original.
private func check(
    _ path: String, is file: MNISTFile, of source: MNISTSource, from transfer: Download
) throws(DatasetError) {
    let digest: String
    do {
        digest = try MD5.hexadecimal(ofContentOf: path, source.digestForm)
    } catch {
        throw transfer.failure("what arrived is damaged: \(error.reason)")
    }
    guard let expected = source.digests[file], digest == expected else {
        throw transfer.failure("what arrived has the MD5 \(digest) instead of \(source.digests[file] ?? "none")")
    }
}

/// Where a user's programs keep what they can get again, or nil where the environment does not say.
func userCacheFolder(_ name: String) -> String? {
    if let folder = environmentVariable("XDG_CACHE_HOME"), folder.hasPrefix("/") {
        return joinPath(folder, "tensorgraph/\(name)")
    }
    guard let home = environmentVariable("HOME") else { return nil }
    #if os(macOS)
        return joinPath(home, "Library/Caches/tensorgraph/\(name)")
    #else
        return joinPath(home, ".cache/tensorgraph/\(name)")
    #endif
}

extension DatasetError {
    /// The place and the reason, without the hint.
    fileprivate var fact: String { (file.map { $0 + ": " } ?? "") + reason }

    fileprivate static func notFound(_ source: MNISTSource, _ attempts: [String]) -> DatasetError {
        DatasetError(
            reason: "the \(source.name) files were not found. Looked at:" + attempts.map { "\n    \($0)" }.joined(),
            hint: "download the four files (\(MNISTFile.trainImages.rawValue).gz and so on) from "
                + "\(source.mirrors.first ?? "a mirror") by other means and name their folder in \(source.variable) or "
                + "`\(source.type).load(from:)`")
    }
}
