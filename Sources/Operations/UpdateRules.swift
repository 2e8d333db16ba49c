// The updates of optimizers, as TensorFlow names them: one row of a table for each, which tells its inputs and its
// formula. `OptimizerUpdate` makes operations of them.

/// An optimizer's update of one variable.
package enum UpdateRule: String, Hashable, Sendable, CaseIterable {
    case gradientDescent = "GradientDescent"
    case momentum = "Momentum"
    /// Keeps the step itself, as Keras does, rather than the sum of gradients.
    case kerasMomentum = "KerasMomentum"
    case adagrad = "Adagrad"
    case adadelta = "Adadelta"
    case rmsProp = "RMSProp"
    case centeredRMSProp = "CenteredRMSProp"
    case adam = "Adam"
    case adamWithAmsgrad = "AdamWithAmsgrad"
    case adaMax = "AdaMax"
    case ftrl = "Ftrl"
    case ftrlV2 = "FtrlV2"
}

/// What a rule's input is.
enum UpdateInput {
    /// A variable that is updated: the trained one first, then its slots.
    case variable
    /// A single number.
    case number(String)
    case gradient
}

/// A row of the table.
struct UpdateRow {
    let inputs: [UpdateInput]
    /// Attributes that change the formula, with their defaults.
    let flags: [(name: String, isSet: Bool)]
    /// Whether TensorFlow has a form that changes only the rows that a sparse gradient touches.
    let hasSparseForm: Bool
    /// From the variables' old values, the numbers and the gradient to the variables' new values, in order.
    let formula: @Sendable (UpdateValues) throws -> [ProgramNumber]

    init(
        _ inputs: [UpdateInput], flags: [(name: String, isSet: Bool)] = [], sparse: Bool = false,
        _ formula: @escaping @Sendable (UpdateValues) throws -> [ProgramNumber]
    ) {
        self.inputs = inputs
        self.flags = flags
        hasSparseForm = sparse
        self.formula = formula
    }
}

/// What a formula works with.
struct UpdateValues {
    let variables: [ProgramNumber]
    let numbers: [ProgramNumber]
    let gradient: ProgramNumber
    let flags: [Bool]
}

extension UpdateRule {
    var row: UpdateRow {
        switch self {
        case .gradientDescent:
            // v -= α g
            return UpdateRow([.variable, .number("alpha"), .gradient]) {
                [try $0.variables[0] - $0.numbers[0] * $0.gradient]
            }
        case .momentum:
            // a = μ a + g, v -= α a; Nesterov: v -= α (g + μ a)
            return UpdateRow(
                [.variable, .variable, .number("lr"), .gradient, .number("momentum")],
                flags: [("use_nesterov", false)], sparse: true
            ) {
                let (rate, momentum, g) = ($0.numbers[0], $0.numbers[1], $0.gradient)
                let a = try $0.variables[1] * momentum + g
                let step = $0.flags[0] ? try g * rate + a * momentum * rate : try a * rate
                return [try $0.variables[0] - step, a]
            }
        case .kerasMomentum:
            // a = μ a - α g, v += a; Nesterov: v += μ a - α g
            return UpdateRow(
                [.variable, .variable, .number("lr"), .gradient, .number("momentum")],
                flags: [("use_nesterov", false)], sparse: true
            ) {
                let (rate, momentum, g) = ($0.numbers[0], $0.numbers[1], $0.gradient)
                let a = try $0.variables[1] * momentum - g * rate
                return [try $0.variables[0] + ($0.flags[0] ? a * momentum - g * rate : a), a]
            }
        case .adagrad:
            // a += g², v -= α g / √a
            return UpdateRow(
                [.variable, .variable, .number("lr"), .gradient], flags: [("update_slots", true)], sparse: true
            ) {
                let g = $0.gradient
                let a = $0.flags[0] ? try $0.variables[1] + g * g : $0.variables[1]
                return [try $0.variables[0] - $0.numbers[0] * g / a.squareRoot(), a]
            }
        case .adadelta:
            // a = ρ a + (1-ρ) g², u = g √(d + ε) / √(a + ε), d = ρ d + (1-ρ) u², v -= α u
            return UpdateRow(
                [
                    .variable, .variable, .variable, .number("lr"), .number("rho"), .number("epsilon"), .gradient,
                ], sparse: true
            ) {
                let (rate, rho, epsilon, g) = ($0.numbers[0], $0.numbers[1], $0.numbers[2], $0.gradient)
                let a = try $0.variables[1] * rho + g * g * (1 - rho)
                let u = try ($0.variables[2] + epsilon).squareRoot() / (a + epsilon).squareRoot() * g
                let d = try $0.variables[2] * rho + u * u * (1 - rho)
                return [try $0.variables[0] - u * rate, a, d]
            }
        case .rmsProp:
            // s += (g² - s)(1-ρ), m = μ m + α g / √(s + ε), v -= m
            return UpdateRow(
                [
                    .variable, .variable, .variable, .number("lr"), .number("rho"), .number("momentum"),
                    .number("epsilon"), .gradient,
                ], sparse: true
            ) {
                let (n, g) = ($0.numbers, $0.gradient)
                let s = try $0.variables[1] + (g * g - $0.variables[1]) * (1 - n[1])
                let m = try $0.variables[2] * n[2] + g * n[0] / (s + n[3]).squareRoot()
                return [try $0.variables[0] - m, s, m]
            }
        case .centeredRMSProp:
            // as above, with the mean of the gradients c taken off: √(s - c² + ε)
            return UpdateRow(
                [
                    .variable, .variable, .variable, .variable, .number("lr"), .number("rho"), .number("momentum"),
                    .number("epsilon"), .gradient,
                ], sparse: true
            ) {
                let (n, g) = ($0.numbers, $0.gradient)
                let s = try $0.variables[2] + (g * g - $0.variables[2]) * (1 - n[1])
                let c = try $0.variables[1] + (g - $0.variables[1]) * (1 - n[1])
                let m = try $0.variables[3] * n[2] + g * n[0] / (s - c * c + n[3]).squareRoot()
                return [try $0.variables[0] - m, c, s, m]
            }
        case .adam, .adamWithAmsgrad:
            // m += (g - m)(1-β₁), s += (g² - s)(1-β₂), v -= α √(1-β₂ᵗ) / (1-β₁ᵗ) m / (√s + ε)
            let usesMaximum = self == .adamWithAmsgrad
            return UpdateRow(
                [.variable, .variable, .variable] + (usesMaximum ? [.variable] : []) + [
                    .number("beta1_power"), .number("beta2_power"), .number("lr"), .number("beta1"), .number("beta2"),
                    .number("epsilon"), .gradient,
                ], flags: usesMaximum ? [] : [("use_nesterov", false)]
            ) {
                let (n, g) = ($0.numbers, $0.gradient)
                let rate = try n[2] * (1 - n[1]).squareRoot() / (1 - n[0])
                let m = try $0.variables[1] + (g - $0.variables[1]) * (1 - n[3])
                let s = try $0.variables[2] + (g * g - $0.variables[2]) * (1 - n[4])
                if usesMaximum {
                    let largest = try $0.variables[3].maximum(s)
                    return [try $0.variables[0] - m * rate / (largest.squareRoot() + n[5]), m, s, largest]
                }
                let direction = $0.flags[0] ? try g * (1 - n[3]) + m * n[3] : m
                return [try $0.variables[0] - direction * rate / (s.squareRoot() + n[5]), m, s]
            }
        case .adaMax:
            // m += (g - m)(1-β₁), u = max(β₂ u, |g|), v -= α / (1-β₁ᵗ) m / (u + ε)
            return UpdateRow([
                .variable, .variable, .variable, .number("beta1_power"), .number("lr"), .number("beta1"),
                .number("beta2"), .number("epsilon"), .gradient,
            ]) {
                let (n, g) = ($0.numbers, $0.gradient)
                let m = try $0.variables[1] + (g - $0.variables[1]) * (1 - n[2])
                let u = try ($0.variables[2] * n[3]).maximum(g.magnitude())
                return [try $0.variables[0] - n[1] / (1 - n[0]) * m / (u + n[4]), m, u]
            }
        case .ftrl, .ftrlV2:
            let hasShrinkage = self == .ftrlV2
            return UpdateRow(
                [.variable, .variable, .variable, .gradient, .number("lr"), .number("l1"), .number("l2")]
                    + (hasShrinkage ? [.number("l2_shrinkage")] : []) + [.number("lr_power")],
                flags: [("multiply_linear_by_lr", false)], sparse: true
            ) { try Self.ftrl($0, hasShrinkage: hasShrinkage) }
        }
    }

    /// H. B. McMahan et al., "Ad click prediction: a view from the trenches" (2013).
    private static func ftrl(_ values: UpdateValues, hasShrinkage: Bool) throws -> [ProgramNumber] {
        let (n, g) = (values.numbers, values.gradient)
        let (v, a, linear) = (values.variables[0], values.variables[1], values.variables[2])
        let (rate, l1, l2, power) = (n[0], n[1], n[2], n[hasShrinkage ? 4 : 3])
        let shrunk = hasShrinkage ? try g + n[3] * 2 * v : g
        let next = try a + g * g
        let (oldRoot, newRoot) = (try a.raised(to: power.negated()), try next.raised(to: power.negated()))
        // With `multiply_linear_by_lr` the linear term is kept multiplied by the rate.
        if values.flags[0] {
            let z = try linear + shrunk * rate - (newRoot - oldRoot) * v
            let divisor = try newRoot + l2 * rate * 2
            let limit = try l1 * rate
            let clipped = try z.maximum(limit.negated()).minimum(limit)
            return [try (clipped - z) / divisor, next, z]
        }
        let z = try linear + shrunk - (newRoot - oldRoot) / rate * v
        let divisor = try newRoot / rate + l2 * 2
        let clipped = try z.maximum(l1.negated()).minimum(l1)
        return [try (clipped - z) / divisor, next, z]
    }

    /// How many variables it updates, the trained one among them.
    package var variableCount: Int { row.inputs.count { if case .variable = $0 { true } else { false } } }

    /// The names of its numbers, in order.
    package var numberNames: [String] { row.inputs.compactMap { if case .number(let name) = $0 { name } else { nil } } }

    /// Whether there is a form that changes only the rows that a sparse gradient touches.
    package var hasSparseForm: Bool { row.hasSparseForm }
}
