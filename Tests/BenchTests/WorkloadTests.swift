// The workloads against the peers: the same losses after the same number of steps.

import Datasets
import Graphs
import Testing

@testable import bench

struct WorkloadTests {
    /// `final_loss` of `python Benchmarks/bench.py --workload NAME --framework tf1 --data DIR --steps 60 --json` with
    /// TensorFlow 2.21.0. Sixty timed steps follow a first one.
    @Test(
        arguments: [
            (.inverse, 10.346472), (.twoLayer, 978.331177), (.chain1000, 8.0),
        ] as [(WorkloadName, Float)])
    func lossesAreThoseOfTensorFlow(name: WorkloadName, expected: Float) throws {
        let loss = try lossAfterSixtySteps(name.workload(dataFolder: ""))
        #expect(abs(loss - expected) <= 1e-5 * expected, "\(name): \(loss)")
    }

    @Test func aFolderWithoutDigitsIsAnErrorThatNamesTheFiles() {
        let error = #expect(throws: DatasetError.self) {
            try WorkloadName.mnistSGD.workload(dataFolder: "/nowhere").load()
        }
        #expect(error?.description.contains("/nowhere: the folder does not hold train-images-idx3-ubyte") == true)
    }

    private func lossAfterSixtySteps(_ workload: any Workload) throws -> Float {
        try Graph().asDefault {
            let trainer = try workload.load().build()
            return try (0...60).map(trainer.step).last ?? .nan
        }
    }
}
