// The digits that the program draws: the same for a seed, different from each other, and legible to simple arithmetic.

import Tensors
import Testing

@testable import Datasets

struct SyntheticDigitsTests {
    @Test func theSeedDecidesEveryPixel() {
        let digits = SyntheticDigits.generate(trainCount: 200, validationCount: 20, testCount: 20, seed: 11)
        let again = SyntheticDigits.generate(trainCount: 200, validationCount: 20, testCount: 20, seed: 11)
        let other = SyntheticDigits.generate(trainCount: 200, validationCount: 20, testCount: 20, seed: 12)
        #expect(digits.train.images == again.train.images)
        #expect(digits.test.labels == again.test.labels)
        #expect(digits.train.images != other.train.images)
        #expect(digits.train.images.rows(0..<20) != digits.validation.images)
    }

    /// Written down, so that every machine and release draws the same.
    @Test func thePixelsAreThoseOfEveryMachine() {
        let digits = SyntheticDigits.generate(trainCount: 100, validationCount: 0, testCount: 0, seed: 1)
        var digest = MD5()
        digits.train.images.scalars.map { UInt8($0 * 255 + 0.5) }.withUnsafeBytes { digest.update($0) }
        #expect(digest.hexadecimal == "65452b8202a81c8d3ef37398f8740626")
        #expect(digits.train.labels.scalars.prefix(10) == [8, 2, 5, 8, 4, 8, 7, 3, 5, 7])
    }

    @Test func anImageDoesNotDependOnTheCounts() {
        let few = SyntheticDigits.generate(trainCount: 5, validationCount: 3, testCount: 2, seed: 4)
        let many = SyntheticDigits.generate(trainCount: 50, validationCount: 0, testCount: 20, seed: 4)
        #expect(few.train.images == many.train.images.rows(0..<5))
        #expect(few.test.images == many.test.images.rows(0..<2))
    }

    @Test func theSetsHaveTheFormOfMNIST() {
        let digits = SyntheticDigits.generate(trainCount: 500, validationCount: -1, testCount: 10, seed: 2)
        #expect(digits.train.images.shape == [500, 784])
        #expect(digits.train.labels.shape == [500])
        #expect(digits.validation.images.shape == [0, 784])
        #expect(digits.oneHot.test.labels.shape == [10, 10])
        #expect(digits.train.images.scalars.allSatisfy { (0...1).contains($0) })
        #expect(Set(digits.train.labels.scalars) == Set(0...9))
        // Neither empty nor flooded: MNIST's mean is 0.13.
        let mean = digits.train.images.scalars.reduce(0, +) / Float(500 * 784)
        #expect((0.08...0.2).contains(mean))
    }

    @Test func theNearestOfFiveHundredExamplesTellsMostDigits() {
        let digits = SyntheticDigits.generate(trainCount: 500, validationCount: 0, testCount: 60, seed: 5)
        let (examples, samples) = (digits.train.images.scalars, digits.test.images.scalars)
        let (known, expected) = (digits.train.labels.scalars, digits.test.labels.scalars)
        var correct = 0
        for sample in 0..<60 {
            var best = (distance: Float.infinity, label: Int32(-1))
            for example in 0..<500 {
                var distance: Float = 0
                for pixel in 0..<784 {
                    let difference = samples[sample * 784 + pixel] - examples[example * 784 + pixel]
                    distance += difference * difference
                    if distance >= best.distance { break }
                }
                if distance < best.distance { best = (distance, known[example]) }
            }
            if best.label == expected[sample] { correct += 1 }
        }
        #expect(correct >= 45, "\(correct) of 60")
    }
}
