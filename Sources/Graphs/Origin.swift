// Where in the user's program a node was made. Operators cannot take a file and a line as arguments, so every node
// keeps the return addresses of the calls that made it. Taking them costs some ten nanoseconds; they are looked up in
// the debug information only when a mistake is reported.

import CFrames
import Synchronization

/// The place in the user's program that made a node.
package struct Origin: Sendable {
    /// The return addresses, innermost first. Nodes made by the same calls share one array.
    private let addresses: [UInt]

    /// No known place.
    package static let unknown = Origin(addresses: [])

    /// Enough to leave the library, whose debug builds nest their calls deeply.
    private static let depth = 64

    /// The traces seen so far, by hash. Programs have few places that make nodes; should there be very many, later
    /// ones just do not share.
    private static let known = Mutex<[UInt64: [UInt]]>([:])
    private static let knownLimit = 65_536

    /// The place of the call that leads here from outside the library.
    package static func capture() -> Origin {
        withUnsafeTemporaryAllocation(of: UInt.self, capacity: depth) { buffer in
            let count = Int(cframes_capture(buffer.baseAddress, Int32(depth)))
            let trace = UnsafeMutableBufferPointer(rebasing: buffer[..<count])
            var hash: UInt64 = 0xcbf2_9ce4_8422_2325
            for address in trace { hash = (hash ^ UInt64(address)) &* 0x9E37_79B9_7F4A_7C15 }
            return known.withLock { known in
                if let addresses = known[hash], addresses.elementsEqual(trace) { return Origin(addresses: addresses) }
                let addresses = Array(trace)
                if known.count < knownLimit { known[hash] = addresses }
                return Origin(addresses: addresses)
            }
        }
    }

    /// `file.swift:41`, or nil where the program carries no debug information.
    package var place: String? {
        var function: String?
        // One by one, since looking up takes a tenth of a second for each address in a large program.
        for frame in addresses.lazy.flatMap(Self.frames) {
            if let file = frame.file, frame.line > 0 {
                if Self.isInsideLibrary(file) { continue }
                return "\(file.split(separator: "/").last.map(String.init) ?? file):\(frame.line)"
            }
            // Without line tables the best that can be said is the first function that is not ours.
            if function == nil, frame.file == nil, !Self.isLibrarySymbol(frame.rawName) { function = frame.name }
        }
        return function.map { "in \($0)" }
    }

    /// What is known of the addresses that were looked up: many mistakes are made through the same functions.
    private static let lookedUp = Mutex<[UInt: [SymbolicatedFrame]]>([:])

    private static func frames(at address: UInt) -> [SymbolicatedFrame] {
        if let known = lookedUp.withLock({ $0[address] }) { return known }
        let frames = symbolicate([address])
        lookedUp.withLock { $0[address] = frames }
        return frames
    }

    /// The folder that holds the library's modules.
    private static let sources: Substring = {
        let file = #filePath
        return file.dropLast("Graphs/Origin.swift".count)
    }()

    private static let modules = [
        "Graphs", "Operations", "Sessions", "Training", "Tensors", "Programs", "TensorGraph", "GraphDefs",
        "SavedModels", "Summaries", "Checkpoints", "Keras",
    ]

    private static func isInsideLibrary(_ path: String) -> Bool {
        if path.contains("<compiler-generated>") || path.contains("/swift/stdlib/") { return true }
        return modules.contains { module in
            guard let range = path.firstRange(of: "Sources/\(module)/") else { return false }
            let folder = path[..<range.lowerBound] + "Sources/"
            // Optimised builds name files relative to the folder in which the build was started.
            return path.hasPrefix("/") ? folder == sources : sources.hasSuffix("/\(folder)")
        }
    }

    private static func isLibrarySymbol(_ name: String) -> Bool {
        modules.contains { name.hasPrefix("$s\($0.count)\($0)") } || name.hasPrefix("$ss") || name.hasPrefix("$sS")
            || !name.hasPrefix("$s")
    }
}
