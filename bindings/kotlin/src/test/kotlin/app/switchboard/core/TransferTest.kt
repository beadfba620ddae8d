package app.switchboard.core

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class TransferTest {
    /** A chat that Anna owns. */
    private suspend fun SwitchboardCore.owned(visitor: Visitor): ChatId {
        visitor.say("do you have it in blue?")
        val chat = awaitChat().chat
        reply(chat, "one moment")
        visitor.awaitReply("one moment")
        awaitChat { it.isMine && it.pending == 0u }
        return chat
    }

    @Test
    fun `f26 f27 f28 f29 a chat goes to a colleague with its history and a note, and a line without content stays`() = inOffice {
        val anna = onlinePhone("Anna")
        val boris = onlinePhone("Boris")
        val visitor = visitor()
        val chat = anna.owned(visitor)
        boris.awaitNothing()
        val target = anna.transferTargets("bor").single()
        assertEquals("Boris", target.name)
        assertEquals("Staff", target.detail)
        assertEquals(Presence.AVAILABLE, target.presence)

        anna.timeline(chat, null).use { timeline ->
            anna.transfer(chat, target.target, "wants the darker one")
            val line = anna.awaitArchive { rows -> rows.any { it.passedOn != null && it.lastMessage == null } }.single()
            assertEquals("Boris", line.passedOn?.toName)
            assertEquals(TargetKind.USER, line.passedOn?.toKind)
            assertNull(line.undo)
            assertEquals(ChannelKind.LIVE_CHAT, line.channelKind)
            assertFalse(line.actions.reply || line.actions.take || line.actions.transfer)
            assertTrue(line.actions.delete)
            anna.awaitNothing()
            timeline.rows().await { it.isEmpty() }
        }
        assertTrue(anna.search("blue", 10u).hits.isEmpty(), "what was said is gone from the sender's phone")

        val mine = boris.awaitChat { it.isMine }
        assertEquals(ChatState.OWNED, mine.state)
        val lines = boris.awaitMessages(chat) { ActivityKind.TRANSFERRED in it.activities() }
        assertEquals(listOf("do you have it in blue?", "one moment"), lines.filter { it.kind == MessageKind.TEXT }.map { it.text })
        val note = lines.single { it.kind == MessageKind.NOTE }
        assertEquals("wants the darker one", note.text)
        assertEquals("Anna", note.authorName)
        val passed = notNull(lines.single { it.activity?.kind == ActivityKind.TRANSFERRED }.activity)
        assertEquals("Boris", passed.toName)
        assertTrue(passed.toMe)
        assertEquals(TransferTarget.User(boris.account()!!.user), passed.to)

        visitor.awaitEvent("passed_on")
        boris.reply(chat, "Boris here")
        visitor.awaitReply("Boris here")
        assertFalse(visitor.seen.any { "darker" in it }, "a note reached the visitor")

        assertEquals(Outcome.Applied, anna.outcomeOf { delete(chat) })
        anna.awaitArchive { it.isEmpty() }
    }

    private fun <T : Any> notNull(row: T?): T {
        assertNotNull(row)
        return row!!
    }

    @Test
    fun `f26 f29 the picker finds users, queues and groups by name and extension, those who are there first`() = inOffice {
        server.admin("user", "add", "Zoe Bergmann", "--group", "Staff", "--extension", "217")
        server.admin("user", "add", "Bela", "--group", "Staff", "--extension", "3")
        server.admin("user", "disable", "Bela")
        server.admin("queue", "add", "Billing", "--member", "Boris")
        server.admin("group", "add", "Board")
        server.admin("user", "presence", "Boris", "away")
        val anna = onlinePhone("Anna")

        val found = anna.transferTargets("b")
        assertEquals(setOf("Zoe Bergmann", "Boris", "Billing", "Board"), found.map { it.name }.toSet())
        assertTrue(found.indexOfFirst { it.name == "Zoe Bergmann" } < found.indexOfFirst { it.name == "Boris" })
        assertEquals(Presence.AWAY, found.single { it.name == "Boris" }.presence)
        assertTrue(found.single { it.name == "Billing" }.target is TransferTarget.Queue)
        assertNull(found.single { it.name == "Billing" }.presence)
        assertTrue(found.single { it.name == "Board" }.target is TransferTarget.Group)
        val zoe = anna.transferTargets("21").single()
        assertEquals("Zoe Bergmann", zoe.name)
        assertEquals("217", zoe.extension)
        assertTrue(anna.transferTargets("Anna").isEmpty(), "nobody passes a chat to oneself")
        assertTrue(anna.transferTargets("").map { it.name }.containsAll(listOf("Boris", "Sales", "Staff")))
    }

    @Test
    fun `f26 f29 a candidate passes a waiting chat to a queue, and its members see it`() = inOffice {
        server.admin("user", "add", "Carla", "--group", "Staff")
        server.admin("queue", "add", "Support", "--member", "Carla")
        val anna = onlinePhone("Anna")
        val carla = onlinePhone("Carla")
        val visitor = visitor()
        visitor.say("it does not start")
        val chat = anna.awaitChat { it.state == ChatState.WAITING && it.actions.transfer }.chat
        carla.awaitNothing()

        assertEquals(Outcome.Applied, anna.outcomeOf { transfer(chat, anna.transferTargets("Support").single().target) })
        val waiting = carla.awaitChat()
        assertEquals(ChatState.WAITING, waiting.state)
        assertEquals("Support", waiting.queueName)
        assertEquals(TargetKind.QUEUE, anna.awaitArchive { it.size == 1 }.single().passedOn?.toKind)
        carla.reply(chat, "what does it show?")
        visitor.awaitReply("what does it show?")
    }

    @Test
    fun `f26 f46 a transfer is taken back by undo, also offline, and by a reply`() = inOffice {
        val anna = onlinePhone("Anna")
        val boris = onlinePhone("Boris")
        val visitor = visitor()
        val chat = anna.owned(visitor)
        boris.awaitNothing()
        anna.stop()

        val command = anna.transfer(chat, anna.transferTargets("Boris").single().target)
        val line = anna.awaitArchive { it.size == 1 }.single()
        assertEquals(command, line.undo?.command)
        assertEquals(CommandKind.TRANSFER, line.undo?.kind)
        anna.awaitNothing()
        assertTrue(anna.undo(command))
        assertTrue(anna.awaitChat().isMine)
        anna.awaitArchive { it.isEmpty() }
        assertFalse(anna.undo(command), "it can be taken back once")

        val again = anna.outcomeOf {
            transfer(chat, anna.transferTargets("Boris").single().target).also { anna.reply(chat, "I have it here") }
        }
        assertEquals(Outcome.Undone, again)
        anna.start()
        visitor.awaitReply("I have it here")
        assertTrue(anna.awaitChat { it.pending == 0u }.isMine)
        boris.awaitNothing()
    }

    @Test
    fun `f26 what cannot be passed on is said at once`() = inOffice {
        val anna = onlinePhone("Anna")
        visitor().say("hello?")
        val chat = anna.awaitChat().chat
        val boris = anna.transferTargets("Boris").single().target
        server.admin("user", "disable", "Boris")
        anna.awaitTargets("Boris") { it.isEmpty() }
        val codes = listOf(TransferTarget.User(anna.account()!!.user), boris).map { target ->
            (failure { anna.transfer(chat, target) } as SwitchboardException.Rejected).code
        }
        assertEquals(listOf(ErrorCode.TRANSFER_TO_SELF, ErrorCode.USER_DISABLED), codes)
    }
}
