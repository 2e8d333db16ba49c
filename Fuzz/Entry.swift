// What libFuzzer calls: one program for all targets, which the environment chooses among.
//
// Built only where TENSORGRAPH_FUZZ is set; `Scripts/fuzz.sh` does so. The fuzzer brings the main function.

import Foundation

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
    arrayFileTargets + datasetTargets + tensorFlowTargets + graphTargets

private let environment = ProcessInfo.processInfo.environment
private let chosen = fuzzTargets.first { $0.name == environment["FUZZ_TARGET"] }

/// A result that contradicts itself.
struct Contradiction: Error {
    let description: String
}

/// Lists the targets, or writes the chosen one's seeds, where the environment asks for it.
@_cdecl("LLVMFuzzerInitialize")
public func initializeFuzzer(_ count: UnsafeMutableRawPointer?, _ arguments: UnsafeMutableRawPointer?) -> CInt {
    if environment["FUZZ_LIST"] != nil {
        print(fuzzTargets.map(\.name).joined(separator: "\n"))
        exit(0)
    }
    guard let chosen else {
        print("FUZZ_TARGET names none of \(fuzzTargets.map(\.name).joined(separator: ", "))")
        exit(64)
    }
    if let folder = environment["FUZZ_SEEDS"] {
        do {
            for (index, seed) in try chosen.seeds().enumerated() {
                try Data(seed).write(to: URL(fileURLWithPath: "\(folder)/seed-\(index)"))
            }
            exit(0)
        } catch {
            print("the seeds of \(chosen.name) cannot be made: \(error)")
            exit(70)
        }
    }
    return 0
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
