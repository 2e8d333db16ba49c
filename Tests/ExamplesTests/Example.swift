// The built examples as processes, what they print as numbers, and a small folder of digits.

import FileTestSupport
import Foundation
import Tensors
import Testing

func run(_ name: String, _ arguments: String...) throws -> ProgramResult { try run(name, arguments) }

/// Runs an example in a folder of its own.
func run(_ name: String, _ arguments: [String]) throws -> ProgramResult {
    let result = try runBuiltProgram(name, arguments, in: TemporaryFolder())
    #expect(result.endedByItself, "\(name) \(arguments): it ended by a signal")
    return result
}

/// The numbers that stand behind a text.
func numbers(after text: String, in output: String) -> [Double] {
    output.components(separatedBy: text).dropFirst().compactMap { part in
        Double(part.prefix { $0.isNumber || $0 == "." || $0 == "-" || $0 == "e" })
    }
}

/// The four files of MNIST with few images: of class `k`, two bright rows at a place of its own, in noise.
func digitFolder() throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    var random = RandomStream(seed: 1)
    for (name, count) in [("train", 240), ("t10k", 40)] {
        var images: [UInt8] = [0, 0, 8, 3, 0, 0, 0, UInt8(count), 0, 0, 0, 28, 0, 0, 0, 28]
        var labels: [UInt8] = [0, 0, 8, 1, 0, 0, 0, UInt8(count)]
        for index in 0..<count {
            let label = index % 10
            labels.append(UInt8(label))
            for pixel in 0..<784 {
                let isBright = pixel / 28 / 2 == label + 2
                images.append(UInt8(random.next() % 56) + (isBright ? 200 : 0))
            }
        }
        try folder.write(images, to: "\(name)-images-idx3-ubyte")
        try folder.write(labels, to: "\(name)-labels-idx1-ubyte")
    }
    return folder
}
