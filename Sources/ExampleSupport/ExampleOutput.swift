// How examples print numbers and where they put figures.

package import Charts
import Foundation

/// A number with a fixed count of decimals.
package func decimal(_ value: Double, _ places: Int = 3) -> String {
    String(format: "%.\(places)f", value)
}

extension LineChart {
    /// Writes the chart into a file of a folder, which is made where it is missing.
    ///
    /// - Returns: the path of the file.
    package func write(toFolder folder: String, name: String) throws -> String {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let path = URL(fileURLWithPath: folder, isDirectory: true).appendingPathComponent(name).path
        try write(to: path)
        return path
    }
}
