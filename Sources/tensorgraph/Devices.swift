// `tensorgraph devices`: what graphs can run on.

import ArgumentParser
import CPU
import Sessions

struct Devices: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists the devices that graphs can run on.",
        discussion: """
            Examples:
              tensorgraph devices
              tensorgraph devices --json
            """)

    @Flag(help: "Print JSON, as documented in Documentation/CommandLine.md.")
    var json = false

    private struct Device: Encodable {
        let name: String
        let instructions: String
        let threads: Int
    }

    private struct Result: Encodable {
        let schema = 1
        let devices: [Device]

        private enum CodingKeys: String, CodingKey { case schema, devices }
    }

    func run() throws {
        try withExitCodes {
            let devices = listDevices().map {
                Device(
                    name: $0, instructions: "\(CPUDevice.shared.instructionSet)",
                    threads: CPUDevice.shared.threadCount)
            }
            if json {
                try printJSON(Result(devices: devices))
            } else {
                print(
                    table(
                        ["device", "instructions", "threads"],
                        devices.map { [$0.name, $0.instructions, "\($0.threads)"] }, right: [2]))
            }
        }
    }
}
