// How the progress of a download is shown.

import Datasets
import Files

/// Who is told how far a download is.
public struct DownloadProgress: Sendable {
    /// How far one file is.
    public struct Update: Hashable, Sendable {
        /// The name of the file.
        public let file: String
        /// How many bytes have arrived.
        public let receivedByteCount: Int
        /// How many bytes there are, where the server says so.
        public let totalByteCount: Int?
        /// Whether this is the last update for the file.
        public let isFinished: Bool
    }

    private enum Choice {
        case terminal
        case silent
        case custom(@Sendable (Update) -> Void)
    }

    private let choice: Choice

    /// A bar on standard error, where that is a terminal; nothing otherwise.
    public static let terminal = DownloadProgress(choice: .terminal)
    /// Nothing.
    public static let silent = DownloadProgress(choice: .silent)
    /// Calls `body`, from any thread, each time bytes arrive.
    public static func custom(_ body: @escaping @Sendable (Update) -> Void) -> DownloadProgress {
        DownloadProgress(choice: .custom(body))
    }

    package func report(_ update: Update) {
        switch choice {
        case .terminal:
            guard standardErrorIsTerminal else { return }
            writeToStandardError("\r" + update.bar + (update.isFinished ? "\n" : ""))
        case .silent:
            break
        case .custom(let body):
            body(update)
        }
    }
}

extension DownloadProgress.Update {
    /// `train-images-idx3-ubyte.gz  [████████░░░░░░░░░░░░]  40 %   4.0 of 9.9 MB`
    package var bar: String {
        let received = megabytes(receivedByteCount)
        guard let totalByteCount, totalByteCount > 0 else { return "\(padded(file, 28)) \(received) MB" }
        let share = min(1, max(0, Double(receivedByteCount) / Double(totalByteCount)))
        let filled = Int(share * 20)
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 20 - filled)
        let percent = String(Int(share * 100))
        let blanks = String(repeating: " ", count: max(0, 3 - percent.count))
        return "\(padded(file, 28)) [\(bar)] \(blanks)\(percent) %  \(received) of \(megabytes(totalByteCount)) MB"
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// Millions of bytes with one decimal.
    private func megabytes(_ byteCount: Int) -> String {
        let tenths = max(0, byteCount) / 100_000
        return "\(tenths / 10).\(tenths % 10)"
    }
}
