// Which devices there are, and whether a node's request can be met.

/// The devices that sessions can run nodes on.
///
///     listDevices()          // ["/cpu:0"]
public func listDevices() -> [String] { ["/cpu:0"] }

/// Whether a node that asks for `device` may run on the CPU. TensorFlow's forms are understood: `/cpu:0`,
/// `/device:CPU:0`, `/job:worker/task:1/device:GPU:0`; a request that names no kind of device is met by any.
func isMetByCPU(_ device: String) -> Bool {
    var kind: String?
    var number = "0"
    for part in device.lowercased().split(separator: "/") {
        var fields = part.split(separator: ":").map(String.init)
        if fields.first == "device" { fields.removeFirst() }
        guard let name = fields.first, name != "job", name != "task", name != "replica" else { continue }
        kind = name
        if fields.count > 1 { number = fields[1] }
    }
    guard let kind else { return true }
    return kind == "cpu" && (number == "0" || number == "*")
}
