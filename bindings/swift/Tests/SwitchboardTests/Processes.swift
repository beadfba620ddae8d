import Foundation

/// Where cargo put the programs.
func program(_ name: String) -> URL {
    guard let directory = ProcessInfo.processInfo.environment["SWITCHBOARD_TARGET"] else {
        preconditionFailure("SWITCHBOARD_TARGET must name cargo's target/debug")
    }
    return URL(fileURLWithPath: directory).appendingPathComponent(name)
}

/// A program of ours that runs beside the test, line by line.
final class Companion: Sendable {
    private let process: Process
    private let input: Pipe
    /// What it prints.
    let lines: Lines

    init(_ name: String, _ arguments: [String], log: URL) throws {
        process = Process()
        input = Pipe()
        let output = Pipe()
        process.executableURL = program(name)
        process.arguments = arguments
        process.standardInput = input
        process.standardOutput = output
        try Data().write(to: log)
        process.standardError = try FileHandle(forWritingTo: log)
        lines = Lines(of: output.fileHandleForReading)
        try process.run()
    }

    func write(_ line: String) {
        input.fileHandleForWriting.write(Data((line + "\n").utf8))
    }

    /// Ends it at once, in the middle of whatever it does.
    func kill() {
        guard process.isRunning else { return }
        #if canImport(Glibc)
        _ = Glibc.kill(process.processIdentifier, SIGKILL)
        #else
        _ = Darwin.kill(process.processIdentifier, SIGKILL)
        #endif
        process.waitUntilExit()
    }
}

/// Runs a program to its end and answers what it printed.
func run(_ name: String, _ arguments: [String], input text: String) throws -> String {
    let process = Process()
    let input = Pipe()
    let output = Pipe()
    process.executableURL = program(name)
    process.arguments = arguments
    process.standardInput = input
    process.standardOutput = output
    process.standardError = output
    try process.run()
    try input.fileHandleForWriting.write(contentsOf: Data(text.utf8))
    try input.fileHandleForWriting.close()
    let printed = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
        throw Failure("\(name) \(arguments.joined(separator: " ")): \(printed)")
    }
    return printed
}

/// The lines that come through a pipe, each given out once.
final class Lines: @unchecked Sendable {
    private let condition = NSCondition()
    private var waiting: [String] = []
    private var printed: [String] = []
    private var rest = Data()
    private var ended = false

    init(of handle: FileHandle) {
        handle.readabilityHandler = { [self] handle in take(handle.availableData, from: handle) }
    }

    private func take(_ data: Data, from handle: FileHandle) {
        condition.withLock {
            if data.isEmpty {
                ended = true
                handle.readabilityHandler = nil
            }
            rest.append(data)
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: rest[rest.startIndex..<end], as: UTF8.self)
                waiting.append(line)
                printed.append(line)
                rest = Data(rest[(end + 1)...])
            }
            condition.broadcast()
        }
    }

    /// Every line that came so far.
    var all: [String] { condition.withLock { printed } }

    /// The next line that passes; those before it are dropped.
    func next(_ what: String, where matches: (String) throws -> Bool) throws -> String {
        let deadline = Date(timeIntervalSinceNow: waitSeconds)
        return try condition.withLock {
            while true {
                while !waiting.isEmpty {
                    let line = waiting.removeFirst()
                    if try matches(line) { return line }
                }
                if ended || !condition.wait(until: deadline) { throw Failure("no \(what) came") }
            }
        }
    }
}

extension NSCondition {
    fileprivate func withLock<T>(_ body: () throws -> T) rethrows -> T {
        lock()
        defer { unlock() }
        return try body()
    }
}

/// How long a test waits for what must come. Nothing waits by sleeping.
let waitSeconds: TimeInterval = 30

/// What a test says when something did not happen.
struct Failure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
