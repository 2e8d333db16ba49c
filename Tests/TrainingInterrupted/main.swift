// Trains a small model until it is interrupted, so that a test can see what Ctrl-C and SIGTERM do.
//
//     training-interrupted <state> <epochs> [wait | hang | resume]        // prints the last loss and the sum of the weights' bits

import Foundation
import Graphs
import Keras
import Operations
import Sessions
import Tensors

let arguments = CommandLine.arguments
let graph = Graph.default
graph.seed = 4
let model = Sequential {
    Dense(8, activation: .relu, inputShape: [3])
    Dropout(0.4)
    Dense(2, activation: .softmax)
}
let x = NDArray<Float>(randomNormal: [60, 3], standardDeviation: 1, seed: 5)
let y = NDArray<Int32>(x.scalars.enumerated().filter { $0.offset % 3 == 0 }.map { $0.element > 0 ? 1 : 0 })
try model.compile(optimizer: "adagrad", loss: .sparseCategoricalCrossentropy, metrics: [.accuracy])

/// In the middle of an epoch says that it waits for a signal, and waits; in the mode `hang` for one after the other.
final class Waiting: Callback {
    private let mode: String
    private var others = sigset_t()

    /// Signals that arrive before the wait begins stay for it.
    init(_ mode: String) {
        self.mode = mode
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        // Not the mask from before: who starts the program may have blocked all signals.
        sigemptyset(&others)
    }

    var wantsBatches: Bool { true }

    func batchEnded(_ batch: Int, _ run: FitRun) {
        guard run.epoch == 1, batch == 1 else { return }
        for index in 0..<(mode == "hang" ? 100 : 1) {
            _ = FileManager.default.createFile(atPath: arguments[1] + ".ready\(index)", contents: nil)
            sigsuspend(&others)
        }
    }
}

let mode = arguments.count > 3 ? arguments[3] : ""
let callbacks: [any Callback] = ["wait", "hang"].contains(mode) ? [Waiting(mode)] : []
let resume = mode == "resume" ? arguments[1] : nil
let history = try model.fit(
    x, y, batchSize: 16, epochs: Int(arguments[2]) ?? 1, callbacks: [ModelCheckpoint(arguments[1])] + callbacks,
    resume: resume)
let bits = try model.getWeights().flatMap { $0.scalars }.reduce(UInt32(0)) { $0 &* 31 &+ $1.bitPattern }
print("result \(history["loss"].map { $0.bitPattern }) \(bits)")
