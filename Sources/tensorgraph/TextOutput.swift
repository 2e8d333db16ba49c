// What the tool prints for people: aligned tables and sizes with units; and for programs: JSON.

import Foundation
import Graphs
import Tensors

/// Columns under each other; the numbers of columns named in `right` end under each other.
func table(_ header: [String], _ rows: [[String]], right: Set<Int> = []) -> String {
    let widths = header.indices.map { column in
        ([header] + rows).reduce(0) { max($0, column < $1.count ? $1[column].count : 0) }
    }
    return ([header] + rows).map { row in
        let cells = row.indices.map { column in
            let space = String(repeating: " ", count: widths[column] - row[column].count)
            return right.contains(column) ? space + row[column] : row[column] + space
        }
        let line = "  " + cells.joined(separator: "  ")
        return String(line.reversed().drop { $0 == " " }.reversed())
    }.joined(separator: "\n")
}

/// `512 B`, `1.5 KiB`, `97.7 MiB`.
func sizeText(_ byteCount: Int) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    var value = Double(byteCount)
    var unit = 0
    while value >= 1024, unit < units.count - 1 {
        value /= 1024
        unit += 1
    }
    return unit == 0 ? "\(byteCount) B" : String(format: "%.1f %@", value, units[unit])
}

func shapeText(_ shape: [Int]) -> String { "[" + shape.map(String.init).joined(separator: ", ") + "]" }

/// `1 array`, `2 arrays`.
func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

/// Names from files, without control characters, which could rule a terminal.
func shown(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
        result += scalar.properties.generalCategory == .control ? scalar.escaped(asASCII: true) : String(scalar)
    }
    return result
}

/// Prints a value as JSON with sorted keys.
func printJSON(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    print(String(decoding: try encoder.encode(value), as: UTF8.self))
}
