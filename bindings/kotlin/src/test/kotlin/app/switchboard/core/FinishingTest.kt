package app.switchboard.core

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class FinishingTest {
    @Test
    fun `f51 a row says where each button of its screen stands`() = inOffice {
        val anna = onlinePhone("Anna")
        visitor().say("hello?")
        val waiting = anna.awaitChat().placement
        assertEquals(listOf(ScreenAction.TAKE, ScreenAction.TRANSFER), waiting.bar.filter { it != ScreenAction.DEALT_WITH })
        assertEquals(listOf(ScreenAction.TEMPLATES), waiting.composer)
        anna.take(anna.awaitChat().chat)
        val owned = anna.awaitChat { it.isMine && it.pending == 0u }.placement
        assertEquals(listOf(ScreenAction.TRANSFER, ScreenAction.DEALT_WITH), owned.bar)
        assertEquals(ScreenAction.INFORMATION, owned.menu.first())
        assertTrue(owned.menu.containsAll(listOf(ScreenAction.ARCHIVE, ScreenAction.END_SESSION, ScreenAction.BLOCK)))
    }

    /** A chat that this phone's user owns, everything read. */
    private suspend fun SwitchboardCore.answered(visitor: Visitor): ChatId {
        visitor.say("where is my parcel?")
        val chat = awaitChat().chat
        reply(chat, "on its way")
        visitor.awaitReply("on its way")
        awaitChat { it.isMine && it.pending == 0u }
        return chat
    }

    @Test
    fun `f37 f39 dealt with goes to the archive, and the next message goes by the route as a new session`() = inOffice {
        val anna = onlinePhone("Anna")
        val boris = onlinePhone("Boris")
        val visitor = visitor()
        val chat = anna.answered(visitor)
        assertTrue(anna.awaitChat().actions.dealtWith)

        assertEquals(Outcome.Applied, anna.outcomeOf { dealtWith(chat) })
        anna.awaitNothing()
        val closed = anna.awaitArchive { rows -> rows.any { it.state == ChatState.CLOSED && it.actions.unarchive } }.single()
        assertTrue(closed.archived)
        assertFalse(closed.isMine || closed.actions.reply || closed.actions.dealtWith)
        assertTrue(closed.actions.transfer && closed.actions.delete)
        assertEquals(Composer.READ_ONLY, closed.composer)
        assertEquals(ActivityKind.DEALT_WITH, anna.awaitMessages(chat) { it.size == 4 }.activities().last())
        boris.awaitNothing()

        visitor.say("it is the wrong one")
        for (phone in listOf(anna, boris)) {
            val waiting = phone.awaitChat { it.state == ChatState.WAITING && it.lastMessage?.preview == "it is the wrong one" }
            assertEquals(2UL, waiting.session)
        }
        anna.awaitArchive { it.isEmpty() }
        assertFalse(visitor.seen.any { "dealt" in it || "ended" in it }, "the visitor is not told of Dealt with")
    }

    @Test
    fun `f37 a message that comes before Dealt with brings the chat back`() = inOffice {
        val anna = onlinePhone("Anna")
        val visitor = visitor()
        val chat = anna.answered(visitor)
        anna.stop()
        visitor.say("and one more thing")
        val outcome = anna.outcomeOf { dealtWith(chat).also { anna.awaitNothing(); anna.start() } }
        assertEquals(Outcome.Refused(ErrorCode.NEW_MESSAGE), outcome)
        val back = anna.awaitChat { it.lastMessage?.preview == "and one more thing" }
        assertTrue(back.isMine)
        assertEquals(1UL, back.session)
        anna.awaitArchive { it.isEmpty() }
    }

    @Test
    fun `f38 f43 f44 an archived chat keeps its owner and comes back to its owner alone`() = inOffice {
        val anna = onlinePhone("Anna")
        val boris = onlinePhone("Boris")
        val visitor = visitor()
        val chat = anna.answered(visitor)
        assertTrue(anna.awaitChat().actions.archive)

        assertEquals(Outcome.Applied, anna.outcomeOf { archive(chat) })
        anna.awaitNothing()
        val archived = anna.awaitArchive { it.size == 1 }.single()
        assertTrue(archived.isMine && archived.archived && archived.actions.unarchive)
        assertFalse(archived.actions.archive)
        assertEquals(ChatState.OWNED, archived.state)

        assertEquals(Outcome.Applied, anna.outcomeOf { unarchive(chat) })
        assertTrue(anna.awaitChat { !it.archived }.isMine)
        anna.awaitArchive { it.isEmpty() }

        assertEquals(Outcome.Applied, anna.outcomeOf { archive(chat) })
        visitor.say("are you still there?")
        assertTrue(anna.awaitChat { it.lastMessage?.preview == "are you still there?" }.isMine)
        boris.awaitNothing()
    }

    @Test
    fun `f40 where the queue wants it, a message soon after Dealt with returns to the same user`() = inOffice {
        server.admin("queue", "set", "Sales", "--return-within", "1h")
        val anna = onlinePhone("Anna")
        val boris = onlinePhone("Boris")
        val visitor = visitor()
        val chat = anna.answered(visitor)
        assertEquals(Outcome.Applied, anna.outcomeOf { dealtWith(chat) })
        visitor.say("thank you!")
        val back = anna.awaitChat { it.lastMessage?.preview == "thank you!" }
        assertTrue(back.isMine)
        assertEquals(2UL, back.session)
        boris.awaitNothing()
    }

    @Test
    fun `f41 the visitor is told of the end, and may rate it`() = inOffice {
        val anna = onlinePhone("Anna")
        val visitor = visitor()
        val chat = anna.answered(visitor)
        assertTrue(anna.awaitChat().actions.endSession)
        assertEquals(Outcome.Applied, anna.outcomeOf { endSession(chat) })
        visitor.awaitEvent("ended")
        assertEquals(ChatState.CLOSED, anna.awaitArchive { it.size == 1 && it[0].state == ChatState.CLOSED }.single().state)

        visitor.rate(4, "quick and kind")
        val rating = anna.awaitMessages(chat) { ActivityKind.RATED in it.activities() }.last()
        assertEquals(AuthorKind.CONTACT, rating.author)
        assertEquals(4.toUByte(), rating.activity?.stars)
        assertEquals("quick and kind", rating.activity?.comment)
    }

    @Test
    fun `f42 a block shuts the visitor's address out, says how many share it, and is lifted by a manager`() = inOffice {
        server.admin("user", "add", "Mara", "--group", "Staff", "--role", "system_owner")
        val anna = onlinePhone("Anna")
        val mara = onlinePhone("Mara")
        val neighbour = visitor()
        neighbour.say("I live next door")
        val visitor = visitor()
        visitor.say("BUY NOW")
        val chat = anna.awaitRecents { it.size == 2 }.single { it.lastMessage?.preview == "BUY NOW" }.chat
        anna.take(chat)
        anna.awaitRecents { rows -> rows.any { it.chat == chat && it.actions.block } }
        assertEquals(2u, anna.sharing(chat))
        assertEquals(Outcome.Applied, anna.outcomeOf { block(chat) })
        assertEquals("blocked", visitor.awaitBye())
        assertEquals("blocked", neighbour.awaitBye())
        assertEquals("blocked", refusedVisitor())

        val refused = failure { anna.blocks() }
        assertEquals(ErrorCode.FORBIDDEN, (refused as SwitchboardException.Rejected).code)
        val block = mara.blocks().single()
        assertEquals(chat, block.chat)
        assertEquals("Anna", block.byName)
        assertEquals("Shop", block.channelName)
        assertEquals(2u, block.visitors)
        assertEquals(24 * 3600L, block.expiresAt.epochSecond - block.createdAt.epochSecond)
        mara.liftBlock(block.id)
        assertTrue(mara.blocks().isEmpty())
        visitor().say("am I back?")
    }

    @Test
    fun `f45 a chat is deleted from the archive, for this user alone`() = inOffice {
        val anna = onlinePhone("Anna")
        val boris = onlinePhone("Boris")
        val visitor = visitor()
        visitor.say("hello?")
        val chat = anna.awaitChat { it.actions.archive && !it.actions.delete }.chat
        assertEquals(Outcome.Applied, anna.outcomeOf { archive(chat) })
        assertTrue(anna.awaitArchive { it.size == 1 }.single().actions.delete)
        assertEquals(Outcome.Applied, anna.outcomeOf { delete(chat) })
        anna.awaitArchive { it.isEmpty() }
        anna.awaitNothing()
        assertEquals(ChatState.WAITING, boris.awaitChat().state)

        boris.reply(chat, "good morning")
        visitor.awaitReply("good morning")
        assertEquals(Outcome.Applied, boris.outcomeOf { dealtWith(chat) })
        boris.awaitArchive { rows -> rows.any { it.state == ChatState.CLOSED && it.actions.delete } }
        boris.timeline(chat, null).use { timeline ->
            assertEquals(Outcome.Applied, boris.outcomeOf { delete(chat) })
            timeline.rows().await { it.isEmpty() }
        }
        boris.awaitArchive { it.isEmpty() }
        boris.awaitNothing()
        assertTrue(boris.search("morning", 10u).hits.isEmpty())
    }

    @Test
    fun `f46 what can be undone survives a kill of the app and is sent after its time`() = inOffice {
        val directory = directory()
        val visitor = visitor()
        onlinePhone("Anna", directory).use { anna ->
            val chat = anna.answered(visitor)
            anna.dealtWith(chat)
            assertEquals(CommandKind.DEALT_WITH, anna.awaitArchive { it.size == 1 }.single().undo?.kind)
        }
        val anna = phone(directory)
        val held = anna.awaitArchive { it.size == 1 }.single()
        assertEquals(CommandKind.DEALT_WITH, held.undo?.kind)
        assertFalse(ActivityKind.DEALT_WITH in anna.awaitMessages(held.chat) { it.isNotEmpty() }.activities(), "not yet done")
        anna.start()
        anna.awaitMessages(held.chat) { ActivityKind.DEALT_WITH in it.activities() }
        val done = anna.awaitArchive { rows -> rows.any { it.undo == null } }.single()
        assertEquals(ChatState.CLOSED, done.state)
    }
}
