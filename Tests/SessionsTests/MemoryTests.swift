import CAllocationCounter
import Foundation
import Graphs
import Operations
import Sessions
import Tensors
import Testing
import Training

/// A warm step allocates nothing but the arrays it hands out, and memory stays flat over many steps.
@Suite(.serialized) struct MemoryTests {
    /// How often this thread asks for memory in `body`.
    private func allocations(in body: () throws -> Void) rethrows -> Int {
        let before = allocation_counter_calls()
        try body()
        return Int(allocation_counter_calls() - before)
    }

    /// A small network with its data.
    private struct Network {
        let session: Session
        let x: Tensor<Float>
        let y: Tensor<Float>
        let loss: Tensor<Float>
        let train: Node
        let images = NDArray<Float>(randomIn: 0..<1, shape: [32, 20], seed: 1)
        let labels = NDArray<Float>(randomIn: 0..<1, shape: [32, 3], seed: 2)

        init() throws {
            let graph = Graph()
            (x, y, loss, train) = graph.asDefault {
                Graph.default.seed = 1
                let x = placeholder(Float.self, [nil, 20], name: "x")
                let y = placeholder(Float.self, [nil, 3], name: "y")
                let w1 = Variable<Float>(.normal(standardDeviation: 0.1), shape: [20, 16], name: "w1")
                let b1 = Variable<Float>(.zeros, shape: [16], name: "b1")
                let w2 = Variable<Float>(.normal(standardDeviation: 0.1), shape: [16, 3], name: "w2")
                let noise = randomUniform([16], in: 0..<0.01) as Tensor<Float>
                let error = matmul(relu(matmul(x, w1) + b1 + noise), w2) - y
                let loss = (error * error).mean()
                return (x, y, loss, Adagrad(learningRate: 0.1).minimize(loss))
            }
            session = Session(graph: graph)
            try session.initializeVariables()
        }
    }

    @Test(.enabled(if: allocation_counter_is_active(), "counted with glibc and without sanitizers only"))
    func theCounterCounts() {
        #expect(allocations {} == 0)
        #expect(allocations { free(malloc(100)) } == 1)
        #expect(allocations { free(calloc(10, 10)) } == 1)
        #expect(allocations { free(realloc(malloc(10), 100_000)) } == 2)
        #expect(
            allocations {
                var memory: UnsafeMutableRawPointer?
                posix_memalign(&memory, 64, 1000)
                free(memory)
            } == 1)
        #expect(allocations { free(aligned_alloc(64, 1024)) } == 1)
        // What Swift allocates goes the same way: an array's buffer, an object with aligned memory.
        var numbers: [Int] = []
        #expect(allocations { numbers.reserveCapacity(100) } == 1)
        var array: NDArray<Float>?
        #expect(allocations { array = NDArray(1) } >= 2)
        #expect(array?.count == 1)
    }

    @Test(
        .enabled(if: allocation_counter_is_active(), "counted with glibc and without sanitizers only"),
        arguments: [10, 1_000])
    func aWarmRunAllocatesOnlyTheArrayItHandsOut(steps: Int) throws {
        let network = try Network()
        func step() throws {
            let (_, loss) = try network.session.run(
                network.train, network.loss, feeding: network.x.fed(network.images), network.y.fed(network.labels))
            if !loss.scalar.isFinite { Issue.record("the loss is \(loss)") }
        }
        for _ in 0..<5 { try step() }
        // An object and its memory for the one array.
        let count = try allocations { for _ in 0..<steps { try step() } }
        #expect(count == 2 * steps)
    }

    @Test(
        .enabled(if: allocation_counter_is_active(), "counted with glibc and without sanitizers only"),
        arguments: [10, 1_000])
    func aWarmFunctionAllocatesOnlyTheArrayItHandsOut(steps: Int) throws {
        let network = try Network()
        let step = try network.session.function(
            inputs: network.x, network.y, outputs: network.train, network.loss)
        for _ in 0..<5 { _ = try step(network.images, network.labels) }
        let count = try allocations { for _ in 0..<steps { _ = try step(network.images, network.labels) } }
        #expect(count == 2 * steps)
    }

    @Test(
        .enabled(if: allocation_counter_is_active(), "counted with glibc and without sanitizers only"),
        arguments: [10, 1_000])
    func aWarmRunThatHandsNothingOutAllocatesNothing(steps: Int) throws {
        let network = try Network()
        func step() throws {
            try network.session.run(
                network.train, feeding: network.x.fed(network.images), network.y.fed(network.labels))
        }
        for _ in 0..<5 { try step() }
        let count = try allocations { for _ in 0..<steps { try step() } }
        #expect(count == 0)
    }

    @Test(.enabled(if: allocation_counter_is_active(), "counted with glibc and without sanitizers only"))
    func fetchedVariablesFedTensorsAndConstantsAreNotCopied() throws {
        let graph = Graph()
        let x = placeholder(Float.self, [1000], in: graph)
        let v = Variable<Float>(.ones, shape: [1000], in: graph)
        let c = constant(NDArray<Float>.ones([1000]), in: graph)
        let session = Session(graph: graph)
        try session.initializeVariables()
        let array = NDArray<Float>.ones([1000])
        func step() throws { _ = try session.run(x, v, c, feeding: x.fed(array)) }
        for _ in 0..<5 { try step() }
        let count = try allocations { for _ in 0..<100 { try step() } }
        #expect(count == 0)
    }

    #if os(Linux)
        @Test func memoryIsFlatOverManySteps() async {
            // In a process of its own, so that no other test counts.
            await #expect(processExitsWith: .success) {
                let network = try Network()
                let step = try network.session.function(
                    inputs: network.x, network.y, outputs: network.train, network.loss)
                for _ in 0..<2_000 { _ = try step(network.images, network.labels) }
                let before = residentKilobytes()
                for _ in 0..<20_000 { _ = try step(network.images, network.labels) }
                let growth = residentKilobytes() - before
                print("20,000 steps grew the process from \(before) kB by \(growth) kB")
                // One array lost in each step would be 2,500 kB.
                precondition(before > 0 && growth < 1_000, "grew by \(growth) kB")
            }
        }
    #endif
}

#if os(Linux)
    /// The memory that the process occupies.
    private func residentKilobytes() -> Int {
        guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") })
        else { return 0 }
        return line.split(whereSeparator: \.isWhitespace).lazy.compactMap { Int($0) }.first ?? 0
    }
#endif
