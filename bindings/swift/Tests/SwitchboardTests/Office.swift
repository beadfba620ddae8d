import Foundation
import Switchboard

let password = "correct horse battery staple"

/// A company: Anna and Boris answer the visitors of one website. Each test has its own.
final class Office: @unchecked Sendable {
    let server: TestServer
    private let channel: String
    private var directories: [URL] = []

    init() throws {
        server = try TestServer()
        try server.admin("group", "add", "Staff")
        for (name, email) in [("Anna", "anna@example.com"), ("Boris", "boris@example.com")] {
            try server.admin(
                "user", "add", name, "--group", "Staff", "--email", email, "--password", input: password)
        }
        try server.admin("queue", "add", "Sales", "--member", "Anna", "--member", "Boris")
        let printed = try server.admin("channel", "add", "Shop", "--origin", "https://shop.example.com")
        guard let key = printed.firstMatch(of: /data-channel="([^"]+)"/) else { throw Failure("no key in: \(printed)") }
        channel = String(key.1)
        try server.admin("route", "set", "Shop", "--queue", "Sales")
    }

    deinit {
        for directory in directories { try? FileManager.default.removeItem(at: directory) }
    }

    /// A directory for a phone's store.
    func directory() throws -> URL {
        let directory = try temporaryDirectory("phone")
        directories.append(directory)
        return directory
    }

    /// A phone of nobody yet.
    func phone(_ directory: URL? = nil) throws -> SwitchboardCore {
        let directory = try directory ?? self.directory()
        return try SwitchboardCore.open(
            options: CoreOptions(directory: directory.path, platform: .ios, deviceName: "test phone"))
    }

    func enrolmentLink(_ user: String) throws -> String {
        try server.admin("user", "enrol", user, "--plain").trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// A phone of this user, up to date and online.
    func onlinePhone(_ user: String, _ directory: URL? = nil) async throws -> SwitchboardCore {
        let phone = try phone(directory)
        _ = try await phone.enrol(link: enrolmentLink(user))
        try phone.start()
        _ = try await next("connection", phone.connectionStates()) { $0 == .online }
        return phone
    }

    /// One more user, of the same group.
    func hire(_ name: String, role: String = "user") throws {
        try server.admin(
            "user", "add", name, "--group", "Staff", "--email", "\(name.lowercased())@example.com", "--role", role,
            "--password", input: password)
    }

    /// Customers of a kind that the command line plays.
    func stub(_ name: String, kind: String) throws {
        try server.admin("channel", "add", name, "--kind", kind, "--stub")
        try server.admin("route", "set", name, "--queue", "Sales")
    }

    func visitor() throws -> Visitor {
        let visitor = try Visitor(server, channel: channel)
        try visitor.awaitWelcome()
        return visitor
    }

    /// What a new visitor is told who may not come in.
    func refusedVisitor() throws -> String { try Visitor(server, channel: channel).awaitBye() }
}

/// The first element that passes, within the time that a test waits.
func next<Element: Sendable>(
    _ what: String, _ stream: AsyncStream<Element>, where matches: @escaping @Sendable (Element) -> Bool
) async throws -> Element {
    try await withThrowingTaskGroup(of: Element.self) { group in
        defer { group.cancelAll() }
        group.addTask {
            for await element in stream where matches(element) { return element }
            throw Failure("the stream of \(what) ended")
        }
        group.addTask {
            try await Task.sleep(for: .seconds(waitSeconds))
            throw Failure("no \(what) came")
        }
        guard let element = try await group.next() else { throw Failure("no \(what) came") }
        return element
    }
}

extension [TimelineRow] {
    /// What happened in the chat, in order.
    var activities: [ActivityKind] { compactMap { $0.activity?.kind } }

    /// What was said to the customer and by the customer.
    var texts: [String] { filter { $0.kind == .text }.map(\.text) }
}

/// What this reads, as soon as it looks like this. Asked again and again, for what no list follows.
@discardableResult
func eventually<T>(
    _ what: String, read: () async throws -> T, where matches: (T) -> Bool
) async throws -> T {
    let deadline = Date(timeIntervalSinceNow: waitSeconds)
    while true {
        let value = try await read()
        if matches(value) { return value }
        guard Date() < deadline else { throw Failure("\(what) does not become so") }
        try await Task.sleep(for: .milliseconds(50))
    }
}

extension SwitchboardCore {
    /// The colleague of this name, as soon as this phone knows them.
    func colleague(_ name: String) async throws -> UserId {
        try await eventually(name, read: { try await colleagues(query: name) }, where: { $0.count == 1 })[0].user
    }

    /// The group for which this manager makes templates, as soon as this phone knows it.
    func ownGroup() async throws -> GroupId? {
        let picker = try await eventually("right", read: { try await templates(query: TemplateQuery()) }) { $0.canCreate }
        return picker.groups.first?.group
    }

    /// Does it, and waits until the server has done it.
    func done(_ act: (SwitchboardCore) async throws -> CommandId) async throws {
        let outcome = try await outcome(of: act)
        guard outcome == .applied else { throw Failure("it was to be done, and is \(outcome)") }
    }

    /// The saved contact, once this phone has it.
    func saved(_ contact: ContactId) async throws -> ContactCard? {
        do {
            return try await self.contact(contact: contact)
        } catch SwitchboardError.NotFound {
            return nil
        }
    }

    func allChats() throws -> InboxList { try inbox(filter: .all, order: .newestFirst) }

    /// The one chat of a phone's inbox, as soon as it looks like this.
    func chat(where matches: @escaping @Sendable (InboxRow) -> Bool = { _ in true }) async throws -> InboxRow {
        try await next("chat", allChats().rows()) { $0.count == 1 && matches($0[0]) }[0]
    }

    /// The chats of Recents, as soon as they look like this.
    func recents(
        _ filter: InboxFilter = .all, where matches: @escaping @Sendable ([InboxRow]) -> Bool
    ) async throws -> [InboxRow] {
        try await next("inbox", inbox(filter: filter, order: .newestFirst).rows(), where: matches)
    }

    /// The Archive's lines, as soon as they look like this.
    func archived(where matches: @escaping @Sendable ([InboxRow]) -> Bool) async throws -> [InboxRow] {
        try await next("archive", archiveList().rows(), where: matches)
    }

    /// Waits until Recents is empty.
    func nothing() async throws { _ = try await recents { $0.isEmpty } }

    /// Waits until the user's work looks like this.
    @discardableResult
    func work(where matches: @escaping @Sendable (Work) -> Bool) async throws -> Work {
        try await next("work", workStates(), where: matches)
    }

    /// Does it, and waits until the server has decided.
    func outcome(of act: (SwitchboardCore) async throws -> CommandId) async throws -> Outcome {
        let outcomes = try commandOutcomes()
        let command = try await act(self)
        return try await next("outcome", outcomes) { $0.id == command }.outcome
    }

    /// The one target that this query finds.
    func target(_ query: String) async throws -> TransferTargetRow {
        let found = try await transferTargets(query: query)
        guard found.count == 1 else { throw Failure("\(query) finds \(found.map(\.name))") }
        return found[0]
    }

    /// The one target that this query finds, as soon as it looks like this. Asked again and again: colleagues' rows have
    /// no list to follow.
    func target(_ query: String, where matches: (TransferTargetRow) -> Bool) async throws {
        _ = try await eventually(query, read: { try await self.target(query) }, where: matches)
    }

    func messages(
        _ chat: ChatId, where matches: @escaping @Sendable ([TimelineRow]) -> Bool
    ) async throws -> [TimelineRow] {
        try await next("message", timeline(chat: chat, around: nil).rows(), where: matches)
    }

    func unsentTexts(where matches: @escaping @Sendable ([UnsentRow]) -> Bool) async throws -> [UnsentRow] {
        try await next("unsent text", unsent().rows(), where: matches)
    }

    /// Waits until a race for this chat is decided on this phone: true when somebody else has it.
    func loses(_ chat: ChatId) async throws -> Bool {
        let rows = try await next("decision", allChats().rows()) { rows in
            !rows.contains { $0.chat == chat } || rows.contains { $0.chat == chat && $0.isMine }
        }
        return !rows.contains { $0.chat == chat }
    }
}
