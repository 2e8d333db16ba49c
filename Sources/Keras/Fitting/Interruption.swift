// Ctrl-C and SIGTERM while a model is trained: noticed between two steps, so that nothing is lost.

import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The signal that arrived, or 0. Set by a signal's handler, which may do nothing else.
private let arrivedSignal = Atomic<Int32>(0)

/// How many trainings are going on, and for which signals the handler was put in place.
private let watching = Mutex<(count: Int, signals: [Int32])>((0, []))

/// Notices signals that ask the process to end, as long as it exists.
///
/// A signal that the program handles or ignores itself is left to it. A second one of the same kind ends the process at
/// once.
final class InterruptionWatch {
    init() {
        watching.withLock { watching in
            watching.count += 1
            guard watching.count == 1 else { return }
            arrivedSignal.store(0, ordering: .relaxed)
            for number in [SIGINT, SIGTERM] {
                let previous = signal(number) { number in
                    arrivedSignal.store(number, ordering: .relaxed)
                    signal(number, SIG_DFL)
                }
                if previous == nil {
                    watching.signals.append(number)
                } else {
                    signal(number, previous)
                }
            }
        }
    }

    deinit {
        watching.withLock { watching in
            watching.count -= 1
            guard watching.count == 0 else { return }
            for number in watching.signals { signal(number, SIG_DFL) }
            watching.signals = []
        }
    }

    /// The signal that arrived, or nil.
    var signalNumber: Int32? {
        let number = arrivedSignal.load(ordering: .relaxed)
        return number == 0 ? nil : number
    }

    /// Its name, for messages.
    static func name(of number: Int32) -> String { number == SIGINT ? "Ctrl-C" : "SIGTERM" }

    /// Ends the process as one that a signal ended: with 130 after Ctrl-C, 143 after SIGTERM.
    static func endProcess(after number: Int32) -> Never { exit(128 + number) }
}
