// Arrays of numbers as sound: WAV files of 16 bits a sample.

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Tensors

/// Clips of equal length: `[k, frames]` or `[k, frames, channels]`, each from -1 to 1.
struct AudioBatch {
    let array: NDArray<Float>
    let count: Int
    let frameCount: Int
    let channelCount: Int
    let samplesPerSecond: Float

    /// - Errors: where the array holds no clips that could be written.
    init(_ array: AnyArray, samplesPerSecond: Float, tag: String) throws(SummaryError) {
        guard let samples = try? array.as(Float.self) else {
            throw SummaryError(tag, "sound is made of float32, not of \(array.dtype)")
        }
        let shape = array.shape.count == 2 ? array.shape + [1] : array.shape
        guard shape.count == 3 else {
            throw SummaryError(tag, "sound has the shape [k, frames, channels] or [k, frames], not \(array.shape)")
        }
        guard (1...1024).contains(shape[2]) else {
            throw SummaryError(tag, "sound has 1 to 1024 channels, not \(shape[2]) (shape \(array.shape))")
        }
        // Bytes per second and per clip are numbers of 32 bits in the file.
        let bytesPerFrame = 2 * shape[2]
        guard samplesPerSecond >= 1, samplesPerSecond <= Float(Int(UInt32.max) / bytesPerFrame / 2) else {
            throw SummaryError(tag, "sound of \(samplesPerSecond) samples per second cannot be written")
        }
        guard shape[1] <= (Int(UInt32.max) - 64) / bytesPerFrame else {
            throw SummaryError(tag, "a clip of \(shape[1]) frames is too long")
        }
        self.array = samples
        (count, frameCount, channelCount) = (shape[0], shape[1], shape[2])
        self.samplesPerSecond = samplesPerSecond
    }
}

/// One clip as a WAV file. What lies outside of -1...1 is cut off; what is no number is silence.
func encodeWAV(_ batch: AudioBatch, index: Int) -> Data {
    let size = batch.frameCount * batch.channelCount
    let byteCount = UInt32(clamping: 2 * size)
    let rate = UInt32(batch.samplesPerSecond.rounded())
    let frameByteCount = UInt16(clamping: 2 * batch.channelCount)
    var file = Data()
    file.reserveCapacity(44 + 2 * size)
    func append(_ text: String) { file.append(contentsOf: text.utf8) }
    func append<Number: FixedWidthInteger>(_ number: Number) {
        withUnsafeBytes(of: number.littleEndian) { file.append(contentsOf: $0) }
    }
    append("RIFF")
    append(36 + byteCount)
    append("WAVEfmt ")
    append(UInt32(16))  // the bytes of this part
    append(UInt16(1))  // plain samples
    append(UInt16(clamping: batch.channelCount))
    append(rate)
    append(rate * UInt32(frameByteCount))
    append(frameByteCount)
    append(UInt16(16))  // bits per sample
    append("data")
    append(byteCount)
    batch.array.withUnsafeBufferPointer { samples in
        for sample in samples[(index * size)..<((index + 1) * size)] {
            let scaled = (sample * 32768).rounded(.toNearestOrAwayFromZero)
            append(scaled.isNaN ? 0 : Int16(min(32767, max(-32768, scaled))))
        }
    }
    return file
}
