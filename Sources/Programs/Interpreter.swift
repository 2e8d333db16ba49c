// temporary
package import Tensors
package enum Interpreter {
    package static func evaluate(_ i: Instruction, _ o: [UntypedArray], _ t: ArrayType) -> UntypedArray? { nil }
}
