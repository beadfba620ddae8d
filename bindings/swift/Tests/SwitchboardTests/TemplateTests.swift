import Foundation
import Switchboard
import Testing

/// Quick replies.
@Suite struct TemplateTests {
    let office: Office
    init() throws { office = try Office() }

    private func titles(_ phone: SwitchboardCore, _ query: TemplateQuery = TemplateQuery()) async throws -> [String] {
        try await phone.templates(query: query).rows.map(\.title)
    }

    @Test("F18 a manager makes, changes and deletes templates of the own group, and others only use them")
    func manage() async throws {
        try office.hire("Mona", role: "manager")
        let anna = try await office.onlinePhone("Anna")
        let mona = try await office.onlinePhone("Mona")
        #expect(try await !anna.templates(query: TemplateQuery()).canCreate)
        let picker = try await eventually("Mona's right", read: { try await mona.templates(query: TemplateQuery()) }) {
            $0.canCreate
        }
        #expect(picker.groups.map(\.name) == ["Staff"])
        let group = picker.groups.first?.group
        let hello = Template(
            title: "Hello", text: "Good day.", group: group, category: "Greetings", language: "en")
        await #expect(throws: SwitchboardError.Rejected(code: .forbidden)) {
            try await anna.createTemplate(template: hello)
        }
        let id = try await mona.createTemplate(template: hello)
        #expect(try await titles(mona) == ["Hello"], "there when it returns")
        try await eventually("templates", read: { try await titles(anna) }) { $0 == ["Hello"] }
        let item = try await anna.templates(query: TemplateQuery()).rows[0]
        #expect(!item.canEdit && item.groupName == "Staff" && item.id == id)

        await #expect(throws: SwitchboardError.Rejected(code: .forbidden), "the whole company's") {
            try await mona.createTemplate(template: Template(title: "Bye", text: "Good bye."))
        }
        let changed = Template(title: "Good day", text: "Good day.", group: group)
        try await mona.changeTemplate(id: id, edition: item.edition, template: changed)
        await #expect(throws: SwitchboardError.Rejected(code: .changed)) {
            try await mona.deleteTemplate(id: id, edition: item.edition)
        }
        try await eventually("templates", read: { try await titles(anna) }) { $0 == ["Good day"] }
        let edition = try await mona.templates(query: TemplateQuery()).rows[0].edition
        try await mona.deleteTemplate(id: id, edition: edition)
        try await eventually("templates", read: { try await titles(anna) }) { $0.isEmpty }

        do {
            let wrong = Template(title: "Shoes", text: "Size {{contact.shoe_size}}?", group: group)
            _ = try await mona.createTemplate(template: wrong)
            Issue.record("a template with an unknown variable was made")
        } catch SwitchboardError.InvalidInput(let reason) {
            #expect(reason.contains("contact.shoe_size"))
        }
        #expect(templateVariables().contains("contact.first_name"))
    }

    @Test("F19 F20 F21 F25 search, tab and language combine offline, and the customer's language comes first")
    func pick() async throws {
        try office.hire("Olga", role: "system_owner")
        let anna = try await office.onlinePhone("Anna")
        let olga = try await office.onlinePhone("Olga")
        for (title, text, category, language) in [
            ("Delivery", "Your parcel arrives in two days.", "Orders", "en"),
            ("Доставка", "Ваша посылка придёт через два дня.", "Orders", "ru"),
            ("Refund", "The money is on its way back.", "Money", "en"),
            ("Возврат", "Деньги уже возвращаются на карту.", "Money", "ru"),
        ] {
            _ = try await olga.createTemplate(
                template: Template(title: title, text: text, category: category, language: language))
        }
        try office.visitor().say("Здравствуйте, когда вы вернёте мне деньги за заказ?")
        let chat = try await anna.chat().chat
        try await eventually("templates", read: { try await titles(anna) }) { $0.count == 4 }
        try await anna.stop()
        let all = try await anna.templates(query: TemplateQuery())
        #expect(all.categories == ["Money", "Orders"] && all.languages == ["en", "ru"])
        #expect(try await titles(anna, TemplateQuery(category: "Money", language: "ru")) == ["Возврат"])
        #expect(try await titles(anna, TemplateQuery(search: "пос")) == ["Доставка"])
        #expect(try await titles(anna, TemplateQuery(search: "пос", category: "Money")).isEmpty)
        let forChat = try await anna.templates(query: TemplateQuery(chat: chat))
        #expect(forChat.customerLanguage == "ru" && forChat.rows.count == 4, "it only reorders")
        #expect(forChat.rows[0].title == "Возврат" && forChat.rows[0].likely)
        let found = try await anna.search(query: "refu", limit: 10).templates
        #expect(found.map { $0.title.map(\.text).joined() } == ["Refund"])
    }

    @Test("F22 F23 F24 a tap fills the composer and sends nothing, and an unfilled variable is not sent")
    func fill() async throws {
        try office.hire("Mona", role: "manager")
        let anna = try await office.onlinePhone("Anna")
        let mona = try await office.onlinePhone("Mona")
        let visitor = try office.visitor()
        try visitor.say("hi")
        let chat = try await anna.chat().chat
        try await anna.done { try await $0.addContact(chat: chat, contact: NewContact(name: "Maria López")) }
        _ = try await anna.chat { $0.contactName == "Maria López" }
        let text = "Dear {{contact.first_name}}, {{user.name}} of {{queue.name}} here. Is it {{contact.phone}}?"
        let group = try await mona.ownGroup()
        let id = try await mona.createTemplate(template: Template(title: "Hello", text: text, group: group))
        try await eventually("templates", read: { try await titles(anna) }) { $0 == ["Hello"] }
        try await anna.stop()
        let filled = try await anna.fillTemplate(chat: chat, template: id)
        #expect(filled.text == "Dear Maria, Anna of Sales here. Is it {{contact.phone}}?")
        #expect(filled.unfilled == ["contact.phone"])
        await #expect(throws: SwitchboardError.Rejected(code: .unfilledVariable)) {
            try await anna.reply(chat: chat, text: filled.text)
        }
        let edited = filled.text.replacingOccurrences(of: "{{contact.phone}}", with: "+49 30 1")
        _ = try await anna.reply(chat: chat, text: edited)
        try anna.start()
        try visitor.awaitReply(edited)
    }
}
