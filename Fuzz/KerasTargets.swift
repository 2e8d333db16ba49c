// Models as Keras's JSON: read, and written again where they make sense.

import Graphs
import Keras
import Tensors

let kerasTargets: [FuzzTarget] = [
    FuzzTarget(
        name: "keras-json",
        read: { bytes in
            let model = try modelFromJSON(String(decoding: bytes, as: UTF8.self), in: Graph())
            let text = try model.toJSON()
            guard try modelFromJSON(text, in: Graph()).toJSON() == text else {
                throw Contradiction(description: "a model differs from what was read of its JSON")
            }
        },
        seeds: {
            let stack = Sequential(in: Graph()) {
                Dense(3, activation: .relu, kernelRegularizer: .l2(), biasConstraint: .maxNorm(), inputShape: [4])
                Reshape([3, 1])
                Flatten()
                Dropout(0.5, seed: 1)
                Activation("softmax")
            }
            let branched = withGraph(Graph()) {
                let x = input(shape: [4], name: "x")
                let y = input(shape: [4], name: "y")
                let shared = Dense(4, name: "shared")
                let inner = Model(inputs: x, outputs: Dense(4)(x), name: "inner")
                return Model(inputs: [x, y], outputs: [inner(shared(y)), shared(x)])
            }
            return try [stack, branched].map { Array(try $0.toJSON().utf8) }
        })
]
