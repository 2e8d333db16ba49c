// The few commands to the file system that data sets need, with their errors as those of data sets.

import Files

private let local = LocalFileSystem()

/// Makes a folder and those above it, where they are not there yet.
package func makeFolder(_ path: String) throws(DatasetError) {
    do throws(FileError) { try local.makeFolder(path) } catch {
        throw .cannotMakeFolder(error.path, because: error.reason)
    }
}

/// Gives a finished file its final name, in one step that other processes see whole or not at all.
package func renameFile(_ source: String, to destination: String) throws(DatasetError) {
    do throws(FileError) { try local.rename(source, to: destination) } catch {
        throw .cannotWrite(destination, because: error.reason)
    }
}

/// Removes a file, if it is there.
package func removeFile(_ path: String) {
    try? local.remove(path)
}

/// A new file that is written from start to end.
package final class FileWriting {
    package let path: String
    private let file: any WritableFile

    /// Creates the file, which must not be there yet.
    package init(_ path: String) throws(DatasetError) {
        self.path = path
        do throws(FileError) { file = try local.create(path, .new) } catch {
            throw .cannotWrite(path, because: error.reason)
        }
    }

    package func append(_ bytes: UnsafeRawBufferPointer) throws(DatasetError) {
        do throws(FileError) { try file.write(bytes) } catch { throw .cannotWrite(path, because: error.reason) }
    }
}
