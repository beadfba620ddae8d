import Foundation
import Switchboard
import Testing

@Suite struct FinishingTests {
    let office: Office
    init() throws { office = try Office() }

    /// A chat that this phone's user owns, answered.
    private func answered(_ phone: SwitchboardCore, _ visitor: Visitor) async throws -> ChatId {
        try visitor.say("where is my parcel?")
        let chat = try await phone.chat().chat
        _ = try await phone.reply(chat: chat, text: "on its way")
        try visitor.awaitReply("on its way")
        _ = try await phone.chat { $0.isMine && $0.pending == 0 }
        return chat
    }

    @Test("F51 a row says where each button of its screen stands")
    func placement() async throws {
        let anna = try await office.onlinePhone("Anna")
        try office.visitor().say("hello?")
        let waiting = try await anna.chat()
        #expect(waiting.placement.bar.first == .take && waiting.placement.composer == [.templates])
        _ = try await anna.take(chat: waiting.chat)
        let owned = try await anna.chat { $0.isMine && $0.pending == 0 }.placement
        #expect(owned.bar == [.transfer, .dealtWith])
        #expect(owned.menu.first == .information)
        #expect(owned.menu.contains(.archive) && owned.menu.contains(.endSession) && owned.menu.contains(.block))
    }

    @Test("F37 F39 dealt with goes to the archive, and the next message goes by the route as a new session")
    func dealtWith() async throws {
        let anna = try await office.onlinePhone("Anna")
        let boris = try await office.onlinePhone("Boris")
        let visitor = try office.visitor()
        let chat = try await answered(anna, visitor)
        #expect(try await anna.chat().actions.dealtWith)

        #expect(try await anna.outcome { try await $0.dealtWith(chat: chat) } == .applied)
        try await anna.nothing()
        let closed = try await anna.archived { $0.contains { $0.state == .closed && $0.actions.unarchive } }[0]
        #expect(closed.archived && !closed.isMine && !closed.actions.reply && !closed.actions.dealtWith)
        #expect(closed.actions.transfer && closed.actions.delete)
        #expect(closed.composer == .readOnly)
        #expect(try await anna.messages(chat) { $0.count == 4 }.activities.last == .dealtWith)
        try await boris.nothing()

        try visitor.say("it is the wrong one")
        for phone in [anna, boris] {
            let waiting = try await phone.chat {
                $0.state == .waiting && $0.lastMessage?.preview == "it is the wrong one"
            }
            #expect(waiting.session == 2)
        }
        _ = try await anna.archived { $0.isEmpty }
        let told = visitor.seen.contains { $0.contains("dealt") || $0.contains("ended") }
        #expect(!told, "the visitor is not told of Dealt with")
    }

    @Test("F37 a message that comes before Dealt with brings the chat back")
    func newMessage() async throws {
        let anna = try await office.onlinePhone("Anna")
        let visitor = try office.visitor()
        let chat = try await answered(anna, visitor)
        try await anna.stop()
        try visitor.say("and one more thing")
        let outcome = try await anna.outcome { phone in
            let command = try await phone.dealtWith(chat: chat)
            try await phone.nothing()
            try phone.start()
            return command
        }
        #expect(outcome == .refused(code: .newMessage))
        let back = try await anna.chat { $0.lastMessage?.preview == "and one more thing" }
        #expect(back.isMine && back.session == 1)
        _ = try await anna.archived { $0.isEmpty }
    }

    @Test("F38 F43 F44 an archived chat keeps its owner and comes back to its owner alone")
    func archive() async throws {
        let anna = try await office.onlinePhone("Anna")
        let boris = try await office.onlinePhone("Boris")
        let visitor = try office.visitor()
        let chat = try await answered(anna, visitor)
        #expect(try await anna.chat().actions.archive)

        #expect(try await anna.outcome { try await $0.archive(chat: chat) } == .applied)
        try await anna.nothing()
        let archived = try await anna.archived { $0.count == 1 }[0]
        #expect(archived.isMine && archived.archived && archived.actions.unarchive && !archived.actions.archive)
        #expect(archived.state == .owned)

        #expect(try await anna.outcome { try await $0.unarchive(chat: chat) } == .applied)
        #expect(try await anna.chat { !$0.archived }.isMine)
        _ = try await anna.archived { $0.isEmpty }

        #expect(try await anna.outcome { try await $0.archive(chat: chat) } == .applied)
        try visitor.say("are you still there?")
        #expect(try await anna.chat { $0.lastMessage?.preview == "are you still there?" }.isMine)
        try await boris.nothing()
    }

    @Test("F40 where the queue wants it, a message soon after Dealt with returns to the same user")
    func returns() async throws {
        try office.server.admin("queue", "set", "Sales", "--return-within", "1h")
        let anna = try await office.onlinePhone("Anna")
        let boris = try await office.onlinePhone("Boris")
        let visitor = try office.visitor()
        let chat = try await answered(anna, visitor)
        #expect(try await anna.outcome { try await $0.dealtWith(chat: chat) } == .applied)
        try visitor.say("thank you!")
        let back = try await anna.chat { $0.lastMessage?.preview == "thank you!" }
        #expect(back.isMine && back.session == 2)
        try await boris.nothing()
    }

    @Test("F41 the visitor is told of the end, and may rate it")
    func endSession() async throws {
        let anna = try await office.onlinePhone("Anna")
        let visitor = try office.visitor()
        let chat = try await answered(anna, visitor)
        #expect(try await anna.chat().actions.endSession)
        #expect(try await anna.outcome { try await $0.endSession(chat: chat) } == .applied)
        try visitor.awaitEvent("ended")
        _ = try await anna.archived { $0.count == 1 && $0[0].state == .closed }

        try visitor.rate(4, "quick and kind")
        let lines = try await anna.messages(chat) { $0.activities.contains(.rated) }
        let rating = try #require(lines.last)
        #expect(rating.author == .contact)
        #expect(rating.activity?.stars == 4)
        #expect(rating.activity?.comment == "quick and kind")
    }

    @Test("F42 a block shuts the visitor's address out, says how many share it, and is lifted by a manager")
    func block() async throws {
        try office.server.admin("user", "add", "Mara", "--group", "Staff", "--role", "system_owner")
        let anna = try await office.onlinePhone("Anna")
        let mara = try await office.onlinePhone("Mara")
        let neighbour = try office.visitor()
        try neighbour.say("I live next door")
        let visitor = try office.visitor()
        try visitor.say("BUY NOW")
        let rows = try await anna.recents { $0.count == 2 }
        let chat = try #require(rows.first { $0.lastMessage?.preview == "BUY NOW" }).chat
        _ = try await anna.take(chat: chat)
        _ = try await anna.recents { $0.contains { $0.chat == chat && $0.actions.block } }
        #expect(try await anna.sharing(chat: chat) == 2)
        #expect(try await anna.outcome { try await $0.block(chat: chat) } == .applied)
        #expect(try visitor.awaitBye() == "blocked")
        #expect(try neighbour.awaitBye() == "blocked")
        #expect(try office.refusedVisitor() == "blocked")

        await #expect(throws: SwitchboardError.Rejected(code: .forbidden)) { try await anna.blocks() }
        let blocks = try await mara.blocks()
        try #require(blocks.count == 1)
        #expect(blocks[0].chat == chat)
        #expect(blocks[0].byName == "Anna")
        #expect(blocks[0].channelName == "Shop")
        #expect(blocks[0].visitors == 2)
        #expect(abs(blocks[0].expiresAt.timeIntervalSince(blocks[0].createdAt) - 24 * 3600) < 1)
        try await mara.liftBlock(id: blocks[0].id)
        #expect(try await mara.blocks().isEmpty)
        try office.visitor().say("am I back?")
    }

    @Test("F46 what can be undone survives the end of the app and is sent after its time")
    func held() async throws {
        let directory = try office.directory()
        let visitor = try office.visitor()
        var first: SwitchboardCore? = try await office.onlinePhone("Anna", directory)
        if let anna = first {
            let chat = try await answered(anna, visitor)
            _ = try await anna.dealtWith(chat: chat)
            #expect(try await anna.archived { $0.count == 1 }[0].undo?.kind == .dealtWith)
        }
        first = nil
        let anna = try office.phone(directory)
        let held = try await anna.archived { $0.count == 1 }[0]
        #expect(held.undo?.kind == .dealtWith)
        let before = try await anna.messages(held.chat) { !$0.isEmpty }
        #expect(!before.activities.contains(.dealtWith), "not yet done")
        try anna.start()
        _ = try await anna.messages(held.chat) { $0.activities.contains(.dealtWith) }
        #expect(try await anna.archived { $0.contains { $0.undo == nil } }[0].state == .closed)
    }

    @Test("F45 a chat is deleted from the archive, for this user alone")
    func delete() async throws {
        let anna = try await office.onlinePhone("Anna")
        let boris = try await office.onlinePhone("Boris")
        let visitor = try office.visitor()
        try visitor.say("hello?")
        let chat = try await anna.chat { $0.actions.archive && !$0.actions.delete }.chat
        #expect(try await anna.outcome { try await $0.archive(chat: chat) } == .applied)
        #expect(try await anna.archived { $0.count == 1 }[0].actions.delete)
        #expect(try await anna.outcome { try await $0.delete(chat: chat) } == .applied)
        _ = try await anna.archived { $0.isEmpty }
        try await anna.nothing()
        #expect(try await boris.chat().state == .waiting)

        _ = try await boris.reply(chat: chat, text: "good morning")
        try visitor.awaitReply("good morning")
        #expect(try await boris.outcome { try await $0.dealtWith(chat: chat) } == .applied)
        _ = try await boris.archived { $0.contains { $0.state == .closed && $0.actions.delete } }
        let open = try boris.timeline(chat: chat, around: nil).rows()
        #expect(try await boris.outcome { try await $0.delete(chat: chat) } == .applied)
        _ = try await next("end of the timeline", open) { $0.isEmpty }
        _ = try await boris.archived { $0.isEmpty }
        try await boris.nothing()
        #expect(try await boris.search(query: "morning", limit: 10).hits.isEmpty)
    }
}
