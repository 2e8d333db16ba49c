// "Did you mean ...?": the known name that a mistaken one most resembles.

/// The candidate that differs from `name` by the fewest changed, added or missing characters; nil where none comes
/// close. A candidate that ends like `name` after a `/` counts as near, whatever its scopes.
///
/// - Complexity: names longer than 200 bytes are compared by their last parts alone; at most 2,000 candidates are
///   looked at.
package func nearestName(to name: String, among candidates: some Sequence<String>) -> String? {
    let wanted = Array(name.lowercased().utf8.suffix(200))
    let limit = max(1, wanted.count / 3)
    var best: (name: String, distance: Int)?
    for candidate in candidates.lazy.prefix(2000) {
        let other = Array(candidate.lowercased().utf8.suffix(200))
        var distance = abs(other.count - wanted.count) > limit ? limit + 1 : editDistance(wanted, other)
        if distance > limit, lastPart(candidate) == lastPart(name) { distance = limit }
        guard distance <= limit else { continue }
        // Of equally near names the first by alphabet, whatever order they come in.
        if let best, (best.distance, best.name) <= (distance, candidate) { continue }
        best = (candidate, distance)
    }
    return best?.name
}

private func lastPart(_ name: String) -> Substring {
    name.split(separator: "/").last ?? Substring(name)
}

/// Levenshtein's distance.
private func editDistance(_ left: [UInt8], _ right: [UInt8]) -> Int {
    var row = Array(0...right.count)
    for i in left.indices {
        var diagonal = row[0]
        row[0] = i + 1
        for j in right.indices {
            let changed = diagonal + (left[i] == right[j] ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(changed, row[j] + 1, row[j + 1] + 1)
        }
    }
    return row[right.count]
}
