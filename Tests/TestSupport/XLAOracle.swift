// XLA as an oracle: programs run as StableHLO text by the `jax` package, many in one process.

import Foundation
package import Tensors

/// A Python interpreter with `jax`, which compiles and runs programs on XLA's CPU back end.
///
/// It is named by the environment variable `TENSORGRAPH_JAX_PYTHON`; tests that want it are skipped without.
package struct XLAOracle: Sendable {
    package static let variable = "TENSORGRAPH_JAX_PYTHON"
    private let python: URL

    /// The interpreter that the environment names; prints why there is none.
    package static let fromEnvironment: XLAOracle? = {
        guard let path = ProcessInfo.processInfo.environment[variable], !path.isEmpty else {
            print("Tests against XLA are skipped: \(variable) names no Python interpreter with jax.")
            return nil
        }
        return XLAOracle(python: URL(fileURLWithPath: path))
    }()

    /// What became of one program.
    package enum Outcome: Sendable {
        case results([UntypedArray])
        /// XLA refused the text or failed.
        case failure(String)
    }

    /// Runs each program with its arguments.
    package func run(_ programs: [(text: String, arguments: [UntypedArray])]) throws -> [Outcome] {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("xla-oracle-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (number, program) in programs.enumerated() {
            try Data(program.text.utf8).write(to: folder.appendingPathComponent("\(number).mlir"))
            let lines = program.arguments.map(encode).joined(separator: "\n")
            try Data(lines.utf8).write(to: folder.appendingPathComponent("\(number).in"))
        }
        let script = folder.appendingPathComponent("oracle.py")
        try Data(Self.script.utf8).write(to: script)
        let process = Process()
        process.executableURL = python
        process.arguments = [script.path, folder.path, "\(programs.count)"]
        process.environment = ProcessInfo.processInfo.environment.merging(["JAX_PLATFORMS": "cpu"]) { $1 }
        try process.run()
        process.waitUntilExit()
        return programs.indices.map { number in
            let file = folder.appendingPathComponent("\(number).out")
            guard let text = try? String(contentsOf: file, encoding: .utf8) else {
                let error = folder.appendingPathComponent("\(number).error")
                return .failure((try? String(contentsOf: error, encoding: .utf8)) ?? "no answer")
            }
            return .results(text.split(separator: "\n").compactMap { decode($0) })
        }
    }

    /// `float32 2,3 0000803f...`: dtype, dimensions and bytes.
    private func encode(_ array: UntypedArray) -> String {
        let bytes = UnsafeRawBufferPointer(start: array.bytes, count: array.byteCount)
        let digits = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        withExtendedLifetime(array.storage) {}
        return "\(array.dtype) \(array.shape.map(String.init).joined(separator: ",")) \(digits)"
    }

    private func decode(_ line: Substring) -> UntypedArray? {
        let fields = line.split(separator: " ", omittingEmptySubsequences: false)
        guard fields.count == 3, let dtype = DType.all.first(where: { $0.description == fields[0] }) else { return nil }
        let digits = Array(fields[2].utf8)
        let storage = ArrayStorage(zeros: digits.count / 2)
        for index in 0..<(digits.count / 2) {
            let pair = String(decoding: digits[(2 * index)..<(2 * index + 2)], as: UTF8.self)
            storage.bytes.storeBytes(of: UInt8(pair, radix: 16) ?? 0, toByteOffset: index, as: UInt8.self)
        }
        return UntypedArray(
            dtype: dtype, shape: fields[1].split(separator: ",").compactMap { Int($0) }, storage: storage)
    }

    private static let script = """
        import sys
        import numpy as np, jax
        jax.config.update("jax_enable_x64", True)
        from jaxlib import _jax, xla_client
        from jax._src import xla_bridge

        backend = xla_bridge.get_backend("cpu")
        device = backend.local_devices()[0]

        def decode(line):
            dtype, shape, digits = line.rstrip("\\n").split(" ")
            dims = [int(part) for part in shape.split(",") if part]
            return np.frombuffer(bytes.fromhex(digits), dtype=np.dtype(dtype)).reshape(dims)

        def encode(array):
            dims = ",".join(str(extent) for extent in array.shape)
            return f"{array.dtype.name} {dims} {np.ascontiguousarray(array).tobytes().hex()}"

        def run(text, inputs):
            executable = backend.compile_and_load(text, _jax.DeviceList((device,)), xla_client.CompileOptions())
            results = executable.execute_sharded([jax.device_put(x, device) for x in inputs])
            return [np.asarray(o[0]) for o in results.disassemble_into_single_device_arrays()]

        folder, count = sys.argv[1], int(sys.argv[2])
        for number in range(count):
            try:
                with open(f"{folder}/{number}.mlir") as file: text = file.read()
                with open(f"{folder}/{number}.in") as file: inputs = [decode(line) for line in file]
                answer = "\\n".join(encode(array) for array in run(text, inputs))
                with open(f"{folder}/{number}.out", "w") as file: file.write(answer)
            except Exception as error:
                with open(f"{folder}/{number}.error", "w") as file: file.write(str(error))
        """
}
