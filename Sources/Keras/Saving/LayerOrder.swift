// The order in which Keras lists the layers of a model and their weights: those farthest from the outputs first.

extension Model {
    /// The layers in the order of Keras's `model.layers`, inputs left out.
    var layersInKerasOrder: [any Layer] {
        guard !(self is Sequential), let structure else { return layers }
        return structure.layersInKerasOrder
    }
}

extension ModelStructure {
    /// The layers by their largest distance from an output, the farthest first; those of one distance in the order in
    /// which a walk from the outputs meets them.
    ///
    /// - Source: Keras's `map_graph`.
    var layersInKerasOrder: [any Layer] {
        var callDepths: [ObjectIdentifier: Int] = [:]
        var layerDepths: [ObjectIdentifier: Int] = [:]
        for call in calls.reversed() {
            let layer = ObjectIdentifier(call.layer.state)
            let depth = max(callDepths[ObjectIdentifier(call)] ?? 0, layerDepths[layer] ?? 0)
            layerDepths[layer] = depth
            callDepths[ObjectIdentifier(call)] = depth
            for input in call.inputs {
                guard let source = input.call else { continue }
                callDepths[ObjectIdentifier(source)] = max(depth + 1, callDepths[ObjectIdentifier(source)] ?? 0)
            }
        }
        // The order in which a walk from the outputs first meets each layer.
        var meetings: [ObjectIdentifier: Int] = [:]
        var found: [any Layer] = []
        var seen: Set<ObjectIdentifier> = []
        let own = Set(inputs.map(\.identity))
        var waiting: [KerasTensor] = outputs.reversed()
        while let tensor = waiting.popLast() {
            guard !own.contains(tensor.identity), let call = tensor.call,
                seen.insert(ObjectIdentifier(call)).inserted
            else { continue }
            let layer = ObjectIdentifier(call.layer.state)
            if meetings[layer] == nil {
                meetings[layer] = meetings.count
                found.append(call.layer)
            }
            waiting += call.inputs.reversed()
        }
        func key(_ layer: any Layer) -> (Int, Int) {
            let identity = ObjectIdentifier(layer.state)
            return (-(layerDepths[identity] ?? 0), meetings[identity] ?? 0)
        }
        return found.sorted { key($0) < key($1) }
    }
}
