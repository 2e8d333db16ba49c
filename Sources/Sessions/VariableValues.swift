// The values of variables from outside of runs: what saves and restores them.

import Graphs
public import Operations
public import Tensors

extension Session {
    /// The value of a variable, sharing its memory; nil where it has none yet.
    public func value<Scalar>(of variable: Variable<Scalar>) throws(SessionError) -> NDArray<Scalar>? {
        guard let value = try values(of: [AnyVariable(variable)])[0],
            case .elements(let array) = value.content
        else { return nil }
        return NDArray(untyped: array)
    }

    /// The values of variables, all of one moment between two runs, sharing their memory; nil for those without one.
    ///
    /// What is returned stays as it is while training goes on, whose next step then writes beside it.
    ///
    /// - Errors: `SessionError` for a variable of another graph.
    public func values(of variables: [AnyVariable]) throws(SessionError) -> [AnyArray?] {
        let slots = try variables.map { variable throws(SessionError) in try slot(of: variable) }
        return zip(variables, store.values(of: slots)).map { variable, storage in
            guard let storage, let shape = variable.shape.known else { return nil }
            return AnyArray(UntypedArray(dtype: variable.dtype, shape: shape, storage: storage))
        }
    }

    /// The values of all variables that have one, by name, sharing their memory: what files of arrays take.
    ///
    ///     try NPZWriter.write(session.variableValues(), to: "weights.npz")
    public func variableValues() throws(SessionError) -> [String: AnyArray] {
        let variables = graph.variables
        var values: [String: AnyArray] = [:]
        for (variable, value) in zip(variables, try self.values(of: variables)) { values[variable.name] = value }
        return values
    }

    /// Gives variables new values by name; names that no variable has are left out.
    ///
    ///     try session.setVariableValues(["W": array])
    ///
    /// - Returns: the names that no variable has.
    /// - Errors: as `setValues`.
    @discardableResult
    public func setVariableValues(_ values: [String: AnyArray]) throws(SessionError) -> [String] {
        var unused = Set(values.keys)
        var chosen: [(variable: AnyVariable, value: AnyArray)] = []
        for variable in graph.variables {
            guard let value = values[variable.name] else { continue }
            unused.remove(variable.name)
            chosen.append((variable, value))
        }
        try setValues(chosen)
        return unused.sorted()
    }

    /// Gives variables new values, all together, between two runs.
    ///
    /// - Errors: `SessionError` for a value of another type or shape than its variable's, or a variable of another
    ///   graph; then nothing has changed.
    public func setValues(_ values: [(variable: AnyVariable, value: AnyArray)]) throws(SessionError) {
        var places: [(slot: Int, storage: ArrayStorage)] = []
        for (variable, value) in values {
            guard case .elements(let array) = value.content, value.dtype == variable.dtype,
                variable.shape.accepts(value.shape)
            else {
                throw SessionError(
                    .variableValue,
                    "variable \"\(variable.name)\" of \(variable.dtype)\(variable.shape) cannot take a value of "
                        + "\(value.dtype)\(Shape(value.shape))")
            }
            if let refusal = array.storage.refusal { throw .refusedFeed(variable.name, refusal) }
            let isWhole = array.byteOffset == 0 && array.storage.byteCount == array.byteCount
            let storage =
                isWhole ? array.storage : ArrayStorage(copying: array.bytes, byteCount: array.byteCount)
            places.append((try slot(of: variable), storage))
        }
        store.set(places)
    }

    private func slot(of variable: AnyVariable) throws(SessionError) -> Int {
        guard variable.graph === graph else { throw .foreign(variable.name) }
        return store.slot(ofHandle: variable.handle.endpoint.node, name: variable.name)
    }
}
