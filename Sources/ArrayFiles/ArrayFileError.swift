// What can be wrong with a file of arrays, told with the file, the array, the place and the repair. Knows no format.

public import Files

/// A file of arrays that cannot be read or written.
public struct ArrayFileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What kind of mistake it is.
    public enum Kind: Hashable, Sendable {
        /// The bytes contradict the format, or a checksum.
        case damaged
        /// The file is sound, but of a kind that is not read here, such as an encrypted or pickled one.
        case unsupported
        /// The file holds no array of that name.
        case missingArray
        /// The format cannot hold what is to be written.
        case notRepresentable
        /// The machine has too little memory.
        case outOfMemory
        /// The file system failed.
        case file(FileError)
    }

    public let kind: Kind
    public let path: String
    /// The array in the file that is at fault, where it is one.
    public let array: String?
    /// Where in the file, or in the unpacked content of the array, the fact shows.
    public let offset: Int?
    /// What is wrong.
    public let fact: String
    /// What would repair it.
    public let hint: String?

    init(
        _ kind: Kind, _ path: String, array: String? = nil, at offset: Int? = nil, _ fact: String, hint: String? = nil
    ) {
        self.kind = kind
        self.path = path
        self.array = array
        self.offset = offset
        self.fact = fact
        self.hint = hint
    }

    init(_ error: FileError, array: String? = nil) {
        self.init(.file(error), error.path, array: array, "cannot \(error.action.rawValue) it: \(error.reason)")
    }

    public var description: String {
        var place = path.isEmpty ? "\"\"" : path
        if let array { place += ": array \"\(printable(array))\"" }
        if let offset { place += array == nil ? ": byte \(offset)" : " at byte \(offset)" }
        return "\(place): \(fact)" + (hint.map { "\n  hint: \($0)" } ?? "")
    }
}

/// Where mistakes are found: a file, and in archives one of its arrays.
struct Place {
    let path: String
    var array: String?

    func damaged(at offset: Int?, _ fact: String, hint: String? = nil) -> ArrayFileError {
        ArrayFileError(.damaged, path, array: array, at: offset, fact, hint: hint)
    }

    func unsupported(at offset: Int?, _ fact: String, hint: String? = nil) -> ArrayFileError {
        ArrayFileError(.unsupported, path, array: array, at: offset, fact, hint: hint)
    }

    func notRepresentable(_ fact: String, hint: String? = nil) -> ArrayFileError {
        ArrayFileError(.notRepresentable, path, array: array, fact, hint: hint)
    }

    func outOfMemory(_ byteCount: Int) -> ArrayFileError {
        ArrayFileError(.outOfMemory, path, array: array, "there is no memory for its \(byteCount) bytes")
    }
}

/// A text from a file, fit for a message: short, and without control characters.
func printable(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars.prefix(120) {
        result += scalar.value < 32 || scalar.value == 127 ? scalar.escaped(asASCII: true) : String(scalar)
    }
    return result + (text.unicodeScalars.count > 120 ? "..." : "")
}

/// Bytes from a file, fit for a message.
func printable(_ bytes: some Collection<UInt8>) -> String {
    printable(String(decoding: bytes.prefix(480), as: UTF8.self))
}
