// How errors of the library become a line on standard error and an exit code. The codes are those of sysexits.h.

import ArgumentParser
import ArrayFiles
import Checkpoints
import Files
import GraphDefs
import Graphs
import SavedModels
import Sessions

/// A failure that the tool itself found.
struct ToolError: Error, CustomStringConvertible {
    let status: ExitStatus
    let description: String

    init(_ status: ExitStatus, _ description: String) {
        self.status = status
        self.description = description
    }
}

/// What the tool's exit codes mean.
enum ExitStatus: Int32 {
    case done = 0
    case checkFailed = 1
    case usage = 64
    case damagedData = 65
    case missingInput = 66
    case unsupported = 69
    case internalMistake = 70
    case cannotWrite = 73
    case cannotRead = 74

    /// The code for an error of the library.
    init(_ error: any Error) {
        switch error {
        case let error as ToolError: self = error.status
        case let error as FileError: self = Self.of(error)
        case let error as ArrayFileError: self = Self.of(error)
        case let error as CheckpointError: self = Self.of(error)
        case let error as SavedModelError:
            self =
                switch error.kind {
                case .malformed, .missingVariables: .damagedData
                case .noSuchTags, .noSuchSignature: .missingInput
                case .inputs, .invalidRequest: .usage
                case .exists: .cannotWrite
                }
        case let error as SessionError:
            self =
                switch error.kind {
                case .feedShape, .feedType, .duplicateFeed: .usage
                case .data: .damagedData
                default: .unsupported
                }
        case is RecordError, is GraphDefError, is GraphError: self = .damagedData
        case is GraphLookupError: self = .missingInput
        default: self = .internalMistake
        }
    }

    private static func of(_ error: FileError) -> ExitStatus {
        switch error.action {
        case .create, .write, .sync, .close, .rename, .remove, .makeFolder: .cannotWrite
        // ENOENT and ENOTDIR, the same on every system here.
        case .open where error.systemCode == 2 || error.systemCode == 20: .missingInput
        case .open, .read, .list, .examine: .cannotRead
        }
    }

    private static func of(_ error: ArrayFileError) -> ExitStatus {
        switch error.kind {
        case .damaged: .damagedData
        case .unsupported, .notRepresentable, .outOfMemory: .unsupported
        case .missingArray: .missingInput
        case .file(let error): of(error)
        }
    }

    private static func of(_ error: CheckpointError) -> ExitStatus {
        switch error.kind {
        case .notFound, .noSuchTensor: .missingInput
        case .damaged: .damagedData
        case .unsupported, .uninitializedVariable, .session: .unsupported
        case .file: error.fileError.map(of) ?? .cannotRead
        case .mismatch, .misuse: .damagedData
        }
    }
}

/// Runs a subcommand; what it throws is printed to standard error and becomes the exit code.
func withExitCodes(_ body: () throws -> Void) throws {
    do {
        try body()
    } catch let error as ExitCode {
        throw error
    } catch let error as ValidationError {
        throw error
    } catch {
        writeToStandardError("error: \(error)\n")
        throw ExitCode(ExitStatus(error).rawValue)
    }
}
