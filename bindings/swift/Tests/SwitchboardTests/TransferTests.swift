import Foundation
import Switchboard
import Testing

@Suite struct TransferTests {
    let office: Office
    init() throws { office = try Office() }

    /// A chat that this phone's user owns.
    private func owned(_ phone: SwitchboardCore, _ visitor: Visitor) async throws -> ChatId {
        try visitor.say("do you have it in blue?")
        let chat = try await phone.chat().chat
        _ = try await phone.reply(chat: chat, text: "one moment")
        try visitor.awaitReply("one moment")
        _ = try await phone.chat { $0.isMine && $0.pending == 0 }
        return chat
    }

    @Test("F26 F27 F28 F29 a chat goes to a colleague with its history and a note, and a line without content stays")
    func transfer() async throws {
        let anna = try await office.onlinePhone("Anna")
        let boris = try await office.onlinePhone("Boris")
        let visitor = try office.visitor()
        let chat = try await owned(anna, visitor)
        try await boris.nothing()
        let target = try await anna.target("bor")
        #expect(target.name == "Boris")
        #expect(target.detail == "Staff")
        #expect(target.presence == .available)

        let open = try anna.timeline(chat: chat, around: nil).rows()
        _ = try await anna.transfer(chat: chat, target: target.target, note: "wants the darker one")
        let line = try await anna.archived { $0.contains { $0.passedOn != nil && $0.lastMessage == nil } }[0]
        #expect(line.passedOn?.toName == "Boris")
        #expect(line.passedOn?.toKind == .user)
        #expect(line.undo == nil)
        #expect(line.channelKind == .liveChat)
        #expect(!line.actions.reply && !line.actions.take && !line.actions.transfer && line.actions.delete)
        try await anna.nothing()
        _ = try await next("end of the timeline", open) { $0.isEmpty }
        #expect(try await anna.search(query: "blue", limit: 10).hits.isEmpty)

        #expect(try await boris.chat { $0.isMine }.state == .owned)
        let lines = try await boris.messages(chat) { $0.activities.contains(.transferred) }
        #expect(lines.texts == ["do you have it in blue?", "one moment"])
        let note = try #require(lines.first { $0.kind == .note })
        #expect(note.text == "wants the darker one" && note.authorName == "Anna")
        let passed = try #require(lines.first { $0.activity?.kind == .transferred }?.activity)
        #expect(passed.toName == "Boris" && passed.toMe)
        let account = try #require(boris.account())
        #expect(passed.to == .user(user: account.user))

        try visitor.awaitEvent("passed_on")
        _ = try await boris.reply(chat: chat, text: "Boris here")
        try visitor.awaitReply("Boris here")
        #expect(!visitor.seen.contains { $0.contains("darker") }, "a note reached the visitor")

        #expect(try await anna.outcome { try await $0.delete(chat: chat) } == .applied)
        _ = try await anna.archived { $0.isEmpty }
    }

    @Test("F26 F29 the picker finds users, queues and groups by name and extension, those who are there first")
    func picker() async throws {
        let server = office.server
        try server.admin("user", "add", "Zoe Bergmann", "--group", "Staff", "--extension", "217")
        try server.admin("user", "add", "Bela", "--group", "Staff", "--extension", "3")
        try server.admin("user", "disable", "Bela")
        try server.admin("queue", "add", "Billing", "--member", "Boris")
        try server.admin("group", "add", "Board")
        try server.admin("user", "presence", "Boris", "away")
        let anna = try await office.onlinePhone("Anna")

        let found = try await anna.transferTargets(query: "b")
        #expect(Set(found.map(\.name)) == ["Zoe Bergmann", "Boris", "Billing", "Board"])
        #expect(found.count == 4)
        let places = Dictionary(uniqueKeysWithValues: found.enumerated().map { ($1.name, $0) })
        let (zoe, boris) = (try #require(places["Zoe Bergmann"]), try #require(places["Boris"]))
        #expect(zoe < boris)
        #expect(found[boris].presence == .away)
        let billing = found[try #require(places["Billing"])]
        #expect(billing.presence == nil)
        if case .queue = billing.target {} else { Issue.record("Billing is a queue") }
        if case .group = found[try #require(places["Board"])].target {} else { Issue.record("Board is a group") }
        let byExtension = try await anna.target("21")
        #expect(byExtension.name == "Zoe Bergmann" && byExtension.extension == "217")
        #expect(try await anna.transferTargets(query: "Anna").isEmpty, "nobody passes a chat to oneself")
        #expect(Set(try await anna.transferTargets(query: "").map(\.name)).isSuperset(of: ["Boris", "Sales", "Staff"]))
    }

    @Test("F26 F29 a candidate passes a waiting chat to a queue, and its members see it")
    func toQueue() async throws {
        try office.server.admin("user", "add", "Carla", "--group", "Staff")
        try office.server.admin("queue", "add", "Support", "--member", "Carla")
        let anna = try await office.onlinePhone("Anna")
        let carla = try await office.onlinePhone("Carla")
        let visitor = try office.visitor()
        try visitor.say("it does not start")
        let chat = try await anna.chat { $0.state == .waiting && $0.actions.transfer }.chat
        try await carla.nothing()

        let support = try await anna.target("Support").target
        #expect(try await anna.outcome { try await $0.transfer(chat: chat, target: support) } == .applied)
        let waiting = try await carla.chat()
        #expect(waiting.state == .waiting && waiting.queueName == "Support")
        #expect(try await anna.archived { $0.count == 1 }[0].passedOn?.toKind == .queue)
        _ = try await carla.reply(chat: chat, text: "what does it show?")
        try visitor.awaitReply("what does it show?")
    }

    @Test("F26 F46 a transfer is taken back by undo, also offline, and by a reply")
    func undo() async throws {
        let anna = try await office.onlinePhone("Anna")
        let boris = try await office.onlinePhone("Boris")
        let visitor = try office.visitor()
        let chat = try await owned(anna, visitor)
        try await boris.nothing()
        try await anna.stop()

        let target = try await anna.target("Boris").target
        let command = try await anna.transfer(chat: chat, target: target)
        let line = try await anna.archived { $0.count == 1 }[0]
        #expect(line.undo?.command == command && line.undo?.kind == .transfer)
        try await anna.nothing()
        #expect(try await anna.undo(command: command))
        #expect(try await anna.chat().isMine)
        _ = try await anna.archived { $0.isEmpty }
        #expect(try await !anna.undo(command: command), "it can be taken back once")

        let again = try await anna.outcome { phone in
            let command = try await phone.transfer(chat: chat, target: target)
            _ = try await phone.reply(chat: chat, text: "I have it here")
            return command
        }
        #expect(again == .undone)
        try anna.start()
        try visitor.awaitReply("I have it here")
        #expect(try await anna.chat { $0.pending == 0 }.isMine)
        try await boris.nothing()
    }

    @Test("F26 what cannot be passed on is said at once")
    func refused() async throws {
        let anna = try await office.onlinePhone("Anna")
        try office.visitor().say("hello?")
        let chat = try await anna.chat().chat
        let myself = TransferTarget.user(user: try #require(anna.account()).user)
        await #expect(throws: SwitchboardError.Rejected(code: .transferToSelf)) {
            try await anna.transfer(chat: chat, target: myself)
        }
        let nobody = TransferTarget.queue(queue: QueueId(uuid: UUID()))
        await #expect(throws: SwitchboardError.NotFound) { try await anna.transfer(chat: chat, target: nobody) }
        let words = String(repeating: "long ", count: 4000)
        let boris = try await anna.target("Boris").target
        await #expect(throws: SwitchboardError.Rejected(code: .textTooLong)) {
            try await anna.transfer(chat: chat, target: boris, note: words)
        }
        #expect(try await anna.chat().state == .waiting)
    }
}
