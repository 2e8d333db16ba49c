// Numbers for texts, and texts for numbers: classes of labels, words, characters.

public import Tensors

/// Different texts, each with a number from 0 on.
///
///     let species = Vocabulary(["setosa", "virginica", "setosa"])
///     species["virginica"]     // Optional(1)
///     species.texts[0]         // "setosa"
public struct Vocabulary: Sendable, Hashable {
    /// The texts by their numbers.
    public let texts: [String]
    private let numbers: [String: Int]

    /// The different texts among those given, numbered in the order in which they first come.
    public init(_ texts: some Sequence<String>) {
        var ordered: [String] = []
        var numbers: [String: Int] = [:]
        for text in texts where numbers[text] == nil {
            numbers[text] = ordered.count
            ordered.append(text)
        }
        self.texts = ordered
        self.numbers = numbers
    }

    /// How many texts there are.
    public var count: Int { texts.count }

    /// The number of a text; nil for one that is not there.
    public subscript(_ text: String) -> Int? { numbers[text] }

    func hint(for text: String) -> String {
        nearestName(to: text, among: texts).map { "did you mean \"\($0)\"?" } ?? "make the vocabulary of all texts"
    }
}

/// The characters of a text, each with a number from 0 on: what a model of characters reads and writes.
///
///     let characters = CharacterVocabulary(text)
///     let ids = try characters.encode("hello")       // NDArray<Int32>, [5]
///     characters.decode(ids)                         // "hello"
///
/// Characters are Unicode scalars, as in Python, sorted by their code; so the same text gives the same numbers.
public struct CharacterVocabulary: Sendable, Hashable {
    /// The characters by their numbers.
    public let characters: [Unicode.Scalar]
    private let numbers: [Unicode.Scalar: Int32]

    /// The different characters of a text.
    public init(_ text: String) {
        characters = Set(text.unicodeScalars).sorted()
        numbers = Dictionary(uniqueKeysWithValues: characters.enumerated().map { ($1, Int32($0)) })
    }

    /// How many characters there are.
    public var count: Int { characters.count }

    /// The number of a character; nil for one that is not there.
    public subscript(_ character: Unicode.Scalar) -> Int32? { numbers[character] }

    /// The numbers of a text's characters.
    ///
    /// - Errors: `DatasetError` for a character that is not there, with its place.
    public func encode(_ text: String) throws(DatasetError) -> NDArray<Int32> {
        var encoded: [Int32] = []
        encoded.reserveCapacity(text.utf8.count)
        for (place, character) in text.unicodeScalars.enumerated() {
            guard let number = numbers[character] else {
                let code = String(character.value, radix: 16, uppercase: true)
                throw DatasetError(
                    reason: "character number \(place), \(String(reflecting: String(character))) (U+\(code)), "
                        + "is not in the vocabulary of \(count)",
                    hint: "make the vocabulary of all texts, or leave the character out")
            }
            encoded.append(number)
        }
        return NDArray(encoded)
    }

    /// The text of numbers; those that stand for no character are left out.
    public func decode(_ numbers: some Sequence<Int32>) -> String {
        var text = String.UnicodeScalarView()
        for number in numbers where characters.indices.contains(Int(number)) { text.append(characters[Int(number)]) }
        return String(text)
    }

    /// The text of an array of numbers, in row-major order.
    public func decode(_ numbers: NDArray<Int32>) -> String { decode(numbers.scalars) }
}
