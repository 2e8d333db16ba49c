// What libFuzzer calls: one program for all targets, which the environment chooses among.
//
// Built only where TENSORGRAPH_FUZZ is set; `Scripts/fuzz.sh` does so.

import Foundation
import Graphs

/// A format that is read from bytes of any kind.
struct FuzzTarget: Sendable {
    let name: String
    /// Reads the bytes. Errors are fine; ending the process is a finding, and so is a result that contradicts itself.
    let read: @Sendable ([UInt8]) throws -> Void
    /// Sound inputs to start from.
    let seeds: @Sendable () throws -> [[UInt8]]
}

/// The targets, by the order of the imports of their modules.
let fuzzTargets: [FuzzTarget] =
    arrayFileTargets + datasetTargets + tensorFlowTargets + graphTargets + kerasTargets

private let environment = ProcessInfo.processInfo.environment
private let chosen = (fuzzTargets + [selfTest]).first { $0.name == environment["FUZZ_TARGET"] }

/// A reader with a mistake, which a campaign must find: else it finds none of the others either.
private let selfTest = FuzzTarget(
    name: "self-test",
    read: { bytes in
        if bytes.starts(with: Array("BUG".utf8)) { throw Contradiction(description: "the mistake was found") }
    },
    seeds: { [Array("bug".utf8)] })

/// A result that contradicts itself.
struct Contradiction: Error {
    let description: String
}

/// libFuzzer's main function under its other name.
@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
    _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutableRawPointer,
    _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

/// The main function, by the name that the package manager gives it. Lists the targets or writes the chosen one's seeds
/// where the environment asks for it; else fuzzes.
@_cdecl("fuzz_main")
public func fuzzMain(_ count: CInt, _ arguments: UnsafeMutableRawPointer) -> CInt {
    if environment["FUZZ_LIST"] != nil {
        print(fuzzTargets.map(\.name).joined(separator: "\n"))
        return 0
    }
    guard let chosen else {
        print("FUZZ_TARGET names none of \(fuzzTargets.map(\.name).joined(separator: ", "))")
        return 64
    }
    if let folder = environment["FUZZ_SEEDS"] {
        do {
            for (index, seed) in try chosen.seeds().enumerated() {
                try Data(seed).write(to: URL(fileURLWithPath: "\(folder)/seed-\(index)"))
            }
            return 0
        } catch {
            print("the seeds of \(chosen.name) cannot be made: \(error)")
            return 70
        }
    }
    var count = count
    var arguments = arguments
    return withUnsafeMutablePointer(to: &arguments) { runFuzzer(&count, $0) { testOneInput($0, $1) } }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let chosen else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: start, count: start == nil ? 0 : count))
    do {
        try chosen.read(bytes)
    } catch let contradiction as Contradiction {
        // The fuzzer's way to be told of a finding.
        fatalError(contradiction.description)
    } catch let error as GraphError {
        // Its text looks up the line that made a node, which takes seconds in a program of this size.
        if error.diagnostics.allSatisfy({ $0.message.isEmpty }) { fatalError("an error without a text") }
    } catch {
        // The text is made too: it quotes the input.
        if "\(error)".isEmpty { fatalError("an error without a text") }
    }
    return 0
}

/// A fixture of the tests, by its path below `Tests`.
func fixture(_ path: String) throws -> [UInt8] {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Tests")
    return [UInt8](try Data(contentsOf: tests.appendingPathComponent(path)))
}

/// All fixtures of the tests in a folder below `Tests`.
func fixtures(in path: String) throws -> [[UInt8]] {
    let folder =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Tests").path + "/" + path
    return try FileManager.default.contentsOfDirectory(atPath: folder).sorted().compactMap { name in
        var isFolder: ObjCBool = false
        let file = folder + "/" + name
        guard FileManager.default.fileExists(atPath: file, isDirectory: &isFolder), !isFolder.boolValue else {
            return nil
        }
        return [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
    }
}
