package app.switchboard.core

import java.util.UUID

// An id is a UUID, and a type each, so that a chat's id cannot be passed for a message's.

/** A chat's id. */
@JvmInline
value class ChatId(val value: UUID) {
    override fun toString() = value.toString()
}

/** A member of staff's id. */
@JvmInline
value class UserId(val value: UUID) {
    override fun toString() = value.toString()
}

/** A message's id. */
@JvmInline
value class MessageId(val value: UUID) {
    override fun toString() = value.toString()
}

/** A command's id; the message that a reply, a note or a text among staff becomes has the same UUID. */
@JvmInline
value class CommandId(val value: UUID) {
    override fun toString() = value.toString()
}

/** An unsent text's id; a refused reply's has the UUID of its message. */
@JvmInline
value class UnsentId(val value: UUID) {
    override fun toString() = value.toString()
}

/** A queue's id. */
@JvmInline
value class QueueId(val value: UUID) {
    override fun toString() = value.toString()
}

/** A group's id. */
@JvmInline
value class GroupId(val value: UUID) {
    override fun toString() = value.toString()
}

/** A block's id. */
@JvmInline
value class BlockId(val value: UUID) {
    override fun toString() = value.toString()
}

/** A contact's id. */
@JvmInline
value class ContactId(val value: UUID) {
    override fun toString() = value.toString()
}

/** A template's id. */
@JvmInline
value class TemplateId(val value: UUID) {
    override fun toString() = value.toString()
}

/** A label's id. */
@JvmInline
value class LabelId(val value: UUID) {
    override fun toString() = value.toString()
}

/** The id of a note on a contact. */
@JvmInline
value class NoteId(val value: UUID) {
    override fun toString() = value.toString()
}
