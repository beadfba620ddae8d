import Foundation

/// A real server process with its own database, as an operator of the server would run it.
final class TestServer: @unchecked Sendable {
    private let directory: URL
    private let config: URL
    private var process: Companion

    /// Where it listens; the same after a restart.
    let url: String

    init() throws {
        directory = try temporaryDirectory("server")
        config = directory.appendingPathComponent("switchboard.toml")
        try Self.write(config, data: directory, listen: "127.0.0.1:0")
        (process, url) = try Self.start(config, directory)
        try Self.write(config, data: directory, listen: String(url.dropFirst("http://".count)))
    }

    deinit {
        process.kill()
        try? FileManager.default.removeItem(at: directory)
    }

    private static func write(_ config: URL, data: URL, listen: String) throws {
        let text = """
            data_dir = "\(data.appendingPathComponent("data").path)"
            listen = "\(listen)"
            [limits]
            visitor_messages = { burst = 1000, per_minute = 1000 }
            address_messages = { burst = 1000, per_minute = 1000 }
            """
        try text.write(to: config, atomically: true, encoding: .utf8)
    }

    private static func start(_ config: URL, _ directory: URL) throws -> (Companion, String) {
        let log = directory.appendingPathComponent("server.log")
        let process = try Companion("switchboard", ["serve", "--config", config.path], log: log)
        let line = try process.lines.next("address of the server") { $0.contains("listening on ") }
        guard let range = line.range(of: "listening on ") else { throw Failure(line) }
        let address = line[range.upperBound...].trimmingCharacters(in: CharacterSet(charactersIn: " /"))
        return (process, address)
    }

    /// What an admin types. Answers what the command printed.
    @discardableResult
    func admin(_ arguments: String..., input: String = "") throws -> String {
        try run("switchboard", ["admin", "--config", config.path] + arguments, input: input)
    }

    /// A kill in the middle of whatever it does: every phone is offline from then on.
    func kill() { process.kill() }

    /// Starts it again on its data and at its address.
    func restart() throws { (process, _) = try Self.start(config, directory) }
}

func temporaryDirectory(_ name: String) throws -> URL {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("switchboard-\(name)-\(UUID())")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    return directory
}
