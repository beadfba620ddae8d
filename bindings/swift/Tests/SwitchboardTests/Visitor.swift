import Foundation

/// A customer on the website. FoundationNetworking has no dependable WebSocket on Linux, so the socket is held by the
/// end-to-end tests' `visitor` program.
final class Visitor: Sendable {
    private let process: Companion

    init(_ server: TestServer, channel: String) throws {
        let log = try temporaryDirectory("visitor").appendingPathComponent("log")
        process = try Companion("visitor", [server.url, channel], log: log)
        _ = try frame("welcome") { _ in true }
    }

    deinit { process.kill() }

    /// Writes, and waits until the server has it.
    func say(_ text: String) throws {
        process.write("say \(text)")
        _ = try frame("accepted") { _ in true }
    }

    func type() { process.write(#"{"type":"typing","typing":true}"#) }

    /// Waits for an operator's message with this text.
    func awaitReply(_ text: String) throws {
        _ = try frame("message") { frame in
            frame["text"] as? String == text && (frame["author"] as? [String: Any])?["kind"] as? String == "operator"
        }
    }

    private func frame(_ type: String, where matches: ([String: Any]) -> Bool) throws -> String {
        try process.lines.next("frame \(type)") { line in
            let frame = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
            return frame["type"] as? String == type && matches(frame)
        }
    }
}
