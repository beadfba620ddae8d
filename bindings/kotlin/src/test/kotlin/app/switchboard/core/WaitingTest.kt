package app.switchboard.core

import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.async
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import kotlin.io.path.writeText

/** What a phone asks and offers while a chat waits. */
class WaitingTest {
    @Test
    fun `f6 f7 an unknown contact is asked about, until somebody adds it to the contacts`() = inOffice {
        val phones = listOf(onlinePhone("Anna"), onlinePhone("Boris"))
        visitor().say("hello?")
        val asked = phones.map { phone -> phone.awaitChat { it.prompt } }
        for (row in asked) {
            assertFalse(row.contactKnown)
            assertNull(row.contactName)
            assertTrue(row.actions.addContact && row.actions.reply && row.actions.ignore && row.actions.take)
            assertFalse(row.actions.block, "only the owner blocks")
            assertEquals(Composer.REPLY, row.composer)
        }

        val vera = NewContact("Vera Petrova", email = "vera@example.com", phone = "+49 30 1234567")
        assertEquals(Outcome.Applied, phones[0].outcomeOf { addContact(asked[0].chat, vera) })
        for (phone in phones) {
            val known = phone.awaitChat { it.contactName == "Vera Petrova" }
            assertTrue(known.contactKnown)
            assertFalse(known.prompt)
            assertEquals("vera@example.com", known.contactEmail)
            assertEquals("+49 30 1234567", known.contactPhone)
            assertEquals(ChatState.WAITING, known.state, "adding a contact takes no chat")
        }
        val refused = failure { phones[0].addContact(asked[0].chat, NewContact(" ")) }
        assertEquals(ErrorCode.BAD_CONTACT, (refused as SwitchboardException.Rejected).code)
    }

    @Test
    fun `f6 f46 an ignored chat comes back by undo, and by the customer's next message`() = inOffice {
        val anna = onlinePhone("Anna")
        val boris = onlinePhone("Boris")
        val visitor = visitor()
        visitor.say("hello?")
        val chat = anna.awaitChat().chat

        val command = anna.ignore(chat)
        anna.awaitNothing()
        assertEquals(0u, anna.badge())
        assertTrue(anna.undo(command))
        anna.awaitChat { it.prompt }

        assertEquals(Outcome.Applied, anna.outcomeOf { ignore(chat) })
        anna.awaitNothing()
        boris.awaitChat { it.chat == chat && it.prompt }
        visitor.say("is nobody there?")
        anna.awaitChat { it.chat == chat && it.lastMessage?.preview == "is nobody there?" && it.prompt }
    }

    @Test
    fun `f6 when everybody ignores a chat the managers are alarmed, until somebody takes it`() = inOffice {
        server.admin("queue", "set", "Sales", "--group", "Staff")
        server.admin("user", "add", "Mara", "--group", "Staff", "--role", "manager")
        val anna = onlinePhone("Anna")
        val boris = onlinePhone("Boris")
        val mara = onlinePhone("Mara")
        val visitor = visitor()
        visitor.say("my secret marker")
        val chat = anna.awaitChat().chat
        boris.awaitChat()
        mara.alarms().use { list -> assertEquals(emptyList<AlarmRow>(), list.rows().await { true }) }

        anna.ignore(chat)
        boris.ignore(chat)
        val alarm = mara.alarms().use { list -> list.rows().await { it.isNotEmpty() } }.single()
        assertEquals(chat, alarm.chat)
        assertEquals(AlarmKind.IGNORED, alarm.kind)
        assertEquals("Sales", alarm.queueName)
        assertEquals("Shop", alarm.channelName)
        assertEquals(ChannelKind.LIVE_CHAT, alarm.channelKind)
        anna.alarms().use { list -> assertEquals(emptyList<AlarmRow>(), list.rows().await { true }) }

        visitor.say("once more")
        anna.take(anna.awaitChat().chat)
        mara.alarms().use { list -> list.rows().await { it.isEmpty() } }
    }

    @Test
    fun `f8 who else is typing a reply shows with a name`() = inOffice {
        val anna = onlinePhone("Anna")
        val boris = onlinePhone("Boris")
        visitor().say("hello?")
        val chat = anna.awaitChat().chat
        boris.awaitChat()
        coroutineScope {
            val sign = async(start = CoroutineStart.UNDISPATCHED) { anna.typingSigns().await { it.typing } }
            // The flow subscribes on another thread: a sign before that is nobody's, as in life.
            val typing = launch {
                while (true) {
                    boris.typing(chat, true)
                    delay(200)
                }
            }
            assertEquals(Typing(chat, boris.account()!!.user, "Boris", true), sign.await())
            typing.cancel()
        }
    }

    @Test
    fun `f4 f6 f30 a chat of another channel has its kind and its customer's number, and no visitor to end or block`() = inOffice {
        server.admin("channel", "add", "Phone", "--kind", "sms", "--stub")
        server.admin("route", "set", "Phone", "--queue", "Sales")
        server.admin("stub", "send", "Phone", "+49301234567", "are you open?")
        val anna = onlinePhone("Anna")
        val waiting = anna.awaitChat { it.lastMessage?.preview == "are you open?" }
        assertEquals(ChannelKind.SMS, waiting.channelKind)
        assertEquals("+49301234567", waiting.contactPhone)
        assertTrue(waiting.prompt)
        anna.take(waiting.chat)
        val owned = anna.awaitChat { it.isMine && it.pending == 0u }
        assertTrue(owned.actions.dealtWith)
        assertFalse(owned.actions.endSession || owned.actions.block)
        val codes = listOf<suspend () -> Unit>({ anna.endSession(owned.chat) }, { anna.block(owned.chat) })
            .map { (failure(it) as SwitchboardException.Rejected).code }
        assertEquals(listOf(ErrorCode.NOT_LIVE_CHAT, ErrorCode.NOT_LIVE_CHAT), codes)
    }

    @Test
    fun `f69 out of hours the customer is answered by the system, and the phone shows it so`() = inOffice {
        val hours = directory().resolve("hours.json").apply { writeText("""{"zone":"Europe/Berlin","intervals":[]}""") }
        server.admin("queue", "set", "Sales", "--hours", hours.toString(), "--out-of-office", "Back on Monday.")
        val anna = onlinePhone("Anna")
        val visitor = visitor()
        visitor.say("hello?")
        val chat = anna.awaitChat().chat
        val answer = anna.awaitMessages(chat) { it.size == 2 }.last()
        assertEquals("Back on Monday.", answer.text)
        assertEquals(AuthorKind.SYSTEM, answer.author)
        assertEquals(MessageKind.TEXT, answer.kind)
        assertFalse(answer.mine)
        assertNull(answer.authorName)
        assertEquals(ChatState.WAITING, anna.awaitChat { it.lastMessage?.author == AuthorKind.SYSTEM }.state)
        assertTrue(anna.awaitChat().prompt, "nobody has answered yet")
    }

    @Test
    fun `f11 f13 where the queue wants it, Take stands in the composer's place`() = inOffice {
        server.admin("queue", "set", "Sales", "--take-first")
        val anna = onlinePhone("Anna")
        assertTrue(anna.workStates().await { it.queues.any { queue -> queue.takeFirst } }.queues.single().loggedIn)
        val visitor = visitor()
        visitor.say("hello?")
        val waiting = anna.awaitChat()
        assertEquals(Composer.TAKE_FIRST, waiting.composer)
        assertTrue(waiting.actions.take)
        assertFalse(waiting.actions.reply)

        assertEquals(Outcome.Applied, anna.outcomeOf { take(waiting.chat) })
        val owned = anna.awaitChat { it.isMine && it.composer == Composer.REPLY }
        assertTrue(owned.actions.reply)
        assertFalse(owned.actions.take || owned.actions.ignore || owned.prompt)
        val lines = anna.awaitMessages(waiting.chat) { it.activities() == listOf(ActivityKind.TAKEN) }
        val taken = lines.single { it.kind == MessageKind.ACTIVITY }
        assertEquals("Anna", taken.authorName)
        assertTrue(taken.mine)
        assertNotNull(taken.no)
        anna.reply(waiting.chat, "here I am")
        visitor.awaitEvent("joined")
        visitor.awaitReply("here I am")
    }
}
