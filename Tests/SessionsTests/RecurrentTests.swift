import Graphs
import Operations
import Sessions
import Tensors
import Testing

/// Recurrent layers as loops, compared with the same layers unrolled: outputs and gradients.
@Suite struct RecurrentTests {
    enum Kind: CaseIterable { case simple, lstm, gru, gruResetBefore }

    @Test(arguments: Kind.allCases, [false, true])
    func loopsAndUnrolledStepsAgree(kind: Kind, isMasked: Bool) throws {
        try Graph().asDefault { () throws in
            func numbers(_ shape: [Int], _ seed: Int) throws -> NDArray<Double> {
                let count = shape.reduce(1, *)
                return try NDArray(shape: shape, (0..<count).map { Double(($0 + seed) * 37 % 23) / 23 - 0.5 })
            }
            let gates = [Kind.simple: 1, .lstm: 4, .gru: 3, .gruResetBefore: 3][kind] ?? 1
            let x = constant(try numbers([2, 5, 3], 1))
            let kernel = Variable(try numbers([3, 4 * gates], 2))
            let recurrent = Variable(try numbers([4, 4 * gates], 3))
            let bias = Variable(try numbers(kind == .gru ? [2, 12] : [4 * gates], 4))
            let mask = constant(
                try NDArray<Bool>(shape: [2, 5], [true, false, true, true, false, true, true, true, true, true]))
            var found: [[[Double]]] = []
            let session = Session()
            for unrolls in [false, true] {
                var options = RecurrentOptions<Double>(goesBackwards: true, unrolls: unrolls)
                if isMasked { options.mask = mask }
                let (w, u, b) = (kernel.read(), recurrent.read(), bias.read())
                let result =
                    switch kind {
                    case .simple: simpleRNN(x, kernel: w, recurrentKernel: u, bias: b, options: options)
                    case .lstm: lstm(x, kernel: w, recurrentKernel: u, bias: b, options: options)
                    case .gru: gru(x, kernel: w, recurrentKernel: u, bias: b, options: options)
                    case .gruResetBefore:
                        gru(x, kernel: w, recurrentKernel: u, bias: b, resetsAfter: false, options: options)
                    }
                let loss = (result.sequence * result.sequence).sum() + result.last.sum()
                let (gw, gu, gb) = gradients(of: loss, with: kernel, recurrent, bias)
                try session.run(kernel.initializer)
                try session.run(recurrent.initializer)
                try session.run(bias.initializer)
                found.append(
                    try [result.sequence, result.last, gw, gu, gb, gradients(of: loss, with: x)].map {
                        try session.run($0).scalars
                    })
            }
            for (one, other) in zip(found[0], found[1]) {
                #expect(one.count == other.count)
                for (a, b) in zip(one, other) { #expect(abs(a - b) < 1e-12) }
            }
        }
    }
}
