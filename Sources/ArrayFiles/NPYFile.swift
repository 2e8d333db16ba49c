// Reads and writes `.npy`, numpy's file of one array.

public import Files
public import Tensors

/// What a file says of an array, without its elements.
public struct ArrayDescription: Hashable, Sendable {
    public let dtype: DType
    public let shape: [Int]
    /// The bytes of the elements in the file, unpacked.
    public let byteCount: Int
    /// The type in the format's own words, such as `<f4` or `F32`.
    public let formatType: String
}

/// Reads and writes `.npy`, numpy's file of one array.
///
///     try NPYFile.write(AnyArray(NDArray<Float>([1, 2, 3])), to: "x.npy")
///     let x = try NPYFile.read("x.npy", as: Float.self)        // [1.0, 2.0, 3.0]
///
/// Versions 1 to 3 are read, of either byte order and order of elements; numpy's `S` and `U` become strings without the
/// zeros at their end. What numpy would have to unpickle is refused. The format has no checksum: damage to elements is
/// not noticed.
public enum NPYFile {
    /// Reads an array.
    ///
    /// - Errors: `ArrayFileError` where there is no such file, it is damaged, or holds what arrays here cannot.
    public static func read(
        _ path: String, in fileSystem: any FileSystem = LocalFileSystem()
    ) throws(ArrayFileError) -> AnyArray {
        let (stream, place) = try open(path, fileSystem)
        return try NPYHeader(stream, place).readElements(stream, place)
    }

    /// Reads an array of a known type.
    ///
    /// - Errors: as `read(_:)`, and where the array is of another type.
    public static func read<Scalar: TensorElement>(
        _ path: String, as type: Scalar.Type, in fileSystem: any FileSystem = LocalFileSystem()
    ) throws(ArrayFileError) -> NDArray<Scalar> {
        try read(path, in: fileSystem).typed(type, Place(path: path))
    }

    /// What the header says.
    ///
    /// - Errors: `ArrayFileError` where the header is damaged, or the file is too short for it.
    public static func describe(
        _ path: String, in fileSystem: any FileSystem = LocalFileSystem()
    ) throws(ArrayFileError) -> ArrayDescription {
        let (stream, place) = try open(path, fileSystem)
        return try NPYHeader(stream, place).description(stream, place)
    }

    /// Whether npy has the type; strings are among them.
    public static func canHold(_ dtype: DType) -> Bool { dtype == .string || NPYLayout.hasNumbers(dtype) }

    /// Writes an array, in C's order and little-endian; what had that name is replaced in one step.
    ///
    /// - Parameter strings: as what strings are written.
    /// - Errors: `ArrayFileError` where npy has no such type, or the file cannot be written.
    public static func write(
        _ array: AnyArray, to path: String, strings: NPYStrings = .bytes,
        in fileSystem: any FileSystem = LocalFileSystem()
    ) throws(ArrayFileError) {
        let header = try NPYHeader(writing: array, strings, Place(path: path))
        let file = try NewFile(path, in: fileSystem)
        try file.write(header.bytes)
        try header.forEachPart(of: array) { part throws(ArrayFileError) in try file.write(part) }
        try file.finish()
    }

    /// Writes an array of a known type.
    public static func write<Scalar>(
        _ array: NDArray<Scalar>, to path: String, in fileSystem: any FileSystem = LocalFileSystem()
    ) throws(ArrayFileError) {
        try write(AnyArray(array), to: path, in: fileSystem)
    }

    private static func open(
        _ path: String, _ fileSystem: any FileSystem
    ) throws(ArrayFileError) -> (PartStream, Place) {
        do throws(FileError) {
            let file = try fileSystem.open(path)
            return (PartStream(file, 0..<file.byteCount), Place(path: path))
        } catch {
            throw ArrayFileError(error)
        }
    }
}

extension NPYHeader {
    /// The header with which an array is written.
    init(writing array: AnyArray, _ strings: NPYStrings, _ place: Place) throws(ArrayFileError) {
        self.init(layout: try NPYLayout(writing: array, strings: strings, place), shape: array.shape)
        guard shape.count <= Self.greatestRank else {
            throw place.notRepresentable("npy holds at most \(Self.greatestRank) dimensions, not \(shape.count)")
        }
        _ = try counts(place)
    }

    func description(_ stream: any ByteStream, _ place: Place) throws(ArrayFileError) -> ArrayDescription {
        let byteCount = try counts(place).bytes
        guard byteCount <= stream.greatestRest else {
            throw place.damaged(
                at: stream.position,
                "shape \(shape) of \(layout.dtype) needs \(byteCount) bytes, but there are \(stream.greatestRest)")
        }
        return ArrayDescription(
            dtype: layout.dtype, shape: shape, byteCount: byteCount,
            formatType: layout.descr + (isFortranOrder ? ", Fortran order" : ""))
    }
}

extension AnyArray {
    /// The array with its static type, or the error that names the file.
    func typed<Scalar: TensorElement>(_ type: Scalar.Type, _ place: Place) throws(ArrayFileError) -> NDArray<Scalar> {
        do throws(ArrayError) { return try self.as(type) } catch {
            throw ArrayFileError(
                .unsupported, place.path, array: place.array, "\(error)",
                hint: "read it without a type and look at its dtype")
        }
    }
}
