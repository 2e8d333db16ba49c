// Digits that the program draws itself: a data set that needs no file and no network.

public import Tensors

/// Drawn digits in the form of MNIST: 28×28 pixels, values from 0 to 1, labels 0 to 9.
///
///     let digits = SyntheticDigits.generate(trainCount: 10_000, validationCount: 1_000, testCount: 1_000, seed: 1)
///     digits.train.images.shape          // [10000, 784]
///     digits.oneHot.train.labels.shape   // [10000, 10]
///
/// Each digit is written with strokes in one of several shapes, bent, slanted, turned, moved and blurred at random. The
/// seed alone decides every pixel, on every machine; image `i` of a set does not depend on how many there are.
/// The digits are easier than people's: use them for examples and tests, not to compare models.
public enum SyntheticDigits {
    /// Draws three sets of digits.
    ///
    /// - Parameters:
    ///   - trainCount: how many images to train with; 55,000 by default. Negative counts are 0.
    ///   - validationCount: how many images for validation; 5000 by default.
    ///   - testCount: how many images for the final test; 10,000 by default.
    ///   - seed: the same seed gives the same images.
    /// - Returns: the three sets with sparse labels; `.oneHot` gives the others.
    public static func generate(
        trainCount: Int = 55_000, validationCount: Int = 5_000, testCount: Int = 10_000, seed: UInt64
    ) -> ImageSplits<Int32> {
        ImageSplits(
            train: draw(count: trainCount, part: 0, seed: seed),
            validation: draw(count: validationCount, part: 1, seed: seed),
            test: draw(count: testCount, part: 2, seed: seed))
    }

    private static func draw(count: Int, part: UInt64, seed: UInt64) -> LabelledImages<Int32> {
        // No machine holds more images than this; what is asked for beyond becomes an empty set, as for arrays.
        let count = count < 1 << 38 ? max(0, count) : 0
        let pixelCount = DigitPainter.side * DigitPainter.side
        var painter = DigitPainter()
        var labels: [Int32] = []
        labels.reserveCapacity(count)
        let images = NDArray<Float>(shape: [count, pixelCount]) { pixels in
            for index in 0..<count {
                // A stream for each image: none depends on another, and the sets share none.
                var random = RandomStream(seed: seed, stream: part << 40 | UInt64(index))
                let digit = random.nextNumber(below: 10)
                labels.append(Int32(digit))
                let image = UnsafeMutableBufferPointer(
                    rebasing: pixels[(index * pixelCount)..<((index + 1) * pixelCount)])
                painter.draw(digit, into: image, &random)
            }
        }
        return LabelledImages(uncheckedImages: images, labels: NDArray(labels), classCount: 10)
    }
}
