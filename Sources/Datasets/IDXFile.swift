// Reading IDX files, the container of MNIST and its relatives, straight into arrays. Knows nothing of images or labels.
//
// Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", section "File formats": two zero
// bytes, the element type, the number of dimensions, each dimension as a big-endian u32, then the elements, big-endian,
// row by row.

public import Tensors

/// Reads IDX files, plain or gzipped.
///
///     let labels = try IDXFile.read("train-labels-idx1-ubyte.gz", as: Int32.self)
///     let pixels = try IDXFile.read("train-images-idx3-ubyte", as: Float.self, dividedBy: 255, maxRows: 55_000)
///     pixels.shape         // [55000, 28, 28]
///
/// A file is decoded in small chunks into the array it becomes, so that the array is all the memory it takes.
public enum IDXFile {
    /// What the first bytes of an IDX file say.
    public struct Header: Hashable, Sendable {
        /// The type of the elements in the file: u8, i8, i16, i32, f32 or f64.
        public let elementType: DType
        /// The size of each dimension.
        public let shape: [Int]
    }

    /// The header of a file, without its elements.
    ///
    /// - Errors: `DatasetError` where there is no such file or it is not IDX.
    public static func header(of path: String) throws(DatasetError) -> Header {
        try IDXReader(path).header
    }

    /// The elements of a file, converted to `Scalar`.
    ///
    /// - Parameters:
    ///   - path: the file, plain or gzipped, whatever its name.
    ///   - type: the type of the array's elements. What it cannot hold becomes the nearest value that it can.
    ///   - maxRows: how many elements of the leading axis to read, from the first on; nil, the default, for all.
    /// - Returns: an array of the file's shape, its leading dimension at most `maxRows`.
    /// - Errors: `DatasetError` where the file is missing, damaged, cut short, longer than its header says, or announces
    ///   more than a file of its size can hold. With `maxRows`, what follows those rows is not looked at.
    public static func read<Scalar: NumericElement>(
        _ path: String, as type: Scalar.Type = Scalar.self, maxRows: Int? = nil
    ) throws(DatasetError) -> NDArray<Scalar> {
        try IDXReader(path).elements(maxRows: maxRows) { Scalar(clamping: $0) }
    }

    /// The elements of a file, converted to `Scalar` and divided: `element / divisor`.
    ///
    /// - Parameters:
    ///   - path: the file, plain or gzipped, whatever its name.
    ///   - type: the type of the array's elements.
    ///   - divisor: what each element is divided by, such as 255 to bring bytes into `[0, 1]`.
    ///   - maxRows: how many elements of the leading axis to read, from the first on; nil, the default, for all.
    /// - Returns: an array of the file's shape, its leading dimension at most `maxRows`.
    /// - Errors: as for `read(_:as:maxRows:)`.
    public static func read<Scalar: FloatingElement>(
        _ path: String, as type: Scalar.Type = Scalar.self, dividedBy divisor: Scalar, maxRows: Int? = nil
    ) throws(DatasetError) -> NDArray<Scalar> {
        try IDXReader(path).elements(maxRows: maxRows) { Scalar(clamping: $0) / divisor }
    }
}
