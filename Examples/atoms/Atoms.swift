// The atoms: variables, constants, placeholders and their wildcards, laziness, names, devices, saving and restoring,
// summaries; then a network with dropout that is fed through a placeholder, watched by TensorBoard.
//
//     swift run -c release atoms
//     tensorboard --logdir atoms-log

import ArgumentParser
import Charts
import ExampleSupport
import TensorGraph

@main
struct Atoms: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "What graphs are made of, and a network with dropout, watched by TensorBoard.")

    @OptionGroup var options: ExampleOptions
    @Option(help: "How many training steps the network takes.")
    var steps = 20_000

    mutating func validate() throws {
        guard steps > 0 else { throw ValidationError("--steps must be at least 1.") }
    }

    func run() throws {
        try prepareOutputFolder(options.output)
        try Graph().asDefault { try variablesAndPlaceholders() }
        Graph().asDefault { laziness() }
        try Graph().asDefault { try savingAndRestoring() }
        try Graph().asDefault { try summariesOfAChangingNumber() }
        try Graph().asDefault { try networkWithDropout() }
    }

    /// Constants stay, variables change, placeholders are fed.
    private func variablesAndPlaceholders() throws {
        let a = constant([2, 3, 4] as [Float], name: "a")
        let counter = Variable<Int32>(0, name: "counter")
        let next = counter.assignAdd(1)
        let x = placeholder(Float.self, [nil, 3], name: "x")  // any number of rows
        let y = x * a

        let session = Session()
        try session.initializeVariables()
        for _ in 0..<3 { try session.run(next) }
        print("the counter stands at \(try session.run(counter))")
        print("one row: \(try session.run(y, feeding: x.fed(NDArray([[1, 1, 1]]))))")
        print("two rows: \(try session.run(y, feeding: x.fed(NDArray([[1, 2, 3], [0, 1, 0]]))))")
    }

    /// Nothing is computed before a session runs it; names and devices belong to nodes.
    private func laziness() {
        let c = withNameScope("model") { constant(3) * constant(4) }
        print("not computed: \(c)")
        let d = withDevice("/cpu:0") { c + 1 }
        print("\(d.name) asks for \"\(d.node.device)\"; there are \(listDevices())")
    }

    /// A variable outlives its session in a file.
    private func savingAndRestoring() throws {
        let v = Variable(NDArray<Float>([1, 2, 3]), name: "v")
        let double = v.assign(v * 2)
        let saver = Saver()
        let prefix = "\(options.output)/atoms-model"

        let first = Session()
        try first.initializeVariables()
        try first.run(double)
        try saver.save(first, to: prefix)
        let second = Session()
        try saver.restore(second, from: prefix)
        print("restored: \(try second.run(v))")
    }

    /// A number that changes from step to step, as a curve in TensorBoard.
    private func summariesOfAChangingNumber() throws {
        let x = placeholder(Float.self, [], name: "x")
        summary.scalar("wave", sin(x / 10))
        let summaries = summary.mergeAll()
        let session = Session()
        let writer = try FileWriter("\(options.output)/atoms-log/wave", graph: session.graph)
        for step in 0..<100 { writer.add(try session.run(summaries, feeding: x.fed(Float(step))), step: step) }
        try writer.close()
    }

    /// 784 – 500 (softmax) – 100 (ReLU) – 10, of which training drops four of five units.
    private func networkWithDropout() throws {
        let (images, source) = try options.loadDigits()
        let digits = images.oneHot
        Graph.default.seed = options.seed

        let x = placeholder(Float.self, [nil, 784], name: "x")
        let y = placeholder(Float.self, [nil, 10], name: "y")
        let keep = placeholder(Float.self, [], name: "keep_probability")
        func dense(_ input: Tensor<Float>, _ inputs: Int, _ outputs: Int, _ name: String) -> Tensor<Float> {
            withNameScope(name) {
                let w = Variable<Float>(
                    .truncatedNormal(standardDeviation: 0.1), shape: [inputs, outputs], name: "weights")
                let b = Variable<Float>(.constant(0.1), shape: [outputs], name: "biases")
                summary.histogram("weights", w)
                return matmul(input, w) + b
            }
        }
        let hidden1 = dropout(softmax(dense(x, 784, 500, "fc1")), keepProbability: keep)
        let hidden2 = dropout(relu(dense(hidden1, 500, 100, "fc2")), keepProbability: keep)
        let logits = dense(hidden2, 100, 10, "fc3")

        let loss = softmaxCrossEntropy(logits: logits, labels: y).mean()
        let correct = equal(argmax(logits, axis: 1), argmax(y, axis: 1))
        let accuracy = cast(correct, to: Float.self).mean()
        summary.scalar("loss", loss)
        summary.scalar("accuracy", accuracy)
        let summaries = summary.mergeAll()
        let train = Adam(learningRate: 1e-3).minimize(loss)

        let session = Session()
        try session.initializeVariables()
        let writer = try FileWriter("\(options.output)/atoms-log/digits", graph: session.graph)
        let (validation, progress) = (digits.validation, ProgressLine(isEnabled: !options.quiet))
        var (step, epoch) = (0, 0)
        var (measuredSteps, shares): ([Double], [Double]) = ([], [])
        while step < steps {
            for batch in digits.train.shuffled(seed: UInt64(options.seed), epoch: epoch).batched(100) where step < steps
            {
                if step.isMultiple(of: 500) {
                    let (values, share) = try session.run(
                        summaries, accuracy,
                        feeding: x.fed(validation.images), y.fed(validation.labels), keep.fed(1))
                    writer.add(values, step: step)
                    measuredSteps.append(Double(step))
                    shares.append(Double(share.scalar))
                    progress.clear()
                    if !options.quiet { print("Step \(step): validation accuracy \(decimal(Double(share.scalar), 4))") }
                }
                try session.run(train, feeding: x.fed(batch.images), y.fed(batch.labels), keep.fed(0.2))
                step += 1
                progress.show("Training", step, of: steps)
            }
            epoch += 1
        }
        progress.clear()
        try writer.close()
        let share = try session.run(
            accuracy, feeding: x.fed(digits.test.images), y.fed(digits.test.labels), keep.fed(1))
        print("Test on \(source): accuracy = \(decimal(Double(share.scalar), 4))")
        let chart = LineChart(
            title: "A network with dropout learns \(source)", xLabel: "step", yLabel: "validation accuracy",
            yStyle: .percent, series: [Series("validation accuracy", x: measuredSteps, y: shares)])
        print("Figure: \(try chart.write(toFolder: options.output, name: "atoms"))")
        print("TensorBoard: tensorboard --logdir \(options.output)/atoms-log")
    }
}
