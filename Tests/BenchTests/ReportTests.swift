// What is measured and how it reads.

import ArgumentParser
import Testing

@testable import bench

struct ReportTests {
    @Test func theKeysAreThoseOfTheBenchOfThePeers() throws {
        let measurement = try Measurement(of: Counting(), steps: 3, seconds: 30)
        let line = Report(workload: "counting", measurement).json
        // The keys of Benchmarks/bench.py, and data_seconds.
        let keys = [
            "workload", "framework", "version", "cpus", "steps", "seconds_total", "us_per_step_median",
            "us_per_step_min", "peak_rss_mb", "startup_seconds", "data_seconds", "build_seconds",
            "first_step_seconds", "final_loss", "final_metric",
        ]
        let found = line.dropFirst().split(separator: ", ").map { $0.split(separator: "\"").first.map(String.init) }
        #expect(found == keys)
        #expect(line.hasPrefix("{\"workload\": \"counting\", \"framework\": \"tensorgraph\", "))
        #expect(line.hasSuffix("\"final_loss\": 3.0, \"final_metric\": 0.25}"))
    }

    @Test func theTableHasOneLineForEachFigure() throws {
        let measurement = try Measurement(of: Counting(), steps: 3, seconds: 30)
        let lines = Report(workload: "counting", measurement).table.split(separator: "\n")
        #expect(lines.count == 15)
        #expect(lines[4] == "steps                3")
    }

    @Test func lossesThatAreNoNumbersReadAsPythonReadsThem() throws {
        let line = Report(workload: "counting", try Measurement(of: Counting(scale: .nan), steps: 1, seconds: 1)).json
        #expect(line.contains("\"final_loss\": NaN,"))
        let other = Report(workload: "counting", try Measurement(of: Counting(scale: -.infinity), steps: 1, seconds: 1))
        #expect(other.json.contains("\"final_loss\": -Infinity,"))
    }

    @Test func theFirstStepIsNotTimedAndStepsAreCountedOn() throws {
        let measurement = try Measurement(of: Counting(), steps: 5, seconds: 30)
        #expect(measurement.durations.count == 5)
        #expect(measurement.finalLoss == 5)
    }

    @Test func atLeastOneStepIsTimedHoweverShortTheTime() throws {
        #expect(try Measurement(of: Counting(), steps: 1_000, seconds: 1e-12).durations.count == 1)
    }

    @Test(arguments: [([3], 3), ([2, 1], 1.5), ([5, 1, 3], 3), ([4, 1, 3, 2], 2.5)] as [([Double], Double)])
    func theMedianIsTheMiddleOrTheMeanOfTheTwoThere(values: [Double], expected: Double) {
        #expect(median(values) == expected)
    }

    @Test func theProcessHasAnAgeMemoryAndCores() {
        #expect(processAge() >= 0)
        #expect(processAge() < 86_400)
        #expect(peakResidentMegabytes() > 1)
        #expect(availableCores() >= 1)
    }

    @Test(arguments: [
        (["--workload", "juggling"], "Please provide one of the following:\n  - inverse\n  - mnist-sgd"),
        (["--workload", "mnist-sgd"], "mnist-sgd needs '--data <folder>'"),
        (["--workload", "inverse", "--steps", "0"], "'--steps' must lie between 1 and 1000000000, but is 0."),
        (["--workload", "inverse", "--seconds", "nan"], "'--seconds' must be above 0, but is nan."),
    ])
    func mistakesInTheFlagsAreExplained(arguments: [String], expected: String) {
        do {
            _ = try Bench.parse(arguments)
            Issue.record("parsed")
        } catch {
            #expect(Bench.message(for: error).contains(expected))
        }
    }
}

/// A step returns its number.
private struct Counting: Workload, LoadedWorkload {
    var scale: Float = 1
    let stepCount = 10

    func load() -> any LoadedWorkload { self }
    func build() -> Trainer { Trainer(step: { [scale] in Float($0) * scale }, accuracy: { 0.25 }) }
}
