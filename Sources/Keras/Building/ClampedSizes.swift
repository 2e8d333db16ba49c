// Arithmetic of sizes that users give: what overflows becomes the largest number, which no array can have, so that the
// weight or tensor made of it is refused by name. Knows nothing of layers.

import Operations
import Tensors

/// The product of sizes; `Int.max` where it overflows.
func clampedProduct(_ sizes: Int...) -> Int {
    sizes.reduce(1) { product, size in
        let (result, overflows) = product.multipliedReportingOverflow(by: size)
        return overflows ? .max : result
    }
}

/// The sum of sizes; `Int.max` where it overflows.
func clampedSum(_ sizes: some Sequence<Int>) -> Int {
    sizes.reduce(0) { sum, size in
        let (result, overflows) = sum.addingReportingOverflow(size)
        return overflows ? .max : result
    }
}

extension [LayerWeight] {
    /// The number of numbers in them.
    var parameterCount: Int { clampedSum(lazy.map { $0.variable.shape.count ?? 0 }) }
}
