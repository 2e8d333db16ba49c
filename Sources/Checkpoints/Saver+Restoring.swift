// Brings values from a checkpoint back into a session.

import Files
import Graphs
import Operations
public import Sessions
import Tensors

extension Saver {
    /// Restores every variable.
    ///
    /// Tensors of the checkpoint that stand for no variable are left alone.
    ///
    /// A restore that throws has changed nothing. Up to 64 MB, or where no variable has a value yet, everything is read
    /// and checked and then takes its place together. Larger models are read through first, to compare the checksums, and
    /// then replaced part by part, so that no more memory is needed than for the largest variable; should the disk fail
    /// between the two, the error says how many variables are new.
    ///
    /// - Parameter prefix: the path that `save` returned, or a checkpoint of TensorFlow. In checkpoints of objects
    ///   (TensorFlow 2) variables are found by their full names and their places too.
    /// - Errors: `CheckpointError`: `.mismatch` with a table of all that does not fit; `.damaged` with file, place and
    ///   tensor; `.notFound`, `.unsupported`, `.file`, `.session`.
    public func restore(_ session: Session, from prefix: String) throws(CheckpointError) {
        let match = try Match(CheckpointReader(prefix, files: files), try variables(of: session))
        guard match.report.isComplete else {
            let count = match.report.missing.count + match.report.different.count
            throw CheckpointError(
                .mismatch, prefix,
                "\(count) variable\(count == 1 ? "" : "s") cannot be restored, so none was (restoreMatching takes what "
                    + "fits)",
                report: match.report)
        }
        try match.load(into: session)
    }

    /// Restores the variables that the checkpoint has with their type and shape, and leaves the others as they are.
    ///
    /// - Returns: what was and what was not restored; it prints as a table.
    /// - Errors: as `restore`, but for `.mismatch`.
    @discardableResult
    public func restoreMatching(
        _ session: Session, from prefix: String
    ) throws(CheckpointError) -> RestoreReport {
        let match = try Match(CheckpointReader(prefix, files: files), try variables(of: session))
        try match.load(into: session)
        return match.report
    }
}

/// What of a checkpoint goes into which variable.
private struct Match {
    /// So much may be held beside the variables even where the largest tensor is smaller.
    private static let batchByteCount = 1 << 26
    /// For so many missing variables a similar name is looked for.
    private static let nearestLimit = 20

    private let reader: CheckpointReader
    private var places: [(variable: AnyVariable, entry: CheckpointEntry)] = []
    private(set) var report: RestoreReport

    init(_ reader: CheckpointReader, _ variables: [(name: String, variable: AnyVariable)]) {
        self.reader = reader
        report = RestoreReport(prefix: reader.prefix)
        var used: Set<[UInt8]> = []
        var missing: [(name: String, type: TensorType)] = []
        for (name, variable) in variables {
            guard let entry = reader[name] else {
                missing.append((name, variable.type))
                continue
            }
            used.insert(Array(entry.name.utf8))
            if entry.dtype == variable.dtype, variable.shape.accepts(entry.shape) {
                places.append((variable, entry))
                report.restored.append(name)
            } else {
                report.different.append(
                    RestoreReport.Mismatch(
                        name: name, expected: variable.type, found: TensorType(entry.dtype, Shape(entry.shape))))
            }
        }
        let unused = reader.entries.filter {
            !used.contains(Array($0.name.utf8)) && !ObjectAliases.isBookkeeping($0.name)
        }
        report.unexpected = unused.map {
            RestoreReport.Unexpected(name: $0.name, type: TensorType($0.dtype, Shape($0.shape)))
        }
        for (index, variable) in missing.enumerated() {
            let nearest =
                index < Self.nearestLimit ? nearestName(to: variable.name, among: unused.lazy.map(\.name)) : nil
            report.missing.append(
                RestoreReport.Missing(name: variable.name, type: variable.type, nearest: nearest))
        }
    }

    func load(into session: Session) throws(CheckpointError) {
        let largest = places.map(\.entry.memoryByteCount).max() ?? 0
        let limit = max(largest, Self.batchByteCount)
        let total = places.reduce(0) { $0.addingReportingOverflow($1.entry.memoryByteCount).partialValue }
        var isAtOnce = total <= limit
        do {
            if !isAtOnce {
                isAtOnce = try session.values(of: places.map(\.variable)).allSatisfy { $0 == nil }
            }
        } catch {
            throw CheckpointError(.session, reader.prefix, "\(error)")
        }
        if !isAtOnce {
            for place in places { try reader.verify(place.entry) }
        }
        var batch: [(variable: AnyVariable, value: AnyArray)] = []
        var batchByteCount = 0
        var done = 0
        do throws(CheckpointError) {
            for place in places {
                let byteCount = place.entry.memoryByteCount
                if !isAtOnce, batchByteCount + byteCount > limit {
                    try set(batch, session)
                    done += batch.count
                    batch = []
                    batchByteCount = 0
                }
                batch.append((place.variable, try reader.read(place.entry)))
                batchByteCount += byteCount
            }
            try set(batch, session)
        } catch {
            throw done == 0 ? error : error.adding("; \(done) of \(places.count) variables have their new values")
        }
    }

    private func set(
        _ values: [(variable: AnyVariable, value: AnyArray)], _ session: Session
    ) throws(CheckpointError) {
        do { try session.setValues(values) } catch {
            throw CheckpointError(.session, reader.prefix, "\(error)")
        }
    }
}
