// Where the MNIST files are looked for, and how they get into the user's cache. What the files hold is `MNIST.read`.

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
        let search = MNISTSearch(
            folder: folder, environmentFolder: environmentVariable("MNIST_DIR"), cacheFolder: userCacheFolder("mnist"),
            mirrors: mirrors, progress: progress)
        return try search.load(trainCount: trainCount, validationCount: validationCount, testCount: testCount)
    }

    /// Where the gzipped files are published.
    package static let mirrors = [
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ]
}

/// The places to look at, in order.
package struct MNISTSearch: Sendable {
    package var folder: String?
    package var environmentFolder: String?
    package var cacheFolder: String?
    package var mirrors: [String]
    package var progress: DownloadProgress

    package init(
        folder: String?, environmentFolder: String?, cacheFolder: String?, mirrors: [String], progress: DownloadProgress
    ) {
        self.folder = folder
        self.environmentFolder = environmentFolder
        self.cacheFolder = cacheFolder
        self.mirrors = mirrors
        self.progress = progress
    }

    package func load(
        trainCount: Int?, validationCount: Int, testCount: Int?
    ) throws(DatasetError) -> ImageSplits<Int32> {
        func read(_ folder: String) throws(DatasetError) -> ImageSplits<Int32> {
            try MNIST.read(
                folder: folder, trainCount: trainCount, validationCount: validationCount, testCount: testCount)
        }

        if let folder { return try read(folder) }
        var attempts: [String] = []
        if let environmentFolder {
            let missing = MNISTFolder(environmentFolder).missingFiles
            // Files that the user points at and that are damaged are an error, not a reason to take others.
            if missing.isEmpty { return try read(environmentFolder) }
            attempts.append("MNIST_DIR: \(DatasetError.missingFiles(environmentFolder, missing).fact)")
        } else {
            attempts.append("MNIST_DIR: the environment variable is not set")
        }

        guard let cacheFolder else {
            attempts.append("cache and download: neither XDG_CACHE_HOME nor HOME says where the cache is")
            throw .notFound(attempts)
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
            throw .notFound(attempts)
        }
        return try read(cacheFolder)
    }

    /// The files that are missing, cannot be read, or are not the original ones.
    private func damagedFiles(in cache: MNISTFolder) throws(DatasetError) -> [MNISTFile] {
        MNISTFile.allCases.filter { file in
            guard let path = cache.path(of: file) else { return true }
            return (try? MD5.hexadecimal(ofContentOf: path)) != file.digest
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
                try check(temporary, is: file, from: transfer)
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
private func check(_ path: String, is file: MNISTFile, from transfer: Download) throws(DatasetError) {
    let digest: String
    do {
        digest = try MD5.hexadecimal(ofContentOf: path)
    } catch {
        throw transfer.failure("what arrived is damaged: \(error.reason)")
    }
    guard digest == file.digest else {
        throw transfer.failure("what arrived has the MD5 \(digest) instead of \(file.digest)")
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

    fileprivate static func notFound(_ attempts: [String]) -> DatasetError {
        DatasetError(
            reason: "the MNIST files were not found. Looked at:" + attempts.map { "\n    \($0)" }.joined(),
            hint: "download the four files (\(MNISTFile.trainImages.rawValue).gz and so on) from "
                + "\(MNIST.mirrors[0]) by other means and name their folder in MNIST_DIR or `MNIST.load(from:)`")
    }
}
