// Measures saving and restoring against a plain copy with sync, on the same disk, and the memory it takes.
//
//     swift run -c release CheckpointCrasher speed <folder> <megabytes>

import Checkpoints
import Files
import Foundation
import Graphs
import Operations
import Sessions
import Tensors

enum SpeedMeasurement {
    private static let chunk = 8 << 20

    /// Whether saving and restoring keep up, and take no more memory than the largest variable.
    static func run(_ path: String, megabytes: Int) throws -> Bool {
        let graph = Graph()
        // One of a quarter of all, the rest in equal parts.
        let counts = [megabytes / 4] + [Int](repeating: megabytes / 16, count: 12)
        let variables = counts.enumerated().map { index, count in
            Variable<Float>(.zeros, shape: [count, 1 << 18], name: "v\(index)", in: graph)
        }
        let session = Session(graph: graph)
        func set(_ offset: Int) throws {
            for (index, variable) in variables.enumerated() {
                let array = NDArray<Float>(shape: [counts[index], 1 << 18]) { elements in
                    for place in elements.indices {
                        elements[place] = Float(bitPattern: UInt32(place &+ index + offset))
                    }
                }
                try session.setValues([(AnyVariable(variable), AnyArray(array))])
            }
        }
        try set(0)
        let total = counts.reduce(0, +) << 20
        let largest = counts[0] << 20
        let saver = Saver(maxToKeep: 2)
        var (copies, saves, restores, reads) = ([Double](), [Double](), [Double](), [Double]())
        var (saveMemory, restoreMemory, readMemory) = (0, 0, 0)
        for round in 0..<6 {
            let saved = try measured { try saver.save(session, to: path + "/runs/model", step: round) }
            saves.append(saved.seconds)
            saveMemory = max(saveMemory, saved.memory)
            let data = path + "/runs/model-\(round).data-00000-of-00001"
            copies.append(try measured { try copy(data, to: path + "/copy") }.seconds)
            try FileManager.default.removeItem(atPath: path + "/copy")
            let restored = try measured { try saver.restore(session, from: path + "/runs/model-\(round)") }
            restores.append(restored.seconds)
            restoreMemory = max(restoreMemory, restored.memory)
            let fresh = Session(graph: graph)
            let read = try measured { try saver.restore(fresh, from: path + "/runs/model-\(round)") }
            reads.append(read.seconds)
            readMemory = max(readMemory, read.memory)
        }
        func rate(_ seconds: [Double]) -> Double { Double(total) / 1e6 / (seconds.min() ?? .infinity) }
        func report(_ what: String, _ seconds: [Double], _ memory: Int?) {
            let all = seconds.map { String(format: "%.2f", $0) }.joined(separator: " ")
            let share = String(format: "%.0f %% of a copy", 100 * rate(seconds) / rate(copies))
            let peak = memory.map { "; peak \($0 >> 20) MB over before" } ?? ""
            print("\(what): \(String(format: "%.0f", rate(seconds))) MB/s, \(share) (\(all) s)\(peak)")
        }
        print("\(total >> 20) MB in \(counts.count) variables, the largest \(largest >> 20) MB")
        report("plain copy with sync", copies, nil)
        report("save", saves, saveMemory)
        report("restore over values", restores, restoreMemory)
        report("restore into a new session", reads, readMemory)
        return rate(saves) >= 0.7 * rate(copies) && rate(restores) >= 0.7 * rate(copies)
            && rate(reads) >= 0.7 * rate(copies) && saveMemory <= largest
            && restoreMemory <= largest + 32 << 20 && readMemory <= total + largest
    }

    /// The time of something, and by how much the process's memory grew beyond what it was.
    private static func measured(_ body: () throws -> Void) throws -> (seconds: Double, memory: Int) {
        // What was written or removed before must not be paid for here. Nor memory: the host of a virtual machine takes
        // back what is free for seconds, and gives it again so slowly that it would be all that is measured.
        sync()
        let byteCount = 5 << 29
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: 4096)
        memory.initializeMemory(as: UInt8.self, repeating: 1)
        memory.deallocate()
        try "5".write(toFile: "/proc/self/clear_refs", atomically: false, encoding: .ascii)
        let before = try resident("VmRSS")
        let clock = ContinuousClock()
        let time = try clock.measure(body)
        return (
            Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18,
            try resident("VmHWM") - before
        )
    }

    private static func resident(_ name: String) throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .ascii)
        let line = status.split(separator: "\n").first { $0.hasPrefix(name) } ?? ""
        return (Int(line.split(whereSeparator: { !$0.isNumber }).first ?? "") ?? 0) << 10
    }

    private static func copy(_ source: String, to destination: String) throws {
        let files = LocalFileSystem()
        let input = try files.open(source)
        let output = try files.create(destination, .replacing)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.chunk, alignment: 4096)
        defer { buffer.deallocate() }
        var offset = 0
        while offset < input.byteCount {
            let count = try input.read(into: buffer, at: offset)
            try output.write(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<count]))
            offset += count
        }
        try output.sync()
        try output.close()
        try files.syncFolder(parentPath(destination))
    }
}
