// Requests for devices.

import Graphs
import Operations
import Sessions
import Tensors
import Testing

@Suite struct DeviceTests {
    private func run(on device: String, _ options: SessionOptions = SessionOptions()) throws -> Float {
        let graph = Graph()
        return try graph.asDefault {
            let sum = withDevice(device) { constant(Float(1)) + constant(Float(2)) }
            return try Session(graph: graph, options: options).run(sum).scalar
        }
    }

    @Test(arguments: ["/cpu:0", "/device:CPU:0", "/job:local/task:0/device:CPU:0", "", "/job:local"])
    func theCPUIsFoundByAllItsNames(device: String) throws {
        #expect(try run(on: device) == 3)
    }

    @Test(arguments: ["/gpu:0", "/cpu:1", "/device:TPU:3"])
    func aMissingDeviceIsNamedWithThoseThereAre(device: String) throws {
        let error = #expect(throws: SessionError.self) { try run(on: device) }
        #expect(error?.description.contains("asks for device \(device), but there is only /cpu:0") == true)
    }

    @Test func softPlacementRunsOnWhatThereIs() throws {
        var options = SessionOptions()
        options.allowsSoftPlacement = true
        #expect(try run(on: "/gpu:0", options) == 3)
        #expect(listDevices() == ["/cpu:0"])
    }
}
