@_exported import SwitchboardCore

// The core's subscriptions as streams. Each call subscribes; ending the iteration (or its task) cancels.

extension InboxList {
    /// The list's rows now and after every change; a slow reader gets the newest. Ends when the list is closed.
    public func rows() throws -> AsyncStream<[InboxRow]> {
        try stream(.bufferingNewest(1)) { continuation in
            try subscribe(listener: InboxRows(continuation))
        }
    }
}

extension TimelineList {
    /// The chat's messages, oldest first, now and after every change. Ends when the chat leaves this device.
    public func rows() throws -> AsyncStream<[TimelineRow]> {
        try stream(.bufferingNewest(1)) { continuation in
            try subscribe(listener: TimelineRows(continuation))
        }
    }
}

extension UnsentList {
    /// The unsent texts now and after every change.
    public func rows() throws -> AsyncStream<[UnsentRow]> {
        try stream(.bufferingNewest(1)) { continuation in
            try subscribe(listener: UnsentRows(continuation))
        }
    }
}

extension AlarmList {
    /// The alarms now and after every change.
    public func rows() throws -> AsyncStream<[AlarmRow]> {
        try stream(.bufferingNewest(1)) { continuation in
            try subscribe(listener: AlarmRows(continuation))
        }
    }
}

extension SwitchboardCore {
    /// The connection's state now and after every change; a slow reader gets the newest.
    public func connectionStates() throws -> AsyncStream<ConnectionState> {
        try stream(.bufferingNewest(1)) { try observeConnection(listener: Signs($0)) }
    }

    /// Presence, schedule and queues now and after every change; a slow reader gets the newest.
    public func workStates() throws -> AsyncStream<Work> {
        try stream(.bufferingNewest(1)) { try observeWork(listener: Signs($0)) }
    }

    /// Who starts and stops typing, from now on.
    public func typingSigns() throws -> AsyncStream<Typing> {
        try stream(.unbounded) { try observeTyping(listener: Signs($0)) }
    }

    /// How commands end, from now on.
    public func commandOutcomes() throws -> AsyncStream<CommandOutcome> {
        try stream(.unbounded) { try observeCommands(listener: Signs($0)) }
    }

    /// Which of templates, contacts, labels and settings is to be read again, from now on.
    public func deskChanges() throws -> AsyncStream<DeskPart> {
        try stream(.unbounded) { try observeDesk(listener: Signs($0)) }
    }

    /// What is to be shown and heard, from now on.
    public func notifications() throws -> AsyncStream<ChatNotification> {
        try stream(.unbounded) { try observeNotifications(listener: Signs($0)) }
    }
}

/// Subscribes before it returns, so that nothing between this call and the first `await` is missed.
private func stream<Element: Sendable>(
    _ policy: AsyncStream<Element>.Continuation.BufferingPolicy,
    subscribe: (AsyncStream<Element>.Continuation) throws -> Subscription
) throws -> AsyncStream<Element> {
    let (stream, continuation) = AsyncStream.makeStream(of: Element.self, bufferingPolicy: policy)
    let subscription = try subscribe(continuation)
    continuation.onTermination = { _ in subscription.cancel() }
    return stream
}

/// Passes on what comes, as it comes.
private final class Signs<Element: Sendable>: Sendable {
    private let continuation: AsyncStream<Element>.Continuation
    init(_ continuation: AsyncStream<Element>.Continuation) { self.continuation = continuation }
    func pass(_ element: Element) { continuation.yield(element) }
}

extension Signs: ConnectionListener where Element == ConnectionState {
    func onConnection(state: ConnectionState) { pass(state) }
}

extension Signs: TypingListener where Element == Typing {
    func onTyping(typing: Typing) { pass(typing) }
}

extension Signs: CommandListener where Element == CommandOutcome {
    func onOutcome(outcome: CommandOutcome) { pass(outcome) }
}

extension Signs: WorkListener where Element == Work {
    func onWork(work: Work) { pass(work) }
}

extension Signs: DeskListener where Element == DeskPart {
    func onChanged(part: DeskPart) { pass(part) }
}

extension Signs: NotificationListener where Element == ChatNotification {
    func onNotification(notification: ChatNotification) { pass(notification) }
}

/// Applies the changes of one list. The core calls a listener one call at a time, which is what makes `rows` safe.
private class Rows<Row: Sendable>: @unchecked Sendable {
    private let continuation: AsyncStream<[Row]>.Continuation
    private var rows: [Row] = []
    init(_ continuation: AsyncStream<[Row]>.Continuation) { self.continuation = continuation }

    func pass(_ changes: [ListChange<Row>], closed: Bool) {
        rows.apply(changes)
        continuation.yield(rows)
        if closed { continuation.finish() }
    }
}

private final class InboxRows: Rows<InboxRow>, InboxListener, @unchecked Sendable {
    func onUpdate(update: InboxUpdate) {
        pass(update.changes.map { change in
            switch change {
            case .reset(let rows): .reset(rows)
            case .insert(let index, let row): .insert(Int(index), row)
            case .update(let index, let row): .update(Int(index), row)
            case .remove(let index): .remove(Int(index))
            }
        }, closed: update.closed)
    }
}

private final class TimelineRows: Rows<TimelineRow>, TimelineListener, @unchecked Sendable {
    func onUpdate(update: TimelineUpdate) {
        pass(update.changes.map { change in
            switch change {
            case .reset(let rows): .reset(rows)
            case .insert(let index, let row): .insert(Int(index), row)
            case .update(let index, let row): .update(Int(index), row)
            case .remove(let index): .remove(Int(index))
            }
        }, closed: update.closed)
    }
}

private final class UnsentRows: Rows<UnsentRow>, UnsentListener, @unchecked Sendable {
    func onUpdate(update: UnsentUpdate) {
        pass(update.changes.map { change in
            switch change {
            case .reset(let rows): .reset(rows)
            case .insert(let index, let row): .insert(Int(index), row)
            case .update(let index, let row): .update(Int(index), row)
            case .remove(let index): .remove(Int(index))
            }
        }, closed: update.closed)
    }
}

private final class AlarmRows: Rows<AlarmRow>, AlarmListener, @unchecked Sendable {
    func onUpdate(update: AlarmUpdate) {
        pass(update.changes.map { change in
            switch change {
            case .reset(let rows): .reset(rows)
            case .insert(let index, let row): .insert(Int(index), row)
            case .update(let index, let row): .update(Int(index), row)
            case .remove(let index): .remove(Int(index))
            }
        }, closed: update.closed)
    }
}
