// The values that outlive a run: variables and the positions of random streams.

import Graphs
import Tensors

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The variables of a session.
///
/// No value that somebody holds ever changes: a run computes new values beside the old ones and puts them in their place
/// at its end, all together. So a run that fails has changed nothing, and the memory of the old value is used for the new
/// value of the next update, unless somebody still holds it.
///
/// Where nobody holds a value, and the run cannot fail any more once it writes (`Plan.Update.overwrittenRead`), the new
/// value is written over the old one, which saves half of the memory and of its traffic. Who wants to read it in the
/// meantime waits for the run's end, and is served before the next run may do so again.
final class VariableStore: @unchecked Sendable {
    // Unchecked: everything mutable is reached under `lock` only.

    private struct Slot {
        var current: ArrayStorage?
        var spare: ArrayStorage?
        /// Whether a run is about to update it.
        var isBusy = false
        /// Whether that run writes over `current`.
        var isOverwritten = false
        /// How many wait to read it.
        var waitingReaders = 0
    }

    private struct RandomStreamState {
        var key: UInt64
        var low: UInt64
        var high: UInt64
    }

    private var slots: [Slot] = []
    private var slotOfHandle: [NodeID: Int] = [:]
    private var names: [String] = []
    private var streams: [NodeID: RandomStreamState] = [:]
    private let lock: UnsafeMutablePointer<pthread_mutex_t>
    private let released: UnsafeMutablePointer<pthread_cond_t>

    init() {
        lock = .allocate(capacity: 1)
        lock.initialize(to: pthread_mutex_t())
        pthread_mutex_init(lock, nil)
        released = .allocate(capacity: 1)
        released.initialize(to: pthread_cond_t())
        pthread_cond_init(released, nil)
    }

    deinit {
        pthread_cond_destroy(released)
        pthread_mutex_destroy(lock)
        released.deallocate()
        lock.deallocate()
    }

    private func withLock<Result>(_ body: () throws -> Result) rethrows -> Result {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return try body()
    }

    /// The place of a variable's value, the same for the session's life.
    func slot(ofHandle handle: NodeID, name: String) -> Int {
        withLock {
            if let slot = slotOfHandle[handle] { return slot }
            slots.append(Slot())
            names.append(name)
            slotOfHandle[handle] = slots.count - 1
            return slots.count - 1
        }
    }

    /// The current values of variables, all of one moment; nil for those without.
    func values(of wanted: [Int]) -> [ArrayStorage?] {
        withLock {
            waitToRead(wanted.count) { wanted[$0] }
            return wanted.map { slots[$0].current }
        }
    }

    /// Waits until no run writes over any of `count` values. The lock is held by the caller.
    private func waitToRead(_ count: Int, _ slot: (Int) -> Int) {
        func isAnyOverwritten() -> Bool {
            for index in 0..<count where slots[slot(index)].isOverwritten { return true }
            return false
        }
        guard isAnyOverwritten() else { return }
        for index in 0..<count { slots[slot(index)].waitingReaders += 1 }
        while isAnyOverwritten() { pthread_cond_wait(released, lock) }
        for index in 0..<count { slots[slot(index)].waitingReaders -= 1 }
    }

    /// Puts values in place from outside of a run, all together, as soon as no run updates the variables.
    func set(_ values: [(slot: Int, storage: ArrayStorage)]) {
        withLock {
            while values.contains(where: { slots[$0.slot].isBusy }) { pthread_cond_wait(released, lock) }
            for (slot, storage) in values {
                slots[slot].spare = nil
                slots[slot].current = storage
            }
        }
    }

    /// Waits until no other run updates what the plan updates, claims that, and hands the run the values it reads,
    /// memory for the values it writes, and its random states.
    func begin(_ run: RunState) throws(SessionError) {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        let plan = run.plan
        repeat {
            while isBusy(plan) { pthread_cond_wait(released, lock) }
            waitToRead(plan.reads.count) { plan.reads[$0].slot }
        } while isBusy(plan)
        for index in plan.reads.indices where slots[plan.reads[index].slot].current == nil {
            throw .uninitialized(plan.reads.filter { slots[$0.slot].current == nil }.map { names[$0.slot] })
        }
        // Before this run holds them itself.
        for index in plan.updates.indices {
            let update = plan.updates[index]
            slots[update.slot].isBusy = true
            guard update.overwrittenRead != nil, slots[update.slot].waitingReaders == 0,
                isKnownUniquelyReferenced(&slots[update.slot].current)
            else { continue }
            slots[update.slot].isOverwritten = true
        }
        for index in plan.reads.indices { run.readValues[index] = slots[plan.reads[index].slot].current }
        for index in plan.updates.indices {
            let update = plan.updates[index]
            guard update.isComputed else { continue }
            if slots[update.slot].isOverwritten {
                run.newValues[index] = slots[update.slot].current
            } else if slots[update.slot].spare?.byteCount == update.byteCount,
                isKnownUniquelyReferenced(&slots[update.slot].spare)
            {
                run.newValues[index] = slots[update.slot].spare
                slots[update.slot].spare = nil
            } else {
                run.newValues[index] = ArrayStorage(byteCount: update.byteCount)
            }
        }
        for index in plan.randomStreams.indices {
            let stream = plan.randomStreams[index]
            let state = streams[stream.node] ?? initialState(stream.seeds)
            run.setRandomState(index, key: state.key, low: state.low, high: state.high)
            let (low, overflow) = state.low.addingReportingOverflow(UInt64(stream.samples))
            streams[stream.node] = RandomStreamState(key: state.key, low: low, high: state.high &+ (overflow ? 1 : 0))
        }
    }

    /// Whether a run is about to update what the plan updates.
    private func isBusy(_ plan: Plan) -> Bool {
        for index in plan.updates.indices where slots[plan.updates[index].slot].isBusy { return true }
        return false
    }

    /// Puts the new values in place, all together.
    func commit(_ run: RunState) {
        withLock {
            for index in run.plan.updates.indices {
                let slot = run.plan.updates[index].slot
                if !slots[slot].isOverwritten {
                    slots[slot].spare = slots[slot].current
                    slots[slot].current = run.newValues[index]
                }
                slots[slot].isOverwritten = false
                slots[slot].isBusy = false
                run.newValues[index] = nil
            }
            if !run.plan.updates.isEmpty { pthread_cond_broadcast(released) }
        }
    }

    /// Leaves everything as it was before the run; random streams too, unless another run has drawn since.
    func abandon(_ run: RunState) {
        withLock {
            for (index, update) in run.plan.updates.enumerated() {
                // What was to be written over is as it was: a run fails before, or not at all.
                if !slots[update.slot].isOverwritten, slots[update.slot].spare == nil {
                    slots[update.slot].spare = run.newValues[index]
                }
                slots[update.slot].isOverwritten = false
                slots[update.slot].isBusy = false
                run.newValues[index] = nil
            }
            for (index, stream) in run.plan.randomStreams.enumerated() {
                let (key, low, high) = run.randomState(index)
                if streams[stream.node]?.low == low &+ UInt64(stream.samples) {
                    streams[stream.node] = RandomStreamState(key: key, low: low, high: high)
                }
            }
            if !run.plan.updates.isEmpty { pthread_cond_broadcast(released) }
        }
    }

    /// Where each stream that was used stands.
    var streamStates: [NodeID: (key: UInt64, low: UInt64, high: UInt64)] {
        get { withLock { streams.mapValues { ($0.key, $0.low, $0.high) } } }
        set {
            withLock {
                streams = newValue.mapValues { RandomStreamState(key: $0.key, low: $0.low, high: $0.high) }
            }
        }
    }

    /// The state of a stream that was never used.
    ///
    /// - Source: TensorFlow's `PhiloxRandom(seed, seed2)`: the first seed is the key, the second the counter's upper half.
    private func initialState(_ seeds: (Int, Int)) -> RandomStreamState {
        if seeds == (0, 0) {
            var system = SystemRandomNumberGenerator()
            return RandomStreamState(key: system.next(), low: 0, high: system.next())
        }
        return RandomStreamState(
            key: UInt64(bitPattern: Int64(seeds.0)), low: 0, high: UInt64(bitPattern: Int64(seeds.1)))
    }
}
