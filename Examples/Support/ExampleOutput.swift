// How examples print numbers and where they put figures.

package import Charts
import Foundation

/// A number with a fixed count of decimals.
package func decimal(_ value: Double, _ places: Int = 3) -> String {
    String(format: "%.\(places)f", value)
}

/// The folder for output cannot be used.
package struct OutputFolderError: Error, CustomStringConvertible {
    package let description: String
}

/// Makes the folder for output where it is missing; called before a long run, so that none is lost for want of it.
package func prepareOutputFolder(_ path: String) throws {
    do {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
        throw OutputFolderError(
            description: "the folder \(path) could not be made: \(error.localizedDescription)\n"
                + "    hint: name another one with --output")
    }
}

extension Chart {
    /// Writes the chart into a folder: `name.svg`, which follows the reader's system, and for pages that take pixels
    /// `name.png` and `name~dark.png`.
    ///
    /// - Returns: the path of the SVG file.
    package func write(toFolder folder: String, name: String) throws -> String {
        let path = URL(fileURLWithPath: folder, isDirectory: true).appendingPathComponent(name).path
        try write(to: path + ".svg")
        try write(to: path + ".png", look: .light, scale: 1)
        try write(to: path + "~dark.png", look: .dark, scale: 1)
        return path + ".svg"
    }
}
