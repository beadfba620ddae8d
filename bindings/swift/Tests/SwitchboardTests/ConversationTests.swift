import Foundation
import Switchboard
import Testing

@Suite struct ConversationTests {
    let office: Office
    init() throws { office = try Office() }

    @Test("F1 F10 F11 a visitor writes, a phone shows it, the first reply takes the chat and reaches the visitor")
    func conversation() async throws {
        let anna = try await office.onlinePhone("Anna")
        let visitor = try office.visitor()
        try visitor.say("do you have it in blue?")

        let waiting = try await anna.chat { $0.lastMessage?.preview == "do you have it in blue?" }
        #expect(waiting.state == .waiting)
        #expect(waiting.channelKind == .liveChat)
        #expect(waiting.unread == 1)
        #expect(try anna.badge() == 1)
        #expect(waiting.waitingSince != nil)

        _ = try await anna.reply(chat: waiting.chat, text: "yes, in two blues")
        try visitor.awaitReply("yes, in two blues")
        let owned = try await anna.chat { $0.state == .owned && $0.pending == 0 }
        #expect(owned.isMine)
        #expect(owned.queueName == "Sales")
        #expect(owned.lastMessage?.author == .user)

        try await anna.markRead(chat: waiting.chat, upto: 1)
        _ = try await anna.chat { $0.unread == 0 }
        #expect(try anna.badge() == 0)
    }

    @Test("F11 F12 two phones race with replies, one wins and the other keeps its words as unsent")
    func race() async throws {
        let phones = ["Anna": try await office.onlinePhone("Anna"), "Boris": try await office.onlinePhone("Boris")]
        let visitor = try office.visitor()
        try visitor.say("hello?")
        var chat: ChatId?
        for phone in phones.values { chat = try await phone.chat().chat }
        let raced = try #require(chat)

        try await withThrowingTaskGroup(of: Void.self) { group in
            for (name, phone) in phones {
                group.addTask { _ = try await phone.reply(chat: raced, text: "I am \(name)") }
            }
            try await group.waitForAll()
        }

        var losers: [String] = []
        for (name, phone) in phones where try await phone.loses(raced) { losers.append(name) }
        try #require(losers.count == 1)
        let (loser, winner) = (losers[0], losers[0] == "Anna" ? "Boris" : "Anna")
        try visitor.awaitReply("I am \(winner)")
        _ = try await phones[winner]?.chat { $0.isMine && $0.pending == 0 }
        let phone = try #require(phones[loser])
        let unsent = try await phone.unsentTexts { $0.count == 1 && $0[0].reason == .refused(code: .taken) }[0]
        #expect(unsent.text == "I am \(loser)")

        try await phone.deleteUnsent(id: unsent.id)
        _ = try await phone.unsentTexts { $0.isEmpty }
    }

    @Test("F12 two phones race to take a chat, one gets it and it leaves the other")
    func take() async throws {
        let phones = [try await office.onlinePhone("Anna"), try await office.onlinePhone("Boris")]
        try office.visitor().say("hello?")
        let chat = try await phones[0].chat().chat
        _ = try await phones[1].chat()
        async let first = phones[0].take(chat: chat)
        async let second = phones[1].take(chat: chat)
        _ = try await (first, second)
        let lost = [try await phones[0].loses(chat), try await phones[1].loses(chat)]
        #expect(lost.count { $0 } == 1)
    }

    @Test("F62 a reply offline is kept, shown as queued, and goes out in order when the network is back")
    func offline() async throws {
        let anna = try await office.onlinePhone("Anna")
        try office.visitor().say("hello?")
        let chat = try await anna.chat().chat
        office.server.kill()
        _ = try await next("connection", anna.connectionStates()) { if case .offline = $0 { true } else { false } }

        for text in ["one", "two", "three"] { _ = try await anna.reply(chat: chat, text: text) }
        let queued = try await anna.messages(chat) { $0.count == 4 }
        #expect(queued.map(\.text) == ["hello?", "one", "two", "three"])
        #expect(queued.dropFirst().allSatisfy { $0.state == .queued && $0.mine && $0.no == nil })

        try office.server.restart()
        anna.wake()
        let sent = try await anna.messages(chat) { rows in rows.count == 5 && rows.allSatisfy { $0.no != nil } }
        #expect(sent.activities == [.taken])
        #expect(sent.texts == ["hello?", "one", "two", "three"])
        #expect(sent.map(\.no) == [1, 2, 3, 4, 5])
        _ = try await anna.chat { $0.isMine && $0.pending == 0 }
    }

    @Test("F63 a new phone has the newest messages and pages back to the first")
    func pageBack() async throws {
        let visitor = try office.visitor()
        for number in 1...70 { try visitor.say("message \(number)") }
        let anna = try await office.onlinePhone("Anna")
        let chat = try await anna.chat().chat
        let list = try anna.timeline(chat: chat, around: nil)
        let newest = try await next("message", list.rows()) { !$0.isEmpty }
        #expect(newest.count == 50)
        #expect(newest.last?.text == "message 70")
        #expect(try await list.hasMore())
        #expect(try await !anna.fetchOlder(chat: chat))
        try await list.extend(rows: 50)
        let all = try await next("message", list.rows()) { $0.count == 70 }
        #expect(all.map(\.text) == (1...70).map { "message \($0)" })
    }

    @Test("F64 a draft is kept for its chat")
    func draft() async throws {
        let anna = try await office.onlinePhone("Anna")
        try office.visitor().say("hello?")
        let chat = try await anna.chat().chat
        try await anna.setDraft(chat: chat, text: "half a sent")
        _ = try await anna.chat { $0.hasDraft }
        #expect(try anna.draft(chat: chat) == "half a sent")
        try await anna.setDraft(chat: chat, text: "")
        _ = try await anna.chat { !$0.hasDraft }
        #expect(try anna.draft(chat: chat) == nil)
    }

    @Test("F65 search finds a word in either alphabet, offline, and marks it")
    func search() async throws {
        let anna = try await office.onlinePhone("Anna")
        let visitor = try office.visitor()
        try visitor.say("where is my parcel?")
        try visitor.say("а где моя посылка?")
        let chat = try await anna.chat { $0.unread == 2 }.chat
        try await anna.stop()
        for word in ["parcel", "посылка"] {
            let hits = try await anna.search(query: word, limit: 10).hits
            try #require(hits.count == 1)
            #expect(hits[0].chat == chat)
            #expect(hits[0].snippet.filter(\.matched).map { $0.text.lowercased() } == [word])
        }
        #expect(try await anna.search(query: "nowhere", limit: 10).hits.isEmpty)
    }

    @Test("F62 F65 one search finds messages, staff chats, contacts and templates offline, whatever is typed")
    func searchAll() async throws {
        try office.hire("Mona", role: "manager")
        let anna = try await office.onlinePhone("Anna")
        let mona = try await office.onlinePhone("Mona")
        try office.visitor().say("my name is Marina")
        let chat = try await anna.chat().chat
        let marina = NewContact(name: "Marina Lopez", phone: "+49 30 5556677")
        try await anna.done { try await $0.addContact(chat: chat, contact: marina) }
        let varnish = Template(title: "Marine varnish", text: "It is for boats.", group: try await mona.ownGroup())
        _ = try await mona.createTemplate(template: varnish)
        let staff = try await anna.directChat(user: anna.colleague("Boris"))
        _ = try await anna.say(chat: staff, text: "who knows Marina?")
        try await eventually("finds", read: { try await anna.search(query: "mari", limit: 10) }) { found in
            found.hits.count == 2 && found.contacts.contains { $0.known } && found.templates.count == 1
        }
        try await anna.stop()
        let found = try await anna.search(query: "mari", limit: 10)
        #expect(found.hits.map(\.chat) == [staff, chat] && found.hits.map(\.channelKind) == [nil, .liveChat])
        try #require(found.contacts.count == 1)
        #expect(found.contacts[0].chat == chat)
        #expect(found.contacts[0].name.filter(\.matched).map(\.text) == ["Marina"])
        #expect(found.templates[0].title.filter(\.matched).map(\.text) == ["Marine"])
        let byNumber = try await anna.search(query: "5556", limit: 10).contacts
        #expect(byNumber.count == 1 && byNumber.allSatisfy { $0.detail.contains { $0.matched } })
        let long = String(repeating: "я", count: 10_000)
        for typed in ["", " ", "\"", "a AND (", "*", "NEAR/2 -x:", "👋🏽", "שלום", long] {
            #expect(try await !anna.search(query: typed, limit: 10).more)
        }
    }

    @Test("F58 the visitor's typing shows on the phone")
    func typing() async throws {
        let anna = try await office.onlinePhone("Anna")
        let visitor = try office.visitor()
        try visitor.say("hello?")
        let chat = try await anna.chat().chat
        let signs = try anna.typingSigns()
        visitor.type()
        #expect(try await next("sign of typing", signs) { $0.typing }.chat == chat)
    }
}
