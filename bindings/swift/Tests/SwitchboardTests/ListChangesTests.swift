import Foundation
import Switchboard
import Testing

/// The vectors that Rust, Kotlin and Swift all run.
@Suite struct ListChangesTests {
    struct Row: Decodable, Equatable, Sendable {
        let id: String
        let value: String
    }

    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let before: [Row]
        let changes: [Step]
        let after: [Row]
        var testDescription: String { name }
    }

    struct Step: Decodable, Sendable {
        let op: String
        let index: Int?
        let row: Row?
        let rows: [Row]?

        func change() throws -> ListChange<Row> {
            switch (op, index, row, rows) {
            case ("reset", nil, nil, let rows?): .reset(rows)
            case ("insert", let index?, let row?, nil): .insert(index, row)
            case ("update", let index?, let row?, nil): .update(index, row)
            case ("remove", let index?, nil, nil): .remove(index)
            default: throw Failure("unknown step \(op)")
            }
        }
    }

    /// `tests/vectors` of this checkout.
    static func cases() throws -> [Case] {
        var folder = URL(fileURLWithPath: #filePath)
        for _ in 0..<5 { folder.deleteLastPathComponent() }
        let file = folder.appendingPathComponent("tests/vectors/list_changes.json")
        return try JSONDecoder().decode([Case].self, from: Data(contentsOf: file))
    }

    @Test("list changes", arguments: try cases())
    func apply(_ vector: Case) throws {
        var rows = vector.before
        rows.apply(try vector.changes.map { try $0.change() })
        #expect(rows == vector.after)
    }
}
