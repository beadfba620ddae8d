import Foundation
import Switchboard
import Testing

/// What a phone asks and offers while a chat waits.
@Suite struct WaitingTests {
    let office: Office
    init() throws { office = try Office() }

    @Test("F6 F7 an unknown contact is asked about, until somebody adds it to the contacts")
    func contact() async throws {
        let phones = [try await office.onlinePhone("Anna"), try await office.onlinePhone("Boris")]
        try office.visitor().say("hello?")
        var chat: ChatId?
        for phone in phones {
            let row = try await phone.chat { $0.prompt }
            #expect(!row.contactKnown && row.contactName == nil)
            #expect(row.actions.addContact && row.actions.reply && row.actions.ignore && row.actions.take)
            #expect(!row.actions.block, "only the owner blocks")
            #expect(row.composer == .reply)
            chat = row.chat
        }

        let asked = try #require(chat)
        let vera = NewContact(name: "Vera Petrova", email: "vera@example.com", phone: "+49 30 1234567")
        #expect(try await phones[0].outcome { try await $0.addContact(chat: asked, contact: vera) } == .applied)
        for phone in phones {
            let known = try await phone.chat { $0.contactName == "Vera Petrova" }
            #expect(known.contactKnown && !known.prompt)
            #expect(known.contactEmail == "vera@example.com")
            #expect(known.contactPhone == "+49 30 1234567")
            #expect(known.state == .waiting, "adding a contact takes no chat")
        }
        await #expect(throws: SwitchboardError.Rejected(code: .badContact)) {
            try await phones[0].addContact(chat: asked, contact: NewContact(name: " "))
        }
    }

    @Test("F6 F46 an ignored chat comes back by undo, and by the customer's next message")
    func ignore() async throws {
        let anna = try await office.onlinePhone("Anna")
        let boris = try await office.onlinePhone("Boris")
        let visitor = try office.visitor()
        try visitor.say("hello?")
        let chat = try await anna.chat().chat

        let command = try await anna.ignore(chat: chat)
        try await anna.nothing()
        #expect(try anna.badge() == 0)
        #expect(try await anna.undo(command: command))
        _ = try await anna.chat { $0.prompt }

        #expect(try await anna.outcome { try await $0.ignore(chat: chat) } == .applied)
        try await anna.nothing()
        _ = try await boris.chat { $0.chat == chat && $0.prompt }
        try visitor.say("is nobody there?")
        _ = try await anna.chat { $0.lastMessage?.preview == "is nobody there?" && $0.prompt }
    }

    @Test("F6 when everybody ignores a chat the managers are alarmed, until somebody takes it")
    func alarm() async throws {
        try office.server.admin("queue", "set", "Sales", "--group", "Staff")
        try office.server.admin("user", "add", "Mara", "--group", "Staff", "--role", "manager")
        let anna = try await office.onlinePhone("Anna")
        let boris = try await office.onlinePhone("Boris")
        let mara = try await office.onlinePhone("Mara")
        let visitor = try office.visitor()
        try visitor.say("hello?")
        let chat = try await anna.chat().chat
        _ = try await boris.chat()
        #expect(try await next("alarms", mara.alarms().rows()) { _ in true }.isEmpty)

        _ = try await anna.ignore(chat: chat)
        _ = try await boris.ignore(chat: chat)
        let alarms = try await next("alarm", mara.alarms().rows()) { !$0.isEmpty }
        try #require(alarms.count == 1)
        #expect(alarms[0].chat == chat)
        #expect(alarms[0].kind == .ignored)
        #expect(alarms[0].queueName == "Sales")
        #expect(alarms[0].channelName == "Shop")
        #expect(alarms[0].channelKind == .liveChat)
        #expect(try await next("alarms", anna.alarms().rows()) { _ in true }.isEmpty)

        try visitor.say("once more")
        _ = try await anna.take(chat: anna.chat().chat)
        _ = try await next("end of the alarm", mara.alarms().rows()) { $0.isEmpty }
    }

    @Test("F8 who else is typing a reply shows with a name")
    func typing() async throws {
        let anna = try await office.onlinePhone("Anna")
        let boris = try await office.onlinePhone("Boris")
        try office.visitor().say("hello?")
        let chat = try await anna.chat().chat
        _ = try await boris.chat()
        let signs = try anna.typingSigns()
        boris.typing(chat: chat, typing: true)
        let sign = try await next("typing", signs) { $0.typing }
        #expect(sign.chat == chat && sign.user == boris.account()?.user && sign.name == "Boris")
    }

    @Test("F4 F6 F30 a chat of another channel has its kind and its customer's number, and no visitor to end or block")
    func sms() async throws {
        try office.server.admin("channel", "add", "Phone", "--kind", "sms", "--stub")
        try office.server.admin("route", "set", "Phone", "--queue", "Sales")
        try office.server.admin("stub", "send", "Phone", "+49301234567", "are you open?")
        let anna = try await office.onlinePhone("Anna")
        let waiting = try await anna.chat { $0.lastMessage?.preview == "are you open?" }
        #expect(waiting.channelKind == .sms)
        #expect(waiting.contactPhone == "+49301234567")
        #expect(waiting.prompt)
        _ = try await anna.take(chat: waiting.chat)
        let owned = try await anna.chat { $0.isMine && $0.pending == 0 }
        #expect(owned.actions.dealtWith && !owned.actions.endSession && !owned.actions.block)
        await #expect(throws: SwitchboardError.Rejected(code: .notLiveChat)) {
            try await anna.endSession(chat: owned.chat)
        }
        await #expect(throws: SwitchboardError.Rejected(code: .notLiveChat)) { try await anna.block(chat: owned.chat) }
    }

    @Test("F69 out of hours the customer is answered by the system, and the phone shows it so")
    func outOfOffice() async throws {
        let hours = try office.directory().appendingPathComponent("hours.json")
        try #"{"zone":"Europe/Berlin","intervals":[]}"#.write(to: hours, atomically: true, encoding: .utf8)
        try office.server.admin("queue", "set", "Sales", "--hours", hours.path, "--out-of-office", "Back on Monday.")
        let anna = try await office.onlinePhone("Anna")
        try office.visitor().say("hello?")
        let chat = try await anna.chat().chat
        let lines = try await anna.messages(chat) { $0.count == 2 }
        #expect(lines.texts == ["hello?", "Back on Monday."])
        #expect(lines[1].author == .system && lines[1].authorName == nil && !lines[1].mine)
        let row = try await anna.chat { $0.lastMessage?.author == .system }
        #expect(row.state == .waiting && row.prompt, "nobody has answered yet")
    }

    @Test("F11 F13 where the queue wants it, Take stands in the composer's place")
    func takeFirst() async throws {
        try office.server.admin("queue", "set", "Sales", "--take-first")
        let anna = try await office.onlinePhone("Anna")
        #expect(try await anna.work { $0.queues.contains(where: \.takeFirst) }.queues.count == 1)
        let visitor = try office.visitor()
        try visitor.say("hello?")
        let waiting = try await anna.chat()
        #expect(waiting.composer == .takeFirst)
        #expect(waiting.actions.take && !waiting.actions.reply)

        #expect(try await anna.outcome { try await $0.take(chat: waiting.chat) } == .applied)
        let owned = try await anna.chat { $0.isMine && $0.composer == .reply }
        #expect(owned.actions.reply)
        #expect(!owned.actions.take && !owned.actions.ignore && !owned.prompt)
        let lines = try await anna.messages(waiting.chat) { $0.activities == [.taken] }
        let taken = try #require(lines.first { $0.kind == .activity })
        #expect(taken.authorName == "Anna" && taken.mine && taken.no != nil)
        _ = try await anna.reply(chat: waiting.chat, text: "here I am")
        try visitor.awaitEvent("joined")
        try visitor.awaitReply("here I am")
    }
}
