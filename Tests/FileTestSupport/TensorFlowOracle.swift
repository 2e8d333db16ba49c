// Real TensorFlow and TensorBoard, in a Python process.

import Foundation

/// A Python interpreter with `tensorflow` and `tensorboard` 2.21.
///
/// It is named by the environment variable `TENSORGRAPH_TF_PYTHON`; tests that want it are skipped without.
package struct TensorFlowOracle: Sendable {
    package static let variable = "TENSORGRAPH_TF_PYTHON"
    private let python: String

    /// The interpreter that the environment names; prints why there is none.
    package static let fromEnvironment: TensorFlowOracle? = {
        guard let path = ProcessInfo.processInfo.environment[variable], !path.isEmpty else {
            print("Tests against TensorFlow are skipped: \(variable) names no Python interpreter with tensorflow.")
            return nil
        }
        return TensorFlowOracle(python: path)
    }()

    /// A script that failed.
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// Runs a script with arguments and returns what it prints.
    ///
    /// One process for many cases: importing TensorFlow takes seconds.
    ///
    /// - Errors: `Failure` with what it wrote to standard error, where it ended with another status than 0.
    package func run(_ script: String, _ arguments: [String] = []) throws -> String {
        let folder = try TemporaryFolder()
        let file = try folder.write(Array(script.utf8), to: "script.py")
        let output = folder.path("stdout")
        let errors = folder.path("stderr")
        for path in [output, errors] { _ = FileManager.default.createFile(atPath: path, contents: nil) }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: python)
        process.arguments = [file] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging([
            "TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0", "CUDA_VISIBLE_DEVICES": "",
            "PYTHONWARNINGS": "ignore", "JAX_PLATFORMS": "cpu",
        ]) { $1 }
        process.standardOutput = FileHandle(forWritingAtPath: output)
        process.standardError = FileHandle(forWritingAtPath: errors)
        try process.run()
        process.waitUntilExit()
        let text = String(decoding: try folder.bytes(of: "stdout"), as: UTF8.self)
        guard process.terminationStatus == 0 else {
            let complaint = String(decoding: try folder.bytes(of: "stderr").suffix(4000), as: UTF8.self)
            throw Failure(description: "the script ended with \(process.terminationStatus):\n\(complaint)\n\(text)")
        }
        return text
    }
}
