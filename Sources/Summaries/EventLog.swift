// A file of events that is written in the background: the queue, the thread and what happens when the disk fails.
// Knows nothing of graphs and sessions.

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Files
import Messages
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// What is to be written.
struct PendingEvent: Sendable {
    enum Content: Sendable {
        case summary(Summary)
        /// A graph in its binary form.
        case graph([UInt8])
        /// Statistics of a run in their binary form.
        case runMetadata(tag: String, [UInt8])
    }

    let wallTime: Double
    let step: Int
    let content: Content

    /// About how much memory it holds on to, in bytes.
    var byteCount: Int {
        switch content {
        case .summary(let summary): summary.values.reduce(64) { $0 + $1.byteCount }
        case .graph(let bytes), .runMetadata(_, let bytes): 64 + bytes.count
        }
    }
}

/// A queue of events and the thread that writes them.
///
/// Adding to it never waits: where events come faster than they can be written, and what waits has reached its limit
/// of bytes, new ones are dropped and counted. (The alternatives are worse: waiting holds up the training that the
/// summaries are only to observe, and a file to spill to lies on the same disk that is too slow.)
final class EventLog: @unchecked Sendable {
    // Unchecked: everything mutable is reached under `lock`, and the sink by the thread only.

    private var queue: [PendingEvent] = []
    /// The bytes of the queue and of what the thread has just taken from it.
    private var waitingByteCount = 0
    private var dropped = 0
    /// Flushes asked for, and done.
    private var flushesAsked = 0
    private var flushesDone = 0
    private var isClosing = false
    private var isClosed = false
    private var failure: (any Error)?

    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    /// Signalled when there is work for the thread.
    private let work: UnsafeMutablePointer<pthread_cond_t>
    /// Signalled when a flush is done.
    private let done: UnsafeMutablePointer<pthread_cond_t>
    private var sink: EventSink
    private let options: FileWriterOptions
    /// A child process made by `fork` has this object, but no thread.
    private let processNumberAtStart = processNumber
    let path: String

    init(_ sink: EventSink, options: FileWriterOptions) throws(FileError) {
        path = sink.path
        self.sink = sink
        self.options = options
        lock = .allocate(capacity: 1)
        lock.initialize(to: pthread_mutex_t())
        pthread_mutex_init(lock, nil)
        work = .allocate(capacity: 1)
        work.initialize(to: pthread_cond_t())
        pthread_cond_init(work, nil)
        done = .allocate(capacity: 1)
        done.initialize(to: pthread_cond_t())
        pthread_cond_init(done, nil)
        guard startThread() else { throw FileError(.create, path, "no thread to write it can be started") }
        OpenLogs.insert(self)
    }

    deinit {
        pthread_cond_destroy(done)
        pthread_cond_destroy(work)
        pthread_mutex_destroy(lock)
        done.deallocate()
        work.deallocate()
        lock.deallocate()
    }

    /// How many events were dropped.
    var droppedCount: Int {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return dropped
    }

    /// Takes an event to be written; never waits for a disk.
    func add(_ event: PendingEvent) {
        let byteCount = event.byteCount
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        // One event of any size is always let in, or a large array would never be.
        let fits = waitingByteCount == 0 || byteCount <= options.queueByteLimit - waitingByteCount
        guard fits, !isClosing else {
            dropped += 1
            return
        }
        queue.append(event)
        waitingByteCount += byteCount
        if queue.count == 1 { pthread_cond_signal(work) }
    }

    /// Waits until all that was added has reached the file.
    ///
    /// - Errors: what went wrong since the last flush.
    func flush() throws { try finish(closing: false, deadline: nil) }

    /// Writes all that was added, and ends the thread. A second call does nothing.
    func close() throws {
        OpenLogs.remove(self)
        try finish(closing: true, deadline: nil)
    }

    /// Writes all that was added before the process ends, if that does not take too long.
    fileprivate func closeAtExit(within seconds: Double) {
        try? finish(closing: true, deadline: wallClockSeconds + seconds)
    }

    private func finish(closing: Bool, deadline: Double?) throws {
        guard processNumber == processNumberAtStart else { return }
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        if !isClosed {
            flushesAsked += 1
            let ticket = flushesAsked
            isClosing = isClosing || closing
            pthread_cond_signal(work)
            while flushesDone < ticket, !isClosed {
                guard let deadline else {
                    pthread_cond_wait(done, lock)
                    continue
                }
                if !wait(for: done, until: deadline) { return }
            }
        }
        let failure = self.failure
        self.failure = nil
        if let failure { throw failure }
    }

    /// Whether the condition was signalled before the time, in seconds since 1970.
    private func wait(for condition: UnsafeMutablePointer<pthread_cond_t>, until time: Double) -> Bool {
        let seconds = min(max(0, time), 4e9).rounded(.down)
        var deadline = timespec(tv_sec: Int(seconds), tv_nsec: Int(max(0, min(0.999, time - seconds)) * 1e9))
        return pthread_cond_timedwait(condition, lock, &deadline) != ETIMEDOUT
    }

    // MARK: The thread

    private func startThread() -> Bool {
        #if canImport(Darwin)
            var thread: pthread_t?
        #else
            var thread = pthread_t()
        #endif
        let context = Unmanaged.passRetained(self)
        #if canImport(Darwin)
            let result = pthread_create(
                &thread, nil,
                { context in
                    Unmanaged<EventLog>.fromOpaque(context).takeRetainedValue().run()
                    return nil
                }, context.toOpaque())
        #else
            let result = pthread_create(
                &thread, nil,
                { context in
                    if let context { Unmanaged<EventLog>.fromOpaque(context).takeRetainedValue().run() }
                    return nil
                }, context.toOpaque())
        #endif
        guard result == 0 else {
            context.release()
            return false
        }
        #if canImport(Darwin)
            if let thread { pthread_detach(thread) }
        #else
            pthread_detach(thread)
        #endif
        return true
    }

    /// Writes until the log is closed.
    private func run() {
        // A thousandth of a second at least: more often would keep a core busy.
        let interval = max(0.001, options.flushSeconds)
        var nextFlush = wallClockSeconds + interval
        var nextTry = 0.0
        pthread_mutex_lock(lock)
        while true {
            var isTime = false
            while queue.isEmpty, flushesDone == flushesAsked, !isClosing, !isTime {
                if sink.isEmpty {
                    pthread_cond_wait(work, lock)
                    // What comes after a long silence is not due at once.
                    nextFlush = max(nextFlush, wallClockSeconds + interval)
                } else {
                    isTime = !wait(for: work, until: nextFlush)
                }
            }
            let events = queue
            queue = []
            let byteCount = waitingByteCount
            let asked = flushesAsked
            let isAsked = asked > flushesDone
            let isLast = isClosing
            pthread_mutex_unlock(lock)

            var failures: [any Error] = []
            func write() {
                do {
                    try sink.write()
                } catch {
                    failures.append(error)
                    nextTry = wallClockSeconds + Self.secondsBetweenTries
                }
            }
            for event in events {
                do { try sink.append(event) } catch { failures.append(error) }
                if sink.byteCount >= options.flushByteCount, wallClockSeconds >= nextTry { write() }
            }
            if isTime || isLast || isAsked || wallClockSeconds >= nextFlush {
                if isLast || isAsked || wallClockSeconds >= nextTry { write() }
                nextFlush = max(nextTry, wallClockSeconds + interval)
            }
            if isLast { do { try sink.close() } catch { failures.append(error) } }

            pthread_mutex_lock(lock)
            waitingByteCount -= byteCount
            dropped += sink.takeLostCount()
            if failure == nil { failure = failures.first }
            flushesDone = asked
            isClosed = isLast
            pthread_cond_broadcast(done)
            if isLast { break }
        }
        pthread_mutex_unlock(lock)
    }

    /// How long a disk that failed is left alone, unless somebody asks.
    private static let secondsBetweenTries = 1.0
}

/// The logs that are to be written out when the process ends.
private enum OpenLogs {
    private static let logs = Mutex<[ObjectIdentifier: EventLog]>([:])
    /// How long the end of a process may wait for a disk.
    private static let secondsAtExit = 10.0

    /// Registers the handler once.
    private static let handler: Int32 = atexit {
        for log in OpenLogs.logs.withLock({ Array($0.values) }) { log.closeAtExit(within: OpenLogs.secondsAtExit) }
    }

    static func insert(_ log: EventLog) {
        _ = handler
        logs.withLock { $0[ObjectIdentifier(log)] = log }
    }

    static func remove(_ log: EventLog) { _ = logs.withLock { $0.removeValue(forKey: ObjectIdentifier(log)) } }
}
