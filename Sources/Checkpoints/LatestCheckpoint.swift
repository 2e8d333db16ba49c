// Finds the newest checkpoint of a folder that is whole.

public import Files

/// The newest checkpoint of a folder that can be loaded, or nil where there is none.
///
///     if let newest = latestCheckpoint(in: "runs") { try saver.restore(session, from: newest) }
///
/// It is the one that the folder's state file names. Where that is gone, not whole or damaged it is the next older one of
/// the state file that is not, and else the one of the folder that was written last.
///
/// - Parameter verifyingData: whether every tensor's checksum is compared too. Otherwise the index is checked, and that
///   the data files are there and long enough: what a crash can do. A disk may also lose bits.
public func latestCheckpoint(
    in folder: String, verifyingData: Bool = false, files: any FileSystem = LocalFileSystem()
) -> String? {
    var tried: Set<String> = []
    func isWhole(_ prefix: String) -> Bool {
        guard tried.insert(prefix).inserted else { return false }
        do throws(CheckpointError) {
            let reader = try CheckpointReader(prefix, files: files)
            try reader.checkFiles()
            return !verifyingData || reader.verify().isEmpty
        } catch {
            return false
        }
    }
    // A state file that is damaged counts as none.
    if let state = (try? CheckpointState(inFolder: folder, files: files)).flatMap({ $0 }) {
        for prefix in [state.latest] + state.all.reversed() where isWhole(prefix) { return prefix }
    }
    guard let names = try? files.list(folder) else { return nil }
    let found = names.filter { $0.hasSuffix(indexSuffix) }.map { name in
        let prefix = joinPath(folder, String(name.dropLast(indexSuffix.count)))
        let status = (try? files.status(prefix + indexSuffix)).flatMap { $0 }
        return (prefix: prefix, seconds: status?.modificationSeconds ?? 0, step: checkpointStep(prefix) ?? -1)
    }
    return found.sorted { ($0.seconds, $0.step) > ($1.seconds, $1.step) }.first { isWhole($0.prefix) }?.prefix
}

/// The step in the name of a checkpoint: 1000 for `runs/model-1000`; nil where there is none.
public func checkpointStep(_ prefix: String) -> Int? {
    guard let dash = prefix.lastIndex(of: "-") else { return nil }
    let digits = prefix[prefix.index(after: dash)...]
    return digits.utf8.allSatisfy { (48...57).contains($0) } ? Int(digits) : nil
}
