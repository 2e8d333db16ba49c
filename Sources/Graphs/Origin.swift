// Where in the user's program a node was made. Operators cannot take a file and a line as arguments, so every node
// keeps a short trace of return addresses, which costs a microsecond or two and is looked up only when a mistake
// is reported.

import Synchronization

#if canImport(Runtime) && os(Linux)
    import Runtime
#endif

/// The place in the user's program that made a node.
package struct Origin: Sendable {
    #if canImport(Runtime) && os(Linux)
        private let trace: Backtrace?

        /// The images of this process, looked up once: a map for each trace would cost a hundred times as much.
        private static let images = ImageMap.capture()

        private init(trace: Backtrace?) {
            self.trace = trace
        }

        /// The place of the call that leads here from outside the library.
        package static func capture() -> Origin {
            Origin(trace: try? Backtrace.capture(algorithm: .fast, limit: 40, top: 0, images: images))
        }

        /// No known place.
        package static let unknown = Origin(trace: nil)

        /// `file.swift:41`, or nil where the program carries no debug information.
        package var place: String? {
            guard let trace, let symbols = trace.symbolicated(with: Self.images, options: .default) else { return nil }
            var function: String?
            for frame in symbols.frames {
                guard let symbol = frame.symbol else { continue }
                if let location = symbol.sourceLocation, location.line > 0 {
                    if Self.isInsideLibrary(location.path) { continue }
                    let file = location.path.split(separator: "/").last.map(String.init) ?? location.path
                    return "\(file):\(location.line)"
                }
                // Without line tables the best that can be said is the first function that is not ours.
                if function == nil, symbol.sourceLocation == nil, !Self.isLibrarySymbol(symbol.rawName) {
                    function = symbol.name
                }
            }
            return function.map { "in \($0)" }
        }

        /// The folder that holds the library's modules.
        private static let sources: Substring = {
            let file = #filePath
            return file.dropLast("Graphs/Origin.swift".count)
        }()

        private static let modules = [
            "Graphs", "Operations", "Sessions", "Training", "Tensors", "Programs", "TensorGraph",
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
            modules.contains { name.hasPrefix("$s\($0.count)\($0)") } || name.hasPrefix("$ss")
                || name.hasPrefix("$sS") || !name.hasPrefix("$s")
        }
    #else
        package static func capture() -> Origin { Origin() }
        package static let unknown = Origin()
        package var place: String? { nil }
    #endif
}
