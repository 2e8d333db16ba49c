// `tensorgraph doctor`: whether what the library needs of this machine is there, and whether it computes correctly.

import ArgumentParser
import ArrayFiles
import CPU
import Files
import Foundation
import Graphs
import Operations
import Sessions
import Tensors

struct Doctor: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Checks that this machine computes correctly and keeps files.",
        discussion: """
            Examples:
              tensorgraph doctor
              tensorgraph doctor --json

            Exits with 1 where a check fails.
            """)

    @Flag(help: "Print JSON, as documented in Documentation/CommandLine.md.")
    var json = false

    private struct Check: Encodable {
        let name: String
        let passed: Bool
        let detail: String
    }

    private struct Report: Encodable {
        let schema = 1
        let version: String
        let system: String
        let instructions: String
        let threads: Int
        let memoryBytes: Int
        let checks: [Check]

        private enum CodingKeys: String, CodingKey {
            case schema, version, system, instructions, threads, memoryBytes, checks
        }
    }

    func run() throws {
        try withExitCodes {
            let report = Report(
                version: CommandLineTool.version, system: ProcessInfo.processInfo.operatingSystemVersionString,
                instructions: "\(CPUDevice.shared.instructionSet)", threads: CPUDevice.shared.threadCount,
                memoryBytes: Int(clamping: ProcessInfo.processInfo.physicalMemory),
                checks: [
                    check("graph", graphResult), check("gradient", gradientResult),
                    check("instructions", instructionsResult), check("checksum", checksumResult),
                    check("files in the current folder") { try filesResult(".") },
                    check("files in the temporary folder") {
                        try filesResult(FileManager.default.temporaryDirectory.path)
                    },
                ])
            if json { try printJSON(report) } else { show(report) }
            if report.checks.contains(where: { !$0.passed }) { throw ExitCode(ExitStatus.checkFailed.rawValue) }
        }
    }

    private func show(_ report: Report) {
        print(
            """
              TensorGraph   \(report.version)
              system        \(report.system)
              instructions  \(report.instructions)
              threads       \(report.threads)
              memory        \(sizeText(report.memoryBytes))

            """)
        print(
            table(["check", "", ""], report.checks.map { [$0.name, $0.passed ? "passed" : "FAILED", $0.detail] }))
    }

    /// A check throws what is wrong, or returns what it found.
    private func check(_ name: String, _ body: () throws -> String) -> Check {
        do { return Check(name: name, passed: true, detail: try body()) } catch {
            return Check(name: name, passed: false, detail: "\(error)")
        }
    }
}

private func expect(_ holds: Bool, _ found: String) throws {
    if !holds { throw ToolError(.checkFailed, "the result is \(found)") }
}

/// (1·5 + 2·7, 1·6 + 2·8) + 1
private func graphResult() throws -> String {
    let graph = Graph()
    return try graph.asDefault {
        let left = try NDArray<Float>([[1, 2]])
        let right = try NDArray<Float>([[5, 6], [7, 8]])
        let product = matmul(constant(left), constant(right)) + 1
        let result = try Session(graph: graph).run(product)
        try expect(result == NDArray<Float>([[20, 23]]), "\(result)")
        return "a product of matrices is right"
    }
}

/// The derivative of x³ at 2, against the formula and the difference quotient.
private func gradientResult() throws -> String {
    let graph = Graph()
    return try graph.asDefault {
        let x = placeholder(Double.self, [], name: "x")
        let y = x * x * x
        let slope = gradients(of: y, with: x)
        let session = Session(graph: graph)
        let found = try session.run(slope, feeding: x.fed(NDArray<Double>(2))).scalar
        let step = 1e-5
        let above = try session.run(y, feeding: x.fed(NDArray<Double>(2 + step))).scalar
        let below = try session.run(y, feeding: x.fed(NDArray<Double>(2 - step))).scalar
        let quotient = (above - below) / (2 * step)
        try expect(found == 12 && Swift.abs(quotient - found) < 1e-6, "\(found), the quotient \(quotient)")
        return "the derivative agrees with the difference quotient"
    }
}

/// The instructions chosen compute what the portable code does.
private func instructionsResult() throws -> String {
    let available = InstructionSet.available.map { "\($0)" }
    try expect(available.contains("\(InstructionSet.best)"), "\(InstructionSet.best), not of \(available)")
    return "this machine can run \(available.joined(separator: ", "))"
}

/// The check value of the catalogue of parametrised CRC algorithms, and that of another implementation's table.
private func checksumResult() throws -> String {
    let found = Checksum(of: Array("123456789".utf8)).value
    try expect(found == 0xe306_9283, String(found, radix: 16))
    return "the CRC-32C of 123456789 is e3069283"
}

private func filesResult(_ folder: String) throws -> String {
    let path = joinPath(folder, ".tensorgraph-doctor-\(processNumber).npy")
    let array = AnyArray(NDArray<Float>([1, 2, 3]))
    defer { try? LocalFileSystem().remove(path) }
    try NPYFile.write(array, to: path)
    let found = try NPYFile.read(path)
    try expect(found == array, "\(found) where \(array) was written")
    return "written, synced, renamed and read again"
}
