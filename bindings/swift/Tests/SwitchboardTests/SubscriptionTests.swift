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

/// Cancels its own subscription at the second call.
private final class Canceller: InboxListener, @unchecked Sendable {
    private let lock = NSLock()
    private var count = 0
    private var subscription: Subscription?

    func set(_ subscription: Subscription?) { lock.withLock { self.subscription = subscription } }

    func onUpdate(update: InboxUpdate) {
        let mine = lock.withLock {
            count += 1
            return subscription
        }
        if calls > 1 { mine?.cancel() }
    }

    var calls: Int { lock.withLock { count } }
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

    @Test("after cancel returns no call starts, also in the middle of traffic")
    func cancel() async throws {
        let anna = try await office.onlinePhone("Anna")
        let visitor = try office.visitor()
        let recorder = Recorder()
        let subscription = try anna.allChats().subscribe(listener: recorder)
        let traffic = Task.detached { for number in 1...60 { try visitor.say("message \(number)") } }
        _ = try await next("update", recorder.more) { $0.revision > 5 }
        subscription.cancel()
        let before = recorder.updates.count
        try await traffic.value
        _ = try await anna.chat { $0.lastMessage?.preview == "message 60" }
        #expect(recorder.updates.count == before)
    }

    @Test("a listener may cancel itself, and is freed when nobody needs it")
    func selfCancel() async throws {
        let anna = try await office.onlinePhone("Anna")
        let visitor = try office.visitor()
        weak var freed: Canceller?
        do {
            let canceller = Canceller()
            freed = canceller
            canceller.set(try anna.allChats().subscribe(listener: canceller))
            for text in ["first", "second"] {
                try visitor.say(text)
                _ = try await anna.chat { $0.lastMessage?.preview == text }
            }
            #expect(canceller.calls == 2)
            canceller.set(nil)
        }
        #expect(freed == nil)
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
