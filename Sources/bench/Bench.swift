// The command: its flags, and what happens in which order.

import ArgumentParser

/// Times one workload and prints the figures.
@main
struct Bench: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Times one workload, step by step, and prints a table or one JSON line.",
        discussion: """
            Flags and keys are those of Benchmarks/bench.py, which runs the same workloads in other frameworks. The \
            first step, which makes the plan, counts as start-up; each later one is timed on its own, from the arrays \
            on the host to the loss on the host.
            """)

    @Option(help: "What to run.")
    var workload: WorkloadName

    @Option(help: ArgumentHelp("The folder with the four MNIST files, plain or gzipped.", valueName: "folder"))
    var data: String?

    @Option(help: "How many steps to time, instead of the workload's own number.")
    var steps: Int?

    @Option(help: "Stop timing after about this long.")
    var seconds: Double = 30

    @Flag(help: "Print one JSON line instead of a table.")
    var json = false

    func validate() throws {
        if let steps, !(1...1_000_000_000).contains(steps) {
            throw ValidationError("'--steps' must lie between 1 and 1000000000, but is \(steps).")
        }
        if !(seconds > 0) {
            throw ValidationError("'--seconds' must be above 0, but is \(seconds).")
        }
        if workload.needsData, data == nil {
            throw ValidationError(
                "\(workload.rawValue) needs '--data <folder>': the folder with the four MNIST files, plain or gzipped.")
        }
    }

    func run() throws {
        let workload = workload.workload(dataFolder: data ?? "")
        let measurement = try Measurement(of: workload, steps: steps ?? workload.stepCount, seconds: seconds)
        let report = Report(workload: self.workload.rawValue, measurement)
        print(json ? report.json : report.table)
    }
}

extension WorkloadName: ExpressibleByArgument {}
