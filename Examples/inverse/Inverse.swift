// Learns the inverse of a matrix by gradient descent: the smallest program with a variable, a loss and an optimizer.
//
//     swift run -c release inverse

import ArgumentParser
import Charts
import ExampleSupport
import TensorGraph

@main
struct Inverse: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Learns the inverse of a 10×10 matrix of whole numbers with Adagrad.")

    @Option(help: "How many steps to take.")
    var epochs = 100_000
    @OptionGroup var options: ExampleOptions

    mutating func validate() throws {
        guard epochs > 0 else { throw ValidationError("--epochs must be at least 1.") }
    }

    func run() throws {
        try prepareOutputFolder(options.output)

        // The graph: a loss that is zero where x is the inverse of a.
        let matrix = NDArray<Float>(randomIntegersIn: 0..<10, shape: [10, 10], seed: UInt64(options.seed))
        let a = constant(matrix, name: "a")
        let x = Variable<Float>(.zeros, shape: [10, 10], name: "x")
        let product = matmul(x, a)
        let loss = abs(product - identity(10)).sum()
        let train = Adagrad(learningRate: 0.01).minimize(loss)

        // The run.
        let session = Session()
        try session.initializeVariables()
        let step = try session.function(outputs: train, loss)
        var losses: [Double] = []
        losses.reserveCapacity(epochs)
        for epoch in 1...epochs {
            let (_, value) = try step()
            losses.append(Double(value.scalar))
            if !options.quiet, epoch == 1 || epoch.isMultiple(of: max(1, epochs / 10)) {
                print("Step \(epoch): loss = \(rounded(value.scalar))")
            }
        }

        let (result, final) = try session.run(product, loss)
        if !options.quiet { print("x · a, close to the identity:\n\(rounded(result))") }
        print("Final loss: \(rounded(final.scalar))")

        let chart = LineChart(
            title: "Learning a matrix inverse", xLabel: "step",
            panels: [Panel(yLabel: "loss", yStyle: .logarithmic, series: [Series("sum |x·a − 1|", y: losses, from: 1)])]
        )
        print("Figure: \(try chart.write(toFolder: options.output, name: "inverse"))")
        let identity = try HeatMap(title: "x · a", result, colours: .diverging, hasValues: true)
        print("Figure: \(try identity.write(toFolder: options.output, name: "inverse-product"))")
    }

    private func rounded(_ value: Float) -> Float { (value * 10_000).rounded() / 10_000 }

    private func rounded(_ array: NDArray<Float>) -> NDArray<Float> {
        (try? NDArray(shape: array.shape, array.scalars.map { ($0 * 100).rounded() / 100 })) ?? array
    }
}
