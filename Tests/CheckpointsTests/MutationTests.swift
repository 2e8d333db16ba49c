import Checkpoints
import FileTestSupport
import Files
import Foundation
import Tensors
import Testing

/// Every byte of a checkpoint flipped, every length cut off: each time an error that says where, or the same values.
@Suite struct MutationTests {
    private static let prefix = "c/model"
    private static let indexPath = prefix + ".index"
    private static let dataPath = prefix + ".data-00000-of-00001"

    private struct Original {
        let index: [UInt8]
        let data: [UInt8]
        let tensors: [(name: String, value: AnyArray)]

        init() throws {
            index = [UInt8](try Data(contentsOf: URL(fileURLWithPath: fixturePrefix + ".index")))
            data = [UInt8](try Data(contentsOf: URL(fileURLWithPath: fixturePrefix + ".data-00000-of-00001")))
            tensors = try fixtureTensors()
        }
    }

    private func disk(_ index: [UInt8], _ data: [UInt8]) -> FaultyFileSystem {
        let disk = FaultyFileSystem()
        disk.put(index, at: Self.indexPath)
        disk.put(data, at: Self.dataPath)
        return disk
    }

    /// Reads everything in every way.
    ///
    /// - Returns: the errors; empty where all values are those of the original.
    private func errors(_ disk: FaultyFileSystem, _ original: Original) -> [CheckpointError] {
        let reader: CheckpointReader
        do throws(CheckpointError) { reader = try CheckpointReader(Self.prefix, files: disk) } catch { return [error] }
        var errors: [CheckpointError] = []
        for (name, value) in original.tensors {
            do throws(CheckpointError) {
                #expect(try reader.read(name) == value, "a wrong value of \(name)")
            } catch { errors.append(error) }
        }
        #expect(errors.isEmpty == reader.verify().isEmpty)
        for entry in reader.entries { _ = try? reader.read(entry.name) }
        return errors
    }

    private func expectPlace(_ error: CheckpointError, in path: String, _ comment: String) {
        #expect(error.path == path, "\(comment): \(error)")
        #expect(error.kind == .damaged || error.kind == .unsupported, "\(comment): \(error)")
        #expect(error.offset != nil, "\(comment): \(error)")
        #expect(!error.reason.isEmpty)
    }

    @Test func everyFlippedByteOfTheIndexIsFound() throws {
        let original = try Original()
        for place in original.index.indices {
            for flip in [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff] as [UInt8] {
                var index = original.index
                index[place] ^= flip
                let found = errors(disk(index, original.data), original)
                #expect(found.count == 1, "byte \(place) ^ \(flip)")
                for error in found { expectPlace(error, in: Self.indexPath, "byte \(place) ^ \(flip)") }
            }
        }
    }

    /// With their checksums put right, so that what lies behind them is reached.
    @Test func everyFlippedByteOfTheIndexWithRightChecksumsIsFoundOrHarmless() throws {
        let original = try Original()
        let blocks = try tableBlocks(original.index)
        var refused = 0
        for block in blocks {
            for place in block {
                for flip in [0x01, 0x10, 0x80, 0xff] as [UInt8] {
                    var index = original.index
                    index[place] ^= flip
                    putChecksumRight(&index, block)
                    let disk = disk(index, original.data)
                    do throws(CheckpointError) {
                        let reader = try CheckpointReader(Self.prefix, files: disk)
                        for entry in reader.entries { _ = try? reader.read(entry.name) }
                        _ = reader.verify()
                    } catch {
                        refused += 1
                        #expect(error.path == Self.indexPath, "\(error)")
                    }
                }
            }
        }
        #expect(refused > 100)
    }

    @Test func everyLengthOfTheIndexIsRefused() throws {
        let original = try Original()
        for length in original.index.indices {
            let found = errors(disk(Array(original.index[..<length]), original.data), original)
            #expect(found.count == 1)
            for error in found { expectPlace(error, in: Self.indexPath, "length \(length)") }
        }
    }

    @Test func everyFlippedByteOfTheDataIsFoundAndItsTensorNamed() throws {
        let original = try Original()
        let reader = try CheckpointReader(Self.prefix, files: disk(original.index, original.data))
        let whole = reader.entries.filter { !$0.isPartitioned }
        for place in original.data.indices {
            let owner = whole.first { ($0.offset..<($0.offset + $0.byteCount)).contains(place) }?.name ?? "part"
            for flip in [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xff] as [UInt8] {
                var data = original.data
                data[place] ^= flip
                let found = errors(disk(original.index, data), original)
                #expect(found.map(\.tensor) == [owner], "byte \(place) ^ \(flip)")
                for error in found { expectPlace(error, in: Self.dataPath, "byte \(place) ^ \(flip)") }
                let verified = try CheckpointReader(Self.prefix, files: disk(original.index, data)).verify()
                #expect(verified.map(\.tensor) == [owner])
            }
        }
    }

    @Test func everyLengthOfTheDataIsFoundAndItsTensorsNamed() throws {
        let original = try Original()
        for length in original.data.indices {
            let disk = disk(original.index, Array(original.data[..<length]))
            let found = errors(disk, original)
            #expect(!found.isEmpty)
            for error in found { expectPlace(error, in: Self.dataPath, "length \(length)") }
            #expect(throws: CheckpointError.self) { try CheckpointReader(Self.prefix, files: disk).checkFiles() }
        }
    }

    /// The ranges of the table's blocks with their compression bytes: the data block and the block of blocks.
    private func tableBlocks(_ index: [UInt8]) throws -> [Range<Int>] {
        // The fixture's footer: the empty block at (p, 8), the block of blocks behind it.
        let footer = index.suffix(48)
        var numbers: [Int] = []
        var (value, shift) = (0, 0)
        for byte in footer.prefix(10) {
            value |= Int(byte & 127) << shift
            shift += 7
            if byte < 128 {
                numbers.append(value)
                (value, shift) = (0, 0)
            }
        }
        try #require(numbers.count >= 4)
        return [0..<(numbers[0] - 4), numbers[2]..<(numbers[2] + numbers[3] + 1)]
    }

    private func putChecksumRight(_ index: inout [UInt8], _ block: Range<Int>) {
        let checksum = Checksum(of: index[block]).masked
        for byte in 0..<4 { index[block.upperBound + byte] = UInt8(truncatingIfNeeded: checksum >> (8 * UInt32(byte))) }
    }
}
