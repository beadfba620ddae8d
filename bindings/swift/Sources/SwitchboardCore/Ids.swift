import Foundation

/// An id: a UUID, and a type each, so that a chat's id cannot be passed for a message's.
public protocol SwitchboardId: Hashable, Sendable, CustomStringConvertible {
    var uuid: UUID { get }
    init(uuid: UUID)
}

extension SwitchboardId {
    /// The text that crosses to the core and back; the core makes and reads no other.
    init(text: String) {
        guard let uuid = UUID(uuidString: text) else {
            preconditionFailure("the core gave an id that is not a UUID")
        }
        self.init(uuid: uuid)
    }

    var text: String { uuid.uuidString.lowercased() }

    public var description: String { text }
}

/// A chat's id.
public struct ChatId: SwitchboardId {
    public let uuid: UUID
    public init(uuid: UUID) { self.uuid = uuid }
}

/// A member of staff's id.
public struct UserId: SwitchboardId {
    public let uuid: UUID
    public init(uuid: UUID) { self.uuid = uuid }
}

/// A message's id.
public struct MessageId: SwitchboardId {
    public let uuid: UUID
    public init(uuid: UUID) { self.uuid = uuid }
}

/// A command's id; the message that a reply, a note or a text among staff becomes has the same UUID.
public struct CommandId: SwitchboardId {
    public let uuid: UUID
    public init(uuid: UUID) { self.uuid = uuid }
}

/// An unsent text's id; a refused reply's has the UUID of its message.
public struct UnsentId: SwitchboardId {
    public let uuid: UUID
    public init(uuid: UUID) { self.uuid = uuid }
}

/// A queue's id.
public struct QueueId: SwitchboardId {
    public let uuid: UUID
    public init(uuid: UUID) { self.uuid = uuid }
}

/// A group's id.
public struct GroupId: SwitchboardId {
    public let uuid: UUID
    public init(uuid: UUID) { self.uuid = uuid }
}

/// A block's id.
public struct BlockId: SwitchboardId {
    public let uuid: UUID
    public init(uuid: UUID) { self.uuid = uuid }
}

/// A contact's id.
public struct ContactId: SwitchboardId {
    public let uuid: UUID
    public init(uuid: UUID) { self.uuid = uuid }
}

/// A template's id.
public struct TemplateId: SwitchboardId {
    public let uuid: UUID
    public init(uuid: UUID) { self.uuid = uuid }
}

/// A label's id.
public struct LabelId: SwitchboardId {
    public let uuid: UUID
    public init(uuid: UUID) { self.uuid = uuid }
}

/// The id of a note on a contact.
public struct NoteId: SwitchboardId {
    public let uuid: UUID
    public init(uuid: UUID) { self.uuid = uuid }
}
