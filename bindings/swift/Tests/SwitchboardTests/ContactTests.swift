import Foundation
import Switchboard
import Testing

/// Information, history, contacts and labels.
@Suite struct ContactTests {
    let office: Office
    init() throws { office = try Office() }

    @Test("F30 F31 Information offers what the channel allows, and the history is fetched from the server")
    func information() async throws {
        try office.stub("Text line", kind: "sms")
        try office.server.admin("stub", "send", "Text line", "+49301234567", "is it ready?")
        let anna = try await office.onlinePhone("Anna")
        let chat = try await anna.chat { $0.actions.information }.chat
        let info = try await anna.information(chat: chat)
        #expect(info.actions.map(\.kind) == [.call, .sendSms, .addContact])
        #expect(info.actions.map(\.uri) == ["tel:+49301234567", "sms:+49301234567", nil])
        #expect(info.facts.first { $0.kind == .phone }?.value == "+49301234567")
        #expect(info.hasHistory && !info.known && info.card == nil)

        _ = try await anna.reply(chat: chat, text: "since noon")
        try await anna.done { try await $0.dealtWith(chat: chat) }
        let boris = try await office.onlinePhone("Boris")
        try office.server.admin("stub", "send", "Text line", "+49301234567", "and the bill?")
        _ = try await boris.chat { $0.lastMessage?.preview == "and the bill?" }
        let page = try await boris.history(chat: chat)
        let said = page.entries.filter { $0.row.kind == .text }
        #expect(said.map(\.row.text) == ["and the bill?", "since noon", "is it ready?"])
        try #require(said.count == 3)
        #expect(said[1].row.authorName == "Anna" && said[1].channel == "Text line" && said[1].department == "Sales")
        #expect(page.next == nil)
        office.server.kill()
        await #expect(throws: SwitchboardError.Offline) { try await boris.history(chat: chat) }
    }

    @Test("F32 F67 notes, labels and fields of a contact show at once, offline too, and reach the colleagues")
    func notesAndLabels() async throws {
        let anna = try await office.onlinePhone("Anna")
        let boris = try await office.onlinePhone("Boris")
        try office.visitor().say("hi")
        let row = try await anna.chat()
        let contact = try #require(row.contact)
        await #expect(throws: SwitchboardError.Rejected(code: .unknownContact)) {
            try await anna.addContactNote(contact: contact, text: "who?")
        }
        try await anna.done { try await $0.addContact(chat: row.chat, contact: NewContact(name: "Tom")) }
        try await eventually("contact", read: { try await anna.saved(contact) }) { $0 != nil }
        let label = try await anna.saveLabel(label: nil, name: "VIP", color: "#1E3AC8", company: false)
        let labels = try await eventually("labels", read: { try await boris.labels() }) { !$0.isEmpty }
        #expect(labels.map(\.name) == ["VIP"] && labels.map(\.color) == ["#1e3ac8"])

        try await anna.stop()
        _ = try await anna.labelContact(contact: contact, label: label, on: true)
        _ = try await anna.labelChat(chat: row.chat, label: label, on: true)
        _ = try await anna.addContactNote(contact: contact, text: "prefers to be called")
        _ = try await anna.editContact(contact: contact, edit: ContactEdit(phone: "+49 30 5556677"))
        let card = try await anna.contact(contact: contact)
        #expect(card.notes.count == 1 && card.notes.allSatisfy { $0.pending && $0.mine })
        #expect(card.phone == "+49 30 5556677" && card.labels.map(\.name) == ["VIP"])
        _ = try await anna.chat { $0.labels.map(\.name) == ["VIP"] }
        try anna.start()

        let seen = try await eventually("card", read: { try await boris.saved(contact) }) {
            $0?.notes.count == 1 && $0?.labels.count == 1 && $0?.phone != nil
        }
        let note = try #require(seen?.notes.first)
        #expect(note.authorName == "Anna" && note.text == "prefers to be called" && !note.mine)
        _ = try await boris.chat { $0.labels.map(\.name) == ["VIP"] }
        await #expect(throws: SwitchboardError.Rejected(code: .forbidden)) {
            try await boris.deleteContactNote(note: note.id)
        }
        try await anna.done { try await $0.deleteContactNote(note: note.id) }
        try await boris.done { try await $0.deleteLabel(label: label) }
        _ = try await anna.chat { $0.labels.isEmpty }
        let found = try await boris.search(query: "to", limit: 10).contacts
        #expect(found.map { $0.name.map(\.text).joined() } == ["Tom"])
    }

    @Test("F32 contacts with the same address are suggested, merge, and are parted again")
    func merge() async throws {
        try office.stub("WA", kind: "whatsapp")
        let anna = try await office.onlinePhone("Anna")
        try office.visitor().say("hello")
        let first = try await anna.chat()
        let maria = NewContact(name: "Maria López", email: "m@example.com")
        try await anna.done { try await $0.addContact(chat: first.chat, contact: maria) }
        try office.server.admin("stub", "send", "WA", "+49302222222", "hello again")
        let second = try await anna.recents { $0.contains { $0.channelKind == .whatsapp } }[0]
        let secondContact = try #require(second.contact)
        let again = NewContact(name: "Maria", email: "M@Example.com")
        try await anna.done { try await $0.addContact(chat: second.chat, contact: again) }
        let suggestions = try await eventually(
            "suggestion", read: { try await anna.information(chat: second.chat).suggestions }
        ) { $0.count == 1 }
        #expect(suggestions[0].contact == first.contact && suggestions[0].by == .email)

        try await anna.done { try await $0.mergeContacts(kept: suggestions[0].contact, merged: secondContact) }
        _ = try await anna.recents { $0.allSatisfy { $0.contact == first.contact && $0.contactName == "Maria López" } }
        let card = try await anna.contact(contact: secondContact)
        #expect(card.contact == first.contact && card.merged.map(\.name) == ["Maria"])
        #expect(Set(card.chats) == [first.chat, second.chat])
        let history = try await anna.history(chat: first.chat)
        #expect(Set(history.entries.map(\.row.text)) == ["hello", "hello again"])
        try await anna.done { try await $0.partContact(contact: secondContact) }
        _ = try await anna.recents { $0.contains { $0.chat == second.chat && $0.contact == secondContact } }
    }
}
