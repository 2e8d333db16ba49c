// What a workload is to the measurement, and the list of those there are.

import Tensors

/// A computation to be timed.
///
/// It is used in two stages, since loading data is not the work of a framework, while building the graph is.
protocol Workload: Sendable {
    /// How many steps are timed unless told otherwise.
    var stepCount: Int { get }

    /// Loads what the steps are fed.
    func load() throws -> any LoadedWorkload
}

/// A workload with its data.
protocol LoadedWorkload: Sendable {
    /// Builds the graph in the default graph, makes a session and initialises its variables.
    func build() throws -> Trainer
}

/// A graph and a session, ready to run.
struct Trainer: Sendable {
    /// Runs step number `index` and returns its result: the loss from before the update.
    let step: @Sendable (_ index: Int) throws -> Float
    /// The share of the test images that are classified correctly; nil for what is no classifier.
    var accuracy: (@Sendable () throws -> Double)?
}

/// The workloads, by the names they have for the peers.
enum WorkloadName: String, CaseIterable, Sendable {
    case inverse
    case mnistSGD = "mnist-sgd"
    case mnistAdamDropout = "mnist-adam-dropout"
    case kerasMNIST = "keras-mnist"
    /// As `keras-mnist`, fed with shuffled batches that a thread makes ahead.
    case kerasMNISTShuffled = "keras-mnist-shuffled"
    case feed32 = "feed-32"
    case feed100 = "feed-100"
    case feed100Ahead = "feed-100-ahead"
    case convnet
    case lstm
    case twoLayer = "two-layer"
    case chain1000 = "chain-1000"
    case chain10000 = "chain-10000"
    case chain100000 = "chain-100000"

    /// Whether it reads the MNIST files.
    var needsData: Bool {
        switch self {
        case .mnistSGD, .mnistAdamDropout, .kerasMNIST, .kerasMNISTShuffled, .feed32, .feed100, .feed100Ahead, .convnet:
            true
        case .inverse, .lstm, .twoLayer, .chain1000, .chain10000, .chain100000: false
        }
    }

    func workload(dataFolder: String) -> any Workload {
        switch self {
        case .inverse: Inverse()
        case .mnistSGD: DigitClassifier.sgd(dataFolder)
        case .mnistAdamDropout: DigitClassifier.adamDropout(dataFolder)
        case .kerasMNIST: DigitClassifier.keras(dataFolder)
        case .kerasMNISTShuffled: DigitClassifier.keras(dataFolder, isShuffled: true)
        case .feed32: Feeding(dataFolder: dataFolder, batch: 32)
        case .feed100: Feeding(dataFolder: dataFolder, batch: 100)
        case .feed100Ahead: Feeding(dataFolder: dataFolder, batch: 100, isPrefetched: true)
        case .convnet: DigitClassifier.convolutional(dataFolder)
        case .lstm: LongMemory()
        case .twoLayer: TwoLayer()
        case .chain1000: Chain(length: 1_000)
        case .chain10000: Chain(length: 10_000)
        case .chain100000: Chain(length: 100_000)
        }
    }
}
