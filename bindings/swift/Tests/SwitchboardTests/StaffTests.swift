import Foundation
import Switchboard
import Testing

/// Chats among staff, notes and mentions.
@Suite struct StaffTests {
    let office: Office
    init() throws { office = try Office() }

    @Test("F2 F5 two colleagues write to each other, also what was written offline")
    func direct() async throws {
        let anna = try await office.onlinePhone("Anna")
        let boris = try await office.onlinePhone("Boris")
        let chat = try await anna.directChat(user: anna.colleague("Boris"))
        #expect(try await boris.directChat(user: boris.colleague("Anna")) == chat)
        try await anna.nothing()

        try await anna.stop()
        _ = try await anna.say(chat: chat, text: "is the key with you?")
        #expect(try await anna.messages(chat) { $0.count == 1 }[0].state == .queued)
        try anna.start()
        let row = try await boris.chat { $0.lastMessage?.preview == "is the key with you?" && $0.unread == 1 }
        #expect(row.chat == chat && row.contactName == "Anna" && row.channelKind == nil && row.state == .internal)
        let annaId = try #require(anna.account()).user
        #expect(row.internal == InternalInfo(directWith: annaId, presence: .available, members: 2))
        #expect(row.actions.reply && !row.actions.take && !row.actions.dealtWith && !row.actions.members)
        #expect(try boris.badge() == 1)

        _ = try await boris.say(chat: chat, text: "it is")
        try await boris.markRead(chat: chat, upto: 1)
        _ = try await anna.messages(chat) { $0.texts == ["is the key with you?", "it is"] && $0[0].state == .read }
        #expect(try await anna.recents(.staff) { $0.count == 1 }.map(\.chat) == [chat])
        await #expect(throws: SwitchboardError.Rejected(code: .internalChat)) {
            try await anna.reply(chat: chat, text: "to whom?")
        }
    }

    @Test("F2 F66 a group has a name and members who come, are mentioned and leave")
    func group() async throws {
        try office.hire("Clara")
        let anna = try await office.onlinePhone("Anna")
        let boris = try await office.onlinePhone("Boris")
        let clara = try await office.onlinePhone("Clara")
        let claraId = try await anna.colleague("Clara")
        let chat = try await anna.createGroup(name: "Night shift", members: [anna.colleague("Boris")])
        #expect(try await anna.chat { $0.contactName == "Night shift" }.actions.leave)
        _ = try await anna.say(chat: chat, text: "before Clara came")
        _ = try await boris.chat { $0.lastMessage?.authorName == "Anna" && $0.internal?.members == 2 }

        try await boris.done { try await $0.renameGroup(chat: chat, name: "Late shift") }
        _ = try await anna.chat { $0.contactName == "Late shift" }
        try await anna.done { try await $0.addMembers(chat: chat, members: [claraId]) }
        #expect(try await anna.mentionable(chat: chat).map(\.name) == ["Boris", "Clara"])
        _ = try await anna.say(chat: chat, text: "@Clara, welcome", mentions: [claraId])
        _ = try await clara.chat { $0.mentioned }
        let lines = try await clara.messages(chat) { $0.texts == ["@Clara, welcome"] }
        #expect(lines.contains { $0.mentionsMe })
        #expect(lines.first { $0.activity?.kind == .membersAdded }?.activity?.members == ["Clara"])
        #expect(try await clara.members(chat: chat).map(\.name) == ["Anna", "Boris", "Clara"])

        try await boris.done { try await $0.leaveGroup(chat: chat) }
        try await boris.nothing()
        try await anna.done { try await $0.removeMember(chat: chat, member: claraId) }
        try await clara.nothing()
        let kinds = try await anna.messages(chat) { $0.activities.contains(.memberRemoved) }.activities
        #expect(kinds == [.groupCreated, .groupRenamed, .membersAdded, .memberLeft, .memberRemoved])
    }

    @Test("F66 a note with a mention is for colleagues, takes nothing, and never reaches the customer")
    func note() async throws {
        let anna = try await office.onlinePhone("Anna")
        let boris = try await office.onlinePhone("Boris")
        let visitor = try office.visitor()
        try visitor.say("where is my parcel?")
        let chat = try await anna.chat { $0.actions.note }.chat
        _ = try await boris.chat()
        let borisId = try await anna.colleague("Boris")
        #expect(try await anna.mentionable(chat: chat).map(\.user) == [borisId])
        _ = try await anna.note(chat: chat, text: "@Boris, you know her", mentions: [borisId])
        let lines = try await boris.messages(chat) { $0.contains { $0.kind == .note } }
        let note = try #require(lines.first { $0.kind == .note })
        #expect(note.authorName == "Anna" && note.mentionsMe && note.mentions == [borisId])
        #expect(try await boris.chat { $0.mentioned }.state == .waiting)
        _ = try await anna.reply(chat: chat, text: "let me look")
        try visitor.awaitReply("let me look")
        #expect(!visitor.seen.contains { $0.contains("you know her") })
    }

    @Test("F64 an unsent text goes to the owner as a note")
    func unsentToOwner() async throws {
        let anna = try await office.onlinePhone("Anna")
        let boris = try await office.onlinePhone("Boris")
        let visitor = try office.visitor()
        try visitor.say("which size?")
        let chat = try await boris.chat().chat
        _ = try await anna.chat()
        try await boris.stop()
        _ = try await boris.reply(chat: chat, text: "she needs a 42, I know her")
        _ = try await anna.reply(chat: chat, text: "what do you wear?")
        try visitor.awaitReply("what do you wear?")
        try boris.start()
        let unsent = try await boris.unsentTexts { $0.count == 1 && $0[0].canNoteOwner && !$0[0].notingOwner }[0]
        try await boris.done { try await $0.unsentToOwner(id: unsent.id) }
        _ = try await boris.unsentTexts { $0.isEmpty }
        let lines = try await anna.messages(chat) { $0.contains { $0.kind == .note } }
        let note = try #require(lines.first { $0.kind == .note })
        #expect(note.text == "she needs a 42, I know her" && note.authorName == "Boris")
        #expect(!visitor.seen.contains { $0.contains("I know her") })
    }

    @Test("F64 a reply that the customer overtook asks, and is sent all the same or taken back")
    func overtaken() async throws {
        let anna = try await office.onlinePhone("Anna")
        let visitor = try office.visitor()
        try visitor.say("can I come today?")
        let chat = try await anna.chat().chat
        _ = try await anna.reply(chat: chat, text: "yes")
        try visitor.awaitReply("yes")
        func overtaken(_ reply: String, by customer: String) async throws -> MessageId {
            _ = try await anna.chat { $0.pending == 0 }
            try await anna.stop()
            let message = try await anna.reply(chat: chat, text: reply)
            try visitor.say(customer)
            try anna.start()
            _ = try await anna.messages(chat) { rows in
                rows.contains { $0.id == message && $0.state == .asking(reason: .overtaken) }
            }
            _ = try await anna.chat { $0.asking == 1 }
            return message
        }
        try await anna.sendAnyway(message: overtaken("until six", by: "until when?"))
        try visitor.awaitReply("until six")
        let second = try await overtaken("see you then!", by: "sorry, I cannot")
        #expect(try await anna.withdraw(message: second) == "see you then!")
        #expect(try anna.draft(chat: chat) == "see you then!")
        _ = try await anna.chat { $0.asking == 0 && $0.hasDraft }
        _ = try await anna.reply(chat: chat, text: "a pity")
        try visitor.awaitReply("a pity")
        #expect(!visitor.seen.contains { $0.contains("see you then!") })
    }
}
