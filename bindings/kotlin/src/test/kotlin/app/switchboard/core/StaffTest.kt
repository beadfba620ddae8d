package app.switchboard.core

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** Chats among staff, notes and mentions. */
class StaffTest {
    @Test
    fun `f2 f5 two colleagues write to each other, also what was written offline`() = inOffice {
        val anna = onlinePhone("Anna")
        val boris = onlinePhone("Boris")
        val chat = anna.directChat(anna.awaitColleague("Boris"))
        assertEquals(chat, boris.directChat(boris.awaitColleague("Anna")))
        anna.awaitNothing()

        anna.stop()
        anna.say(chat, "is the key with you?")
        assertEquals(DeliveryState.Queued, anna.awaitMessages(chat) { it.size == 1 }.single().state)
        boris.awaitNothing()
        anna.start()
        val row = boris.awaitChat { it.lastMessage?.preview == "is the key with you?" && it.unread == 1u }
        assertEquals(chat, row.chat)
        assertEquals("Anna", row.contactName)
        assertNull(row.channelKind)
        assertEquals(ChatState.INTERNAL, row.state)
        assertEquals(InternalInfo(anna.account()!!.user, Presence.AVAILABLE, 2u), row.internal)
        assertTrue(row.actions.reply && row.actions.archive)
        assertFalse(row.actions.take || row.actions.transfer || row.actions.dealtWith || row.actions.members || row.prompt)
        assertEquals(1u, boris.badge())

        boris.say(chat, "it is")
        boris.markRead(chat, 1u)
        anna.awaitMessages(chat) { rows -> rows.map { it.text } == listOf("is the key with you?", "it is") && rows[0].state == DeliveryState.Read }
        assertEquals(listOf(chat), anna.awaitRecents(InboxFilter.STAFF) { it.size == 1 }.map { it.chat })
        assertEquals(ErrorCode.INTERNAL_CHAT, refusal { anna.reply(chat, "to whom?") })
        assertEquals(ErrorCode.INTERNAL_CHAT, refusal { anna.dealtWith(chat) })
    }

    @Test
    fun `f2 f66 a group has a name and members who come, are mentioned and leave`() = inOffice {
        hire("Clara")
        val anna = onlinePhone("Anna")
        val boris = onlinePhone("Boris")
        val clara = onlinePhone("Clara")
        val (borisId, claraId) = listOf("Boris", "Clara").map { anna.awaitColleague(it) }
        val chat = anna.createGroup("Night shift", listOf(borisId))
        assertTrue(anna.awaitChat { it.contactName == "Night shift" }.actions.leave)
        anna.say(chat, "before Clara came")
        boris.awaitChat { it.lastMessage?.authorName == "Anna" && it.internal?.members == 2u }

        boris.done { renameGroup(chat, "Late shift") }
        anna.awaitChat { it.contactName == "Late shift" }
        anna.done { addMembers(chat, listOf(claraId)) }
        assertEquals(listOf("Boris", "Clara"), anna.mentionable(chat).map { it.name })
        anna.say(chat, "@Clara, welcome", listOf(claraId))
        assertTrue(clara.awaitChat { it.mentioned }.internal?.directWith == null)
        val lines = clara.awaitMessages(chat) { rows -> rows.any { it.text == "@Clara, welcome" } }
        assertTrue(lines.single { it.text == "@Clara, welcome" }.mentionsMe)
        assertEquals(listOf("Clara"), lines.single { it.activity?.kind == ActivityKind.MEMBERS_ADDED }.activity?.members)
        assertTrue(lines.none { it.text == "before Clara came" }, "who joins sees what follows")
        assertFalse(boris.awaitChat { it.lastMessage?.preview == "@Clara, welcome" }.mentioned)
        assertEquals(listOf("Anna", "Boris", "Clara"), clara.members(chat).map { it.name })
        assertEquals(listOf("Clara"), clara.members(chat).filter { it.isMe }.map { it.name })

        boris.done { leaveGroup(chat) }
        boris.awaitNothing()
        anna.done { removeMember(chat, claraId) }
        clara.awaitNothing()
        val kinds = anna.awaitMessages(chat) { ActivityKind.MEMBER_REMOVED in it.activities() }.activities()
        assertEquals(
            listOf(ActivityKind.GROUP_CREATED, ActivityKind.GROUP_RENAMED, ActivityKind.MEMBERS_ADDED, ActivityKind.MEMBER_LEFT, ActivityKind.MEMBER_REMOVED),
            kinds,
        )
        assertEquals(ErrorCode.BAD_NAME, refusal { anna.createGroup(" ", listOf(borisId)) })
    }

    @Test
    fun `f66 a note with a mention is for colleagues, takes nothing, and never reaches the customer`() = inOffice {
        val anna = onlinePhone("Anna")
        val boris = onlinePhone("Boris")
        val visitor = visitor()
        visitor.say("where is my parcel?")
        val chat = anna.awaitChat { it.actions.note }.chat
        boris.awaitChat()
        val borisId = anna.mentionable(chat).single { it.name == "Boris" }.user
        anna.note(chat, "@Boris, you know her", listOf(borisId))
        val note = boris.awaitMessages(chat) { rows -> rows.any { it.kind == MessageKind.NOTE } }.last()
        assertEquals("Anna", note.authorName)
        assertTrue(note.mentionsMe)
        assertEquals(listOf(borisId), note.mentions)
        assertEquals(ChatState.WAITING, boris.awaitChat { it.mentioned }.state)
        anna.reply(chat, "let me look")
        visitor.awaitReply("let me look")
        assertTrue(visitor.seen.none { "you know her" in it })
        assertTrue(eventually({ it.isEmpty() }) { anna.mentionable(chat) }.isEmpty(), "nobody else sees an owned chat")
    }

    @Test
    fun `f64 an unsent text goes to the owner as a note`() = inOffice {
        val anna = onlinePhone("Anna")
        val boris = onlinePhone("Boris")
        val visitor = visitor()
        visitor.say("which size?")
        val chat = boris.awaitChat().chat
        anna.awaitChat()
        boris.stop()
        boris.reply(chat, "she needs a 42, I know her")
        anna.reply(chat, "what do you wear?")
        visitor.awaitReply("what do you wear?")
        boris.start()
        val unsent = boris.awaitUnsent { it.size == 1 && it[0].canNoteOwner && !it[0].notingOwner }.single()
        boris.done { unsentToOwner(unsent.id) }
        boris.awaitUnsent { it.isEmpty() }
        val note = anna.awaitMessages(chat) { rows -> rows.any { it.kind == MessageKind.NOTE } }.single { it.kind == MessageKind.NOTE }
        assertEquals("she needs a 42, I know her" to "Boris", note.text to note.authorName)
        boris.awaitNothing()
        assertTrue(visitor.seen.none { "I know her" in it })
    }

    @Test
    fun `f64 a reply that the customer overtook asks, and is sent all the same or taken back`() = inOffice {
        val anna = onlinePhone("Anna")
        val visitor = visitor()
        visitor.say("can I come today?")
        val chat = anna.awaitChat().chat
        anna.reply(chat, "yes")
        visitor.awaitReply("yes")
        suspend fun overtaken(reply: String, customer: String): MessageId {
            anna.awaitChat { it.pending == 0u }
            anna.stop()
            val message = anna.reply(chat, reply)
            visitor.say(customer)
            anna.start()
            val asking = DeliveryState.Asking(StaleReason.OVERTAKEN)
            anna.awaitMessages(chat) { rows -> rows.any { it.id == message && it.state == asking } }
            anna.awaitChat { it.asking == 1u }
            return message
        }
        anna.sendAnyway(overtaken("until six", "until when?"))
        visitor.awaitReply("until six")
        assertEquals("see you then!", anna.withdraw(overtaken("see you then!", "sorry, I cannot")))
        assertEquals("see you then!", anna.draft(chat))
        anna.awaitChat { it.asking == 0u && it.hasDraft }
        anna.reply(chat, "a pity")
        visitor.awaitReply("a pity")
        assertTrue(visitor.seen.none { "see you then!" in it })
        assertTrue(failure { anna.withdraw(MessageId(java.util.UUID.randomUUID())) } is SwitchboardException.NotFound)
    }
}
