import Foundation
import Switchboard
import Testing

/// Keeps what comes.
private final class Recorder: InboxListener, @unchecked Sendable {
    private let lock = NSLock()
    private var kept: [InboxUpdate] = []
    let more: AsyncStream<InboxUpdate>
    private let continuation: AsyncStream<InboxUpdate>.Continuation

    init() { (more, continuation) = AsyncStream.makeStream(of: InboxUpdate.self) }

    func onUpdate(update: InboxUpdate) {
        lock.withLock { kept.append(update) }
        continuation.yield(update)
    }

    var updates: [InboxUpdate] { lock.withLock { kept } }
}

private final class Thrower: InboxListener, ConnectionListener, @unchecked Sendable {
    private let lock = NSLock()
    private var count = 0

    func onUpdate(update: InboxUpdate) throws {
        lock.withLock { count += 1 }
        throw ListenerError.Failed(detail: "no room")
    }

    func onConnection(state: ConnectionState) throws {
        lock.withLock { count += 1 }
        throw CocoaError(.fileNoSuchFile)
    }

    var calls: Int { lock.withLock { count } }
}

@Suite struct SubscriptionTests {
    let office: Office
    init() throws { office = try Office() }

    @Test("the first delivery is a reset, before subscribe returns, and changes follow")
    func firstDelivery() async throws {
        let anna = try await office.onlinePhone("Anna")
        let recorder = Recorder()
        let subscription = try anna.allChats().subscribe(listener: recorder)
        #expect(recorder.updates.map(\.changes) == [[.reset(rows: [])]])

        try office.visitor().say("hello?")
        _ = try await next("update", recorder.more) { update in
            update.changes.contains { change in
                switch change {
                case .insert(_, let row), .update(_, let row): row.lastMessage?.preview == "hello?"
                default: false
                }
            }
        }
        let revisions = recorder.updates.map(\.revision)
        #expect(zip(revisions, revisions.dropFirst()).allSatisfy { $1 == $0 + 1 })
        subscription.cancel()
    }

    @Test("after cancel returns no call starts")
    func cancel() async throws {
        let anna = try await office.onlinePhone("Anna")
        let visitor = try office.visitor()
        try visitor.say("first")
        _ = try await anna.chat()
        let recorder = Recorder()
        let subscription = try anna.allChats().subscribe(listener: recorder)
        subscription.cancel()
        let before = recorder.updates.count
        try visitor.say("second")
        _ = try await anna.chat { $0.lastMessage?.preview == "second" }
        #expect(recorder.updates.count == before)
    }

    @Test("a listener that throws harms neither the core nor the other listeners")
    func throwing() async throws {
        let anna = try await office.onlinePhone("Anna")
        let thrower = Thrower()
        let list = try anna.allChats()
        let subscriptions = [try list.subscribe(listener: thrower), try anna.observeConnection(listener: thrower)]
        try office.visitor().say("hello?")
        _ = try await anna.chat { $0.lastMessage?.preview == "hello?" }
        #expect(thrower.calls >= 2)
        #expect(anna.connection() == .online)
        subscriptions.forEach { $0.cancel() }
    }

    @Test("F11 a timeline ends when its chat leaves the phone")
    func closed() async throws {
        let anna = try await office.onlinePhone("Anna")
        let boris = try await office.onlinePhone("Boris")
        try office.visitor().say("hello?")
        let chat = try await anna.chat().chat
        _ = try await boris.chat()
        let rows = try boris.timeline(chat: chat, around: nil).rows()
        _ = try await anna.reply(chat: chat, text: "mine")
        _ = try await next("end", rows) { $0.isEmpty }
        for await _ in rows { Issue.record("rows came after the end") }
    }
}
