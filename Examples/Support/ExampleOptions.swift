// The flags that all examples have, and the digits that most of them learn.

package import ArgumentParser
package import TensorGraph

/// The flags that all examples have.
package struct ExampleOptions: ParsableArguments {
    @Option(help: "The folder with the MNIST files. By default MNIST_DIR, then the cache, then a download.")
    package var data: String?
    @Option(help: "Decides every random number.")
    package var seed = 1
    @Option(help: "The folder for figures and logs.")
    package var output = "."
    @Flag(help: "Print the result only.")
    package var quiet = false

    package init() {}

    package mutating func validate() throws {
        guard seed >= 0 else { throw ValidationError("--seed must not be negative.") }
    }

    /// The real digits where they can be had, else digits that the program draws itself; and which of them it is.
    ///
    /// - Parameter hasValidation: whether the last twelfth of the training images, 5,000 of MNIST's, is the validation
    ///   set; else there is none.
    package func loadDigits(hasValidation: Bool = true) throws -> (digits: ImageSplits<Int32>, source: String) {
        if let data { return (splits(try MNIST.load(from: data, validationCount: 0), hasValidation), "MNIST") }
        do {
            return (splits(try MNIST.load(validationCount: 0), hasValidation), "MNIST")
        } catch {
            print("The MNIST files could not be had:\n\(error)")
            print("Going on with SyntheticDigits, drawn by the program: its results say nothing about MNIST.")
            return (SyntheticDigits.generate(seed: UInt64(seed)), "SyntheticDigits")
        }
    }

    private func splits(_ images: ImageSplits<Int32>, _ hasValidation: Bool) -> ImageSplits<Int32> {
        let count = images.train.count
        let trained = hasValidation ? count - count / 12 : count
        return ImageSplits(
            train: images.train.rows(0..<trained), validation: images.train.rows(trained..<count), test: images.test)
    }
}
