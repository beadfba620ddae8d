import Foundation

/// A customer on the website. FoundationNetworking has no dependable WebSocket on Linux, so the socket is held by the
/// end-to-end tests' `visitor` program.
final class Visitor: Sendable {
    private let process: Companion

    init(_ server: TestServer, channel: String) throws {
        let log = try temporaryDirectory("visitor").appendingPathComponent("log")
        process = try Companion("visitor", [server.url, channel], log: log)
    }

    /// Waits until the server lets the visitor in.
    func awaitWelcome() throws { try frame("welcome") { _ in true } }

    deinit { process.kill() }

    /// Writes, and waits until the server has it.
    func say(_ text: String) throws {
        process.write("say \(text)")
        try frame("accepted") { _ in true }
    }

    func type() { process.write(#"{"type":"typing","typing":true}"#) }

    /// Waits for an operator's message with this text.
    func awaitReply(_ text: String) throws {
        try frame("message") { frame in
            frame["text"] as? String == text && (frame["author"] as? [String: Any])?["kind"] as? String == "operator"
        }
    }

    /// Waits until something happens that the widget shows as a line: `joined`, `passed_on`, `ended`, `rated`.
    func awaitEvent(_ kind: String) throws {
        try frame("message") { ($0["event"] as? [String: Any])?["kind"] as? String == kind }
    }

    /// Waits until the server ends the connection, and says why.
    func awaitBye() throws -> String {
        try frame("bye") { _ in true }["code"] as? String ?? ""
    }

    /// What the visitor thinks of the session that ended.
    func rate(_ stars: Int, _ comment: String) throws {
        let id = UUID().uuidString.lowercased()
        let rating: [String: Any] = ["type": "rate", "id": id, "stars": stars, "comment": comment]
        process.write(String(decoding: try JSONSerialization.data(withJSONObject: rating), as: UTF8.self))
        try frame("accepted") { $0["id"] as? String == id }
    }

    /// Every frame that came so far, as JSON.
    var seen: [String] { process.lines.all }

    @discardableResult
    private func frame(_ type: String, where matches: ([String: Any]) -> Bool) throws -> [String: Any] {
        var found: [String: Any] = [:]
        _ = try process.lines.next("frame \(type)") { line in
            found = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
            return found["type"] as? String == type && matches(found)
        }
        return found
    }
}
