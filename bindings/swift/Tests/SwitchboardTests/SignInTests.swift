import Foundation
import Switchboard
import Testing

@Suite struct SignInTests {
    let office: Office
    init() throws { office = try Office() }

    @Test("F73 a phone enrols by the link of a QR code, once")
    func enrolment() async throws {
        let link = try office.enrolmentLink("Anna")
        let phone = try office.phone()
        #expect(phone.account() == nil)
        #expect(phone.connection() == .signedOut)
        #expect(try await phone.enrol(link: link).name == "Anna")
        #expect(phone.account()?.name == "Anna")
        await #expect(throws: SwitchboardError.Rejected(code: .badEnrolmentCode)) {
            try await office.phone().enrol(link: link)
        }
    }

    @Test("F73 a phone signs in by e-mail and password, and not by a wrong one")
    func passwords() async throws {
        let phone = try office.phone()
        let url = office.server.url
        await #expect(throws: SwitchboardError.Rejected(code: .badCredentials)) {
            try await phone.signIn(server: url, email: "anna@example.com", password: "wrong")
        }
        #expect(try await phone.signIn(server: url, email: "ANNA@example.com", password: password).name == "Anna")
    }

    @Test("what cannot work says what the screen is to do")
    func failures() async throws {
        let phone = try office.phone()
        await #expect(throws: SwitchboardError.self) { try await phone.enrol(link: "https://example.com") }
        await #expect(throws: SwitchboardError.self) { try await phone.reply(chat: ChatId(uuid: UUID()), text: "hello") }
        office.server.kill()
        await #expect(throws: SwitchboardError.Offline) {
            try await phone.signIn(server: office.server.url, email: "anna@example.com", password: "x")
        }
    }

    @Test("sign-out deletes the store, and the phone can be signed in again")
    func signOut() async throws {
        let directory = try office.directory()
        let phone = try await office.onlinePhone("Anna", directory)
        try office.visitor().say("my secret marker")
        _ = try await phone.chat()
        #expect(try holds(directory, "secret marker"))

        try await phone.signOut()
        #expect(phone.account() == nil)
        #expect(try !holds(directory, "secret marker"))
        #expect(try await phone.enrol(link: office.enrolmentLink("Boris")).name == "Boris")
    }

    @Test("a revoked phone forgets everything by itself")
    func revoked() async throws {
        let directory = try office.directory()
        let phone = try await office.onlinePhone("Anna", directory)
        try office.visitor().say("my secret marker")
        _ = try await phone.chat()
        try office.server.admin("user", "disable", "Anna")
        _ = try await next("connection", phone.connectionStates()) { $0 == .signedOut }
        #expect(phone.account() == nil)
        #expect(try !holds(directory, "secret marker"))
    }

    @Test("every code has a meaning")
    func codes() {
        #expect(!allErrorCodes().isEmpty)
        #expect(Set(allErrorCodes()).count == allErrorCodes().count)
        for code in allErrorCodes() { #expect(!errorCodeMeaning(code: code).isEmpty) }
    }

    private func holds(_ directory: URL, _ text: String) throws -> Bool {
        let files = FileManager.default.enumerator(at: directory, includingPropertiesForKeys: nil)
        while let file = files?.nextObject() as? URL {
            if let data = try? Data(contentsOf: file), data.range(of: Data(text.utf8)) != nil { return true }
        }
        return false
    }
}
