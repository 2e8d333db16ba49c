// A recurrent network on random sequences, as in Benchmarks/workloads.py.

import Graphs
import Operations
import Sessions
import Tensors
import Training

/// An LSTM over sequences and one dense unit on its last output: squared error, Adam.
struct LongMemory: Workload {
    let batch = 32
    let time = 100
    let width = 64
    let units = 128
    let stepCount = 100

    /// Kernel, recurrent kernel and bias of the LSTM, weight and bias of the dense unit.
    func initialParameters() throws -> [NDArray<Float>] {
        var random = NumPyRandom(seed: seed)
        return try [[width, 4 * units], [units, 4 * units], [4 * units], [units, 1], [1]].map {
            try random.normals($0, standardDeviation: 0.1)
        }
    }

    /// The one batch that every step sees: sequences and targets.
    func feeds() throws -> [NDArray<Float>] {
        var random = NumPyRandom(seed: seed + 1)
        return try [[batch, time, width], [batch, 1]].map { try random.normals($0) }
    }

    func load() throws -> any LoadedWorkload {
        let feeds = try feeds()
        return Loaded(workload: self, inputs: feeds[0], targets: feeds[1])
    }

    private struct Loaded: LoadedWorkload {
        let workload: LongMemory
        let inputs: NDArray<Float>
        let targets: NDArray<Float>

        func build() throws -> Trainer {
            let names = ["kernel", "recurrent_kernel", "bias", "dense/kernel", "dense/bias"]
            let weights = zip(try workload.initialParameters(), names).map { Variable($0, name: $1) }
            let x = placeholder(Float.self, [workload.batch, workload.time, workload.width], name: "x")
            let y = placeholder(Float.self, [workload.batch, 1], name: "y")
            let result = lstm(
                x, kernel: weights[0].tensor, recurrentKernel: weights[1].tensor, bias: weights[2].tensor)
            let loss = (matmul(result.last, weights[3]) + weights[4] - y).squared().mean()
            let train = Adam(learningRate: 0.001).minimize(loss)

            let session = Session()
            try session.initializeVariables()
            let step = try session.function(inputs: x, y, outputs: loss, train)
            return Trainer { _ in try step(inputs, targets).0.scalar }
        }
    }
}
