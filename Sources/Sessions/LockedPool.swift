// Things that are used again.

import Synchronization

/// A stack of idle objects.
final class LockedPool<Element: AnyObject & Sendable>: Sendable {
    private let idle = Mutex<[Element]>([])

    func pop() -> Element? { idle.withLock { $0.popLast() } }

    func push(_ element: Element) { idle.withLock { $0.append(element) } }
}
