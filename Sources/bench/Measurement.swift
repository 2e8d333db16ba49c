// Running a workload and taking the time: what is timed, and what belongs to start-up.

/// The figures of one run of a workload.
struct Measurement: Sendable {
    /// The duration of each timed step, in seconds, in order. At least one.
    let durations: [Double]
    let firstStepSeconds: Double
    /// Loading the data.
    let dataSeconds: Double
    /// Building the graph and initialising its variables, without the data.
    let buildSeconds: Double
    /// From the start of the process to the end of the first step.
    let startupSeconds: Double
    /// The most memory the process had, in MiB, until the last timed step.
    let peakMegabytes: Double
    /// The result of the last step.
    let finalLoss: Double
    /// The accuracy of a classifier, else nil.
    let accuracy: Double?

    /// Runs a first step and then up to `steps` timed ones, at least one, and ends early after `seconds`.
    init(of workload: any Workload, steps: Int, seconds: Double) throws {
        let start = monotonicSeconds()
        let loaded = try workload.load()
        let loadedAt = monotonicSeconds()
        let trainer = try loaded.build()
        let builtAt = monotonicSeconds()
        var loss = try trainer.step(0)
        let firstEnd = monotonicSeconds()
        startupSeconds = processAge()

        // Room for all steps, within reason: growing the array would disturb a step.
        var durations: [Double] = []
        durations.reserveCapacity(min(steps, 1 << 20))
        let deadline = monotonicSeconds() + seconds
        while durations.count < max(1, steps) {
            let begin = monotonicSeconds()
            if begin > deadline, !durations.isEmpty { break }
            loss = try trainer.step(durations.count + 1)
            durations.append(monotonicSeconds() - begin)
        }

        self.durations = durations
        dataSeconds = loadedAt - start
        buildSeconds = builtAt - loadedAt
        firstStepSeconds = firstEnd - builtAt
        peakMegabytes = peakResidentMegabytes()
        finalLoss = Double(loss)
        accuracy = try trainer.accuracy?()
    }

    var totalSeconds: Double { durations.reduce(0, +) }
    var fastestSeconds: Double { durations.min() ?? .nan }
    var medianSeconds: Double { median(durations) }
}

/// The middle value, or the mean of the two in the middle; NaN of nothing.
func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return .nan }
    let middle = sorted.count / 2
    return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
}
