// Fashion-MNIST and raw arrays: where they are looked for, and what is downloaded from a server on this machine.

import Foundation
import Synchronization
import Tensors
import Testing

@testable import Datasets
@testable import Downloads

/// A server of this machine that answers each path with given bytes, and counts what it is asked for.
private final class LocalServer: Sendable {
    private let socket: Int32
    let address: String
    private let asked = Mutex<[String]>([])
    var paths: [String] { asked.withLock { $0 } }

    init(_ files: [String: [UInt8]]) throws {
        #if canImport(Darwin)
            let kind = SOCK_STREAM
        #else
            let kind = Int32(SOCK_STREAM.rawValue)
        #endif
        let socket = Foundation.socket(AF_INET, kind, 0)
        var name = sockaddr_in()
        name.sin_family = sa_family_t(AF_INET)
        name.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let port = withUnsafeMutableBytes(of: &name) { bytes -> UInt16? in
            guard let pointer = bytes.assumingMemoryBound(to: sockaddr.self).baseAddress,
                bind(socket, pointer, size) == 0, listen(socket, 8) == 0, getsockname(socket, pointer, &size) == 0
            else { return nil }
            return UInt16(bytes[2]) << 8 | UInt16(bytes[3])
        }
        self.socket = socket
        address = "http://127.0.0.1:\(try #require(port))/data/"
        let thread = Thread { [self] in
            while true {
                let connection = accept(socket, nil, nil)
                guard connection >= 0 else { return }
                answer(connection, files)
                close(connection)
            }
        }
        thread.start()
    }

    func stop() { shutdown(socket, Int32(SHUT_RDWR)) }

    private func answer(_ connection: Int32, _ files: [String: [UInt8]]) {
        var request: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !String(decoding: request, as: UTF8.self).contains("\r\n\r\n") {
            let count = read(connection, &buffer, buffer.count)
            guard count > 0 else { return }
            request += buffer[..<count]
        }
        let path = String(decoding: request, as: UTF8.self).split(separator: " ").dropFirst().first ?? ""
        asked.withLock { $0.append(String(path)) }
        let body = files[String(path.split(separator: "/").last ?? "")]
        let head = "HTTP/1.1 \(body == nil ? "404 Not Found" : "200 OK")\r\nContent-Length: \(body?.count ?? 0)\r\n"
        let bytes = Array((head + "Connection: close\r\n\r\n").utf8) + (body ?? [])
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { write(connection, $0.baseAddress, $0.count) }
            guard count > 0 else { return }
            written += count
        }
    }
}

struct FashionMNISTTests {
    private let folder: ScratchFolder

    init() throws { folder = try ScratchFolder() }

    @Test func theClassesHaveTheirPublishedNames() {
        #expect(FashionMNIST.classNames.count == 10)
        #expect(FashionMNIST.classNames[0] == "T-shirt/top" && FashionMNIST.classNames[9] == "Ankle boot")
    }

    @Test func aFolderIsReadAsRawArrays() throws {
        try writeDigits(in: folder, trainCount: 12, testCount: 3)
        let ((xTrain, yTrain), (xTest, yTest)) = try FashionMNIST.loadData(from: folder.path)
        #expect(xTrain.shape == [12, 28, 28] && xTrain[11, 27, 27] == 11)
        #expect(yTrain.scalars == (0..<12).map { $0 % 10 })
        #expect(xTest.shape == [3, 28, 28] && yTest.scalars == [0, 1, 2])
        let scaled = try MNIST.loadScaledData(from: folder.path)
        #expect(scaled.train.x[11, 0, 0] == Float(11) / 255 && scaled.train.y == yTrain)
        #expect(try FashionMNIST.load(from: folder.path, validationCount: 2).train.images.shape == [10, 784])
        _ = try folder.write("t10k-labels-idx1-ubyte", idx(code: 8, shape: [3], payload: [1, 2, 10]))
        let error = datasetError { _ = try FashionMNIST.loadData(from: folder.path) }
        #expect(error?.reason == "label number 2 is 10, outside 0...9")
    }

    /// A source whose files are those that `writeDigits` makes, compressed, and which a server hands out.
    private func source(_ form: FileCompression) throws -> (MNISTSource, [String: [UInt8]]) {
        var source = MNISTSource.fashion
        source.digestForm = form
        var files: [String: [UInt8]] = [:]
        let original = try ScratchFolder()
        try writeDigits(in: original, trainCount: 6, testCount: 2, compressed: true)
        for file in MNISTFile.allCases {
            let path = original.path + "/" + file.rawValue + ".gz"
            files[file.rawValue + ".gz"] = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            source.digests[file] = try MD5.hexadecimal(ofContentOf: path, form)
        }
        return (source, files)
    }

    @Test(arguments: [FileCompression.none, .automatic])
    func whatIsMissingIsDownloadedOnceAndChecked(form: FileCompression) throws {
        let (source, files) = try source(form)
        let server = try LocalServer(files)
        defer { server.stop() }
        let cache = folder.path + "/cache"
        let search = MNISTSearch(
            source, folder: nil, environmentFolder: nil, cacheFolder: cache, mirrors: [server.address],
            progress: .silent)
        #expect(try search.loadData { UInt8($0) }.train.x.shape == [6, 28, 28])
        #expect(server.paths.count == 4)
        #expect(try search.load(trainCount: nil, validationCount: 1, testCount: nil).train.count == 5)
        #expect(server.paths.count == 4, "the cache is used")
        // A damaged file of the cache is replaced, and only that one.
        try Data([1, 2, 3]).write(to: URL(fileURLWithPath: cache + "/t10k-images-idx3-ubyte.gz"))
        #expect(try search.loadData { UInt8($0) }.test.x.shape == [2, 28, 28])
        #expect(server.paths.count == 5)
    }

    @Test func whatArrivesDamagedIsRefused() throws {
        var (source, files) = try source(.none)
        files["train-images-idx3-ubyte.gz"]?.append(0)
        let server = try LocalServer(files)
        defer { server.stop() }
        let cache = folder.path + "/cache"
        let search = MNISTSearch(
            source, folder: nil, environmentFolder: "/nonexistent", cacheFolder: cache, mirrors: [server.address],
            progress: .silent)
        let error = try #require(datasetError { _ = try search.loadData { UInt8($0) } })
        #expect(error.reason.hasPrefix("the Fashion-MNIST files were not found. Looked at:\n    FASHION_MNIST_DIR: "))
        #expect(error.reason.contains("what arrived has the MD5"))
        #expect(error.hint.hasSuffix("name their folder in FASHION_MNIST_DIR or `FashionMNIST.load(from:)`"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: cache).isEmpty)
        source.digests = [:]
        #expect(datasetError { _ = try search.loadData { UInt8($0) } } != nil)
    }
}
