// The count of steps that a graph's training has made.

public import Graphs
public import Operations
public import Tensors

extension Graph {
    /// The variable that counts the steps of training, named `global_step` as TensorFlow's; made when it is first asked
    /// for.
    ///
    ///     let train = Adam().minimize(loss, globalStep: graph.globalStep)
    public var globalStep: Variable<Int64> {
        let name = "global_step"
        if let known = variables.first(where: { $0.name == name })?.as(Int64.self) { return known }
        let variable = asDefault { Variable<Int64>(0, trainable: false, name: name) }
        addToCollection(name, AnyTensor(variable.handle))
        return variable
    }
}
