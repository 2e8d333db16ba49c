// What the operating system knows: time, the age and memory of this process, the cores it may use.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The time of a clock that never goes back, in seconds.
func monotonicSeconds() -> Double { seconds(of: CLOCK_MONOTONIC) }

private func seconds(of clock: clockid_t) -> Double {
    var time = timespec()
    guard clock_gettime(clock, &time) == 0 else { return .nan }
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
}

/// The most memory this process has had at a time, in MiB.
func peakResidentMegabytes() -> Double {
    var usage = rusage()
    #if canImport(Darwin)
        guard getrusage(RUSAGE_SELF, &usage) == 0 else { return .nan }
        return Double(usage.ru_maxrss) / 1_048_576
    #else
        guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return .nan }
        return Double(usage.ru_maxrss) / 1_024
    #endif
}

/// The seconds since the system started this process; NaN where it does not tell. On Linux up to 10 ms too many, since
/// starts are noted in ticks of a clock.
func processAge() -> Double {
    #if canImport(Darwin)
        var process = kinfo_proc()
        var size = MemoryLayout<kinfo_proc>.stride
        var query = [CTL_KERN, KERN_PROC, KERN_PROC_PID, getpid()]
        guard sysctl(&query, UInt32(query.count), &process, &size, nil, 0) == 0 else { return .nan }
        let start = process.kp_proc.p_un.__p_starttime
        return seconds(of: CLOCK_REALTIME) - (Double(start.tv_sec) + Double(start.tv_usec) * 1e-6)
    #else
        // Field 22 counts from the name in parentheses, which may hold anything.
        let fields = firstBytes(of: "/proc/self/stat").split(separator: UInt8(ascii: ")")).last?
            .split(separator: UInt8(ascii: " "))
        guard let fields, fields.count > 19, let ticks = Double(String(decoding: fields[19], as: UTF8.self)) else {
            return .nan
        }
        return seconds(of: CLOCK_BOOTTIME) - ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    #endif
}

/// The number of cores this process may run on.
func availableCores() -> Int {
    #if !canImport(Darwin)
        // The mask is in hexadecimal, with commas. The C function for it is not visible to Swift.
        let mask = firstBytes(of: "/proc/self/status").split(separator: UInt8(ascii: "\n"))
            .first { $0.starts(with: "Cpus_allowed:".utf8) }
        let cores = mask?.dropFirst("Cpus_allowed:".utf8.count)
            .reduce(0) { $0 + (Character(UnicodeScalar($1)).hexDigitValue?.nonzeroBitCount ?? 0) }
        if let cores, cores > 0 { return cores }
    #endif
    return max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
}

/// The start of a file, up to 4 KiB; empty where it cannot be read.
private func firstBytes(of path: String) -> [UInt8] {
    guard let file = fopen(path, "rb") else { return [] }
    defer { fclose(file) }
    return [UInt8](unsafeUninitializedCapacity: 4_096) { buffer, count in
        count = fread(buffer.baseAddress, 1, buffer.count, file)
    }
}
