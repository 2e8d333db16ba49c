// The equation of an Einstein sum, `abc,cd->abd`, read and checked. Knows nothing of tensors but their ranks.

import Graphs
import Tensors

/// Which axes of several operands are the same, and which of them the result has.
struct EinsumEquation: Hashable, Sendable {
    /// An axis: a letter, or one of those that `...` stands for, counted from the last.
    enum Label: Hashable, Sendable {
        case letter(UInt8)
        case ellipsis(Int)

        var name: String {
            switch self {
            case .letter(let letter): "\"\(Character(UnicodeScalar(letter)))\""
            case .ellipsis: "\"...\""
            }
        }
    }

    /// A piece of the equation: one letter for each axis, and perhaps `...` between them.
    private struct Piece: Hashable, Sendable {
        var before: [UInt8] = []
        var hasEllipsis = false
        var after: [UInt8] = []

        var letters: [UInt8] { before + after }
        var text: String {
            String(decoding: before, as: UTF8.self) + (hasEllipsis ? "..." : "")
                + String(decoding: after, as: UTF8.self)
        }

        init(_ text: Substring.UTF8View) throws(Mistake) {
            var rest = text
            while let letter = rest.popFirst() {
                switch letter {
                case UInt8(ascii: " "): continue
                case UInt8(ascii: "."):
                    guard !hasEllipsis, rest.popFirst() == UInt8(ascii: "."), rest.popFirst() == UInt8(ascii: ".")
                    else {
                        throw Mistake("a point stands in no \"...\", of which each operand may have one")
                    }
                    hasEllipsis = true
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"):
                    if hasEllipsis { after.append(letter) } else { before.append(letter) }
                default:
                    throw Mistake("\"\(Character(UnicodeScalar(letter)))\" is no letter for an axis")
                }
            }
        }

        /// The labels of an operand of the given rank.
        func labels(rank: Int) throws(Mistake) -> [Label] {
            let extra = rank - letters.count
            guard hasEllipsis ? extra >= 0 : extra == 0 else {
                let names = letters.map { String(Character(UnicodeScalar($0))) }.joined()
                throw Mistake("\"\(names)\(hasEllipsis ? "..." : "")\" does not fit an operand of rank \(rank)")
            }
            let hidden = (0..<max(extra, 0)).map { Label.ellipsis(extra - 1 - $0) }
            return before.map(Label.letter) + (hasEllipsis ? hidden : []) + after.map(Label.letter)
        }
    }

    /// More operands would make the search for what is still needed long.
    private static let maximumCount = 256

    private let operands: [Piece]
    private let result: Piece
    var operandCount: Int { operands.count }

    /// Reads an equation.
    ///
    /// Without `->` the result has the axes that are named once, in alphabetical order, after those of `...`.
    init(_ text: String) throws(Mistake) {
        let arrow = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard arrow.count <= 2, arrow.count == 1 || arrow[1].first == UInt8(ascii: ">") else {
            throw Mistake("\"\(text)\" is no equation", hint: "write one such as \"abc,cd->abd\"")
        }
        var operands: [Piece] = []
        for part in arrow[0].split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
            operands.append(try Piece(Substring(part).utf8))
        }
        guard operands.count <= Self.maximumCount else {
            throw Mistake("more than \(Self.maximumCount) operands are not supported")
        }
        self.operands = operands
        let letters = operands.flatMap(\.letters)
        let counts = Dictionary(letters.map { ($0, 1) }, uniquingKeysWith: +)
        for piece in operands where Set(piece.letters).count != piece.letters.count {
            throw Mistake("an operand of \"\(text)\" names an axis twice", hint: "diagonals are not supported")
        }
        let hasEllipsis = operands.contains(where: \.hasEllipsis)
        if arrow.count == 2 {
            result = try Piece(Substring(arrow[1].dropFirst()).utf8)
            for letter in result.letters where counts[letter] == nil {
                throw Mistake("the result has axis \"\(Character(UnicodeScalar(letter)))\", which no operand has")
            }
            if Set(result.letters).count != result.letters.count {
                throw Mistake("the result of \"\(text)\" names an axis twice")
            }
            if hasEllipsis != result.hasEllipsis {
                throw Mistake(
                    hasEllipsis
                        ? "the operands have \"...\", but the result has not"
                        : "the result has \"...\", but no operand has")
            }
        } else {
            var piece = try Piece(Substring(hasEllipsis ? "..." : "").utf8)
            let once = counts.filter { $0.value == 1 }.keys.sorted()
            if hasEllipsis { piece.after = once } else { piece.before = once }
            result = piece
        }
    }

    /// The equation with its result spelt out, as TensorFlow's op wants it.
    var text: String { operands.map(\.text).joined(separator: ",") + "->" + result.text }

    /// The equation of the first two operands, and that of their product with all others; nil where there are no others.
    ///
    /// The product keeps what the result or another operand has.
    var firstProduct: (pair: String, rest: String)? {
        guard operands.count > 2 else { return nil }
        let others = operands.dropFirst(2)
        let needed = Set(result.letters + others.flatMap(\.letters))
        var letters: [UInt8] = []
        for letter in operands[0].letters + operands[1].letters where needed.contains(letter) {
            if !letters.contains(letter) { letters.append(letter) }
        }
        let hasEllipsis = operands[0].hasEllipsis || operands[1].hasEllipsis
        let product = (hasEllipsis ? "..." : "") + String(decoding: letters, as: UTF8.self)
        return (
            "\(operands[0].text),\(operands[1].text)->\(product)",
            ([product] + others.map(\.text)).joined(separator: ",") + "->" + result.text
        )
    }

    /// The labels of operands of the given ranks.
    func labels(ranks: [Int]) throws(Mistake) -> [[Label]] {
        var labels: [[Label]] = []
        for (piece, rank) in zip(operands, ranks) { labels.append(try piece.labels(rank: rank)) }
        return labels
    }

    /// The labels of the result, where those of the operands are known.
    func resultLabels(_ operands: [[Label]]) -> [Label] {
        let hidden =
            operands.map { labels in labels.count { if case .ellipsis = $0 { true } else { false } } }.max() ?? 0
        let middle = result.hasEllipsis ? (0..<hidden).map { Label.ellipsis(hidden - 1 - $0) } : []
        return result.before.map(Label.letter) + middle + result.after.map(Label.letter)
    }

    /// The rank of the result, where no ellipsis leaves it open.
    var resultRank: Int? { result.hasEllipsis ? nil : result.letters.count }
}
