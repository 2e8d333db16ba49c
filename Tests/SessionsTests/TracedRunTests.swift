import Graphs
import Operations
import Sessions
import Tensors
import Testing

@Suite struct TracedRunTests {
    @Test func eachKernelIsTimedUnderANode() throws {
        let graph = Graph()
        try graph.asDefault {
            let x = placeholder(Float.self, [64, 32], name: "x")
            let w = Variable<Float>(.ones, shape: [32, 16], name: "w")
            let hidden = relu(matmul(x, w, name: "product"), name: "hidden")
            let loss = hidden.mean(name: "loss")
            let session = Session(graph: graph)
            try session.initializeVariables()
            let feed = x.fed(.ones([64, 32]))
            let plain = try session.run(loss, feeding: feed)
            let (traced, metadata) = try session.runTraced(loss, feeding: feed)
            #expect(traced == plain)
            let nodes = try #require(metadata.devices.first?.nodes)
            #expect(metadata.devices.map(\.device) == ["/job:localhost/replica:0/task:0/device:CPU:0"])
            #expect(metadata.startMicroseconds > 1_600_000_000_000_000)
            #expect(!nodes.isEmpty)
            let product = try #require(nodes.first)
            #expect(product.node == "hidden" && product.label == "MatMul + Relu", "\(nodes)")
            #expect(product.output?.shape == [64, 16] && product.output?.byteCount == 64 * 16 * 4)
            var end = 0
            for node in nodes {
                #expect(graph.node(named: node.node) != nil)
                #expect(node.startNanoseconds >= end && node.durationNanoseconds > 0)
                end = node.startNanoseconds + node.durationNanoseconds
            }
        }
    }

    /// Padding and patches are copies, which are no values of the program.
    @Test func aConvolutionAndItsCopiesAreTimed() throws {
        try Graph().asDefault {
            let x = placeholder(Float.self, [2, 6, 6, 3], name: "x")
            let w = Variable<Float>(.ones, shape: [3, 3, 3, 4], name: "w")
            let loss = relu(conv2d(maxPool2d(x, size: (2, 2), strides: (1, 1), padding: .same), w, padding: .same))
                .sum()
            let step = w.assignSub(gradients(of: loss, with: [w.tensor])[0])
            let session = Session()
            try session.initializeVariables()
            let (_, metadata) = try session.runTraced(loss, step, feeding: x.fed(.ones([2, 6, 6, 3])))
            let nodes = try #require(metadata.devices.first?.nodes)
            #expect(nodes.contains { $0.label.contains("Conv2D") })
            #expect(nodes.count > 3)
        }
    }

    @Test func aRunAfterATracedOneIsNotTimed() throws {
        let graph = Graph()
        try graph.asDefault {
            let x = placeholder(Float.self, [8], name: "x")
            let y = (x * x).sum()
            let session = Session(graph: graph)
            let feed = x.fed(.ones([8]))
            let first = try session.runTraced(y, feeding: feed).metadata
            _ = try session.run(y, feeding: feed)
            let second = try session.runTraced(y, feeding: feed).metadata
            #expect(first.devices[0].nodes.map(\.node) == second.devices[0].nodes.map(\.node))
        }
    }

    @Test func aTracedRunThrowsAsOthersDo() throws {
        let graph = Graph()
        graph.asDefault {
            let x = placeholder(Float.self, [8], name: "x")
            #expect(throws: SessionError.self) { try Session(graph: graph).runTraced(x.sum()) }
        }
    }
}
