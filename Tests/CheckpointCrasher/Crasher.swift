// Saves checkpoints without end, to be killed at any moment by a test.
//
//     CheckpointCrasher <folder> <mode> <log>
//
// It goes on from the newest checkpoint of the folder, which must be whole, and notes down each step whose save returned.

import Checkpoints
import Files
import Foundation
import Graphs
import Operations
import Sessions
import Tensors

/// A way of saving.
public enum Mode: String, CaseIterable {
    /// A step in the name, two are kept.
    case keepTwo
    /// A step in the name, all are kept.
    case keepAll
    /// The same step again and again.
    case sameStep
    /// No step in the name.
    case sameName
}

@main
struct Crasher {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4, let mode = Mode(rawValue: arguments[2]) else { exit(64) }
        let folder = arguments[1]
        let graph = Graph()
        let weights = Variable<Float>(.zeros, shape: [40_000], name: "weights", in: graph)
        let small = (0..<20).map { Variable<Int32>(.zeros, shape: [7], name: "small_\($0)", in: graph) }
        let counter = Variable<Int64>(0, name: "global_step", in: graph)
        let session = Session(graph: graph)

        func set(_ step: Int) throws {
            var values = [(AnyVariable(counter), AnyArray(NDArray(Int64(step))))]
            values.append((AnyVariable(weights), AnyArray(NDArray([Float](repeating: Float(step), count: 40_000)))))
            for variable in small {
                values.append((AnyVariable(variable), AnyArray(NDArray([Int32](repeating: Int32(step), count: 7)))))
            }
            try session.setValues(values)
        }

        let saver = Saver(maxToKeep: mode == .keepAll ? nil : 2)
        var step = 0
        if let newest = latestCheckpoint(in: folder) {
            try saver.restore(session, from: newest)
            step = Int(try session.value(of: counter)?.scalar ?? -1)
        }
        let log = try LocalFileSystem().create(arguments[3], .appending)
        try log.write(Array("ready\n".utf8))
        while true {
            step += 1
            try set(step)
            switch mode {
            case .keepTwo, .keepAll: try saver.save(session, to: folder + "/model", step: counter)
            case .sameStep: try saver.save(session, to: folder + "/model", step: 7)
            case .sameName: try saver.save(session, to: folder + "/model")
            }
            try log.write(Array("\(step)\n".utf8))
        }
    }
}
