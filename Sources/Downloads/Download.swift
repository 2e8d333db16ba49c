// Fetching one file over HTTP into a file, without holding it in memory. The one place that needs the network library.

import Datasets
import Foundation

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// One file to be fetched.
struct Download {
    let address: String
    /// The name under which its progress is shown.
    let name: String
    /// What the server may send at most.
    let maxByteCount: Int

    /// How long the server may be silent, when connecting or later.
    static let silenceSeconds = 10.0
    /// How long the whole file may take.
    static let totalSeconds = 900.0

    /// Fetches the file into a new file at `path` and returns when it is complete.
    ///
    /// - Errors: `DatasetError` where the address cannot be reached in time, the server refuses, or the file cannot be
    ///   written; what had arrived by then is left at `path`.
    func run(into path: String, progress: DownloadProgress) throws(DatasetError) {
        guard let url = URL(string: address), url.scheme != nil else { throw failure("this is not an address") }
        let receiver = Receiver(file: try FileWriting(path), download: self, progress: progress)
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = Self.silenceSeconds
        configuration.timeoutIntervalForResource = Self.totalSeconds
        let session = URLSession(configuration: configuration, delegate: receiver, delegateQueue: nil)
        let task = session.dataTask(with: url)
        task.resume()
        let inTime = receiver.wait(seconds: Self.totalSeconds)
        session.invalidateAndCancel()
        guard inTime else { throw failure("it was not complete after \(Int(Self.totalSeconds)) s") }
        if let error = receiver.error { throw error }
    }

    func failure(_ reason: String) -> DatasetError {
        DatasetError(file: address, reason: reason, hint: "check the network, or download the file by other means")
    }
}

/// Writes what arrives to the file.
///
/// Sendable because its state is guarded by `lock`; the network library calls it from a queue of its own.
private final class Receiver: NSObject, URLSessionDataDelegate, @unchecked Sendable {
    private let file: FileWriting
    private let download: Download
    private let progress: DownloadProgress
    private let finished = DispatchSemaphore(value: 0)
    private let lock = NSLock()
    private var receivedByteCount = 0
    private var totalByteCount: Int?
    private var lastReport: DispatchTime?
    private var storedError: DatasetError?

    init(file: FileWriting, download: Download, progress: DownloadProgress) {
        self.file = file
        self.download = download
        self.progress = progress
    }

    var error: DatasetError? { lock.withLock { storedError } }

    /// Waits for the end; false where it does not come in time.
    func wait(seconds: Double) -> Bool {
        finished.wait(timeout: .now() + seconds + Download.silenceSeconds) == .success
    }

    func urlSession(
        _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
        completionHandler: @escaping (URLSession.ResponseDisposition) -> Void
    ) {
        let isWelcome = lock.withLock {
            if let status = (response as? HTTPURLResponse)?.statusCode, status != 200 {
                storedError = download.failure("the server answers with HTTP status \(status)")
                return false
            }
            totalByteCount = response.expectedContentLength > 0 ? Int(response.expectedContentLength) : nil
            return true
        }
        completionHandler(isWelcome ? .allow : .cancel)
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        let goesOn = lock.withLock { append(data) }
        if !goesOn { dataTask.cancel() }
    }

    private func append(_ data: Data) -> Bool {
        guard storedError == nil else { return false }
        receivedByteCount += data.count
        guard receivedByteCount <= download.maxByteCount else {
            storedError = download.failure("the server sends more than \(download.maxByteCount) bytes")
            return false
        }
        let failure = data.withUnsafeBytes { bytes -> DatasetError? in
            do throws(DatasetError) {
                try file.append(bytes)
                return nil
            } catch {
                return error
            }
        }
        storedError = failure
        report(isFinished: false)
        return failure == nil
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        lock.withLock {
            if let error, storedError == nil {
                let isSilence = (error as? URLError)?.code == .timedOut
                storedError = download.failure(
                    isSilence ? "nothing arrived for \(Int(Download.silenceSeconds)) s" : error.localizedDescription)
            }
            if storedError == nil, let totalByteCount, receivedByteCount != totalByteCount {
                storedError = download.failure("\(receivedByteCount) of \(totalByteCount) bytes arrived")
            }
            if receivedByteCount > 0 { report(isFinished: true) }
        }
        finished.signal()
    }

    /// At most ten times a second, and at the end.
    private func report(isFinished: Bool) {
        let now = DispatchTime.now()
        if !isFinished, let lastReport, now < lastReport + 0.1 { return }
        lastReport = now
        progress.report(
            DownloadProgress.Update(
                file: download.name, receivedByteCount: receivedByteCount, totalByteCount: totalByteCount,
                isFinished: isFinished))
    }
}
