package app.switchboard.core

import kotlinx.coroutines.CoroutineStart
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.coroutineScope
import kotlinx.coroutines.delay
import kotlinx.coroutines.launch
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

class ConversationTest {
    @Test
    fun `f1 f10 f11 a visitor writes, a phone shows it, the first reply takes the chat and reaches the visitor`() = inOffice {
        val anna = onlinePhone("Anna")
        val visitor = visitor()
        visitor.say("do you have it in blue?")

        val waiting = anna.awaitChat { it.lastMessage?.preview == "do you have it in blue?" }
        assertEquals(ChatState.WAITING, waiting.state)
        assertEquals(ChannelKind.LIVE_CHAT, waiting.channelKind)
        assertEquals(1u, waiting.unread)
        assertEquals(1u, anna.badge())
        assertNotNull(waiting.waitingSince)

        anna.reply(waiting.chat, "yes, in two blues")
        visitor.awaitReply("yes, in two blues")
        val owned = anna.awaitChat { it.state == ChatState.OWNED && it.pending == 0u }
        assertTrue(owned.isMine)
        assertEquals("Sales", owned.queueName)
        assertEquals(AuthorKind.USER, owned.lastMessage?.author)

        anna.markRead(waiting.chat, 1u)
        anna.awaitChat { it.unread == 0u }
        assertEquals(0u, anna.badge())
    }

    @Test
    fun `f11 f12 two phones race with replies, one wins and the other keeps its words as unsent`() = inOffice {
        val phones = mapOf("Anna" to onlinePhone("Anna"), "Boris" to onlinePhone("Boris"))
        val visitor = visitor()
        visitor.say("hello?")
        val chat = phones.values.map { it.awaitChat() }.map { it.chat }.distinct().single()

        coroutineScope { phones.map { (name, phone) -> async { phone.reply(chat, "I am $name") } }.awaitAll() }

        val loser = phones.entries.single { (_, phone) -> phone.losesIt(chat) }
        val winner = phones.entries.single { it.key != loser.key }
        visitor.awaitReply("I am ${winner.key}")
        winner.value.awaitChat { it.isMine && it.pending == 0u }
        val unsent = loser.value.awaitUnsent { it.size == 1 && it[0].reason is UnsentReason.Refused }.single()
        assertEquals("I am ${loser.key}", unsent.text)
        assertEquals(ErrorCode.TAKEN, (unsent.reason as UnsentReason.Refused).code)

        loser.value.deleteUnsent(unsent.id)
        loser.value.awaitUnsent { it.isEmpty() }
    }

    /** Waits until the race is decided on this phone: true when somebody else has the chat. */
    private suspend fun SwitchboardCore.losesIt(chat: ChatId): Boolean =
        allChats().use { list ->
            list.rows().await { rows -> rows.none { it.chat == chat } || rows.any { it.chat == chat && it.isMine } }
        }.none { it.chat == chat }

    @Test
    fun `f12 two phones race to take a chat, one gets it and it leaves the other`() = inOffice {
        val phones = listOf(onlinePhone("Anna"), onlinePhone("Boris"))
        visitor().say("hello?")
        val chat = phones.map { it.awaitChat() }.map { it.chat }.distinct().single()
        coroutineScope { phones.map { async { it.take(chat) } }.awaitAll() }
        val lost = phones.filter { it.losesIt(chat) }
        assertEquals(1, lost.size)
        assertTrue(phones.single { it !in lost }.awaitChat().isMine)
    }

    @Test
    fun `f62 a reply offline is kept, shown as queued, and goes out in order when the network is back`() = inOffice {
        val anna = onlinePhone("Anna")
        visitor().say("hello?")
        val chat = anna.awaitChat().chat
        server.kill()
        anna.connectionStates().await { it is ConnectionState.Offline }

        listOf("one", "two", "three").forEach { anna.reply(chat, it) }
        val queued = anna.awaitMessages(chat) { rows -> rows.size == 4 }
        assertEquals(listOf("hello?", "one", "two", "three"), queued.map { it.text })
        assertTrue(queued.drop(1).all { it.state == DeliveryState.Queued && it.mine && it.no == null })
        assertEquals(3u, anna.awaitChat().pending)

        server.restart()
        anna.wake()
        val sent = anna.awaitMessages(chat) { rows -> rows.size == 5 && rows.all { it.no != null } }
        assertEquals(listOf(ActivityKind.TAKEN), sent.activities())
        assertEquals(listOf("hello?", "one", "two", "three"), sent.filter { it.kind == MessageKind.TEXT }.map { it.text })
        assertEquals(listOf<ULong?>(1u, 2u, 3u, 4u, 5u), sent.map { it.no })
        anna.awaitChat { it.isMine && it.pending == 0u }
    }

    @Test
    fun `a command goes on when its caller is cancelled`() = inOffice {
        val anna = onlinePhone("Anna")
        val visitor = visitor()
        visitor.say("hello?")
        val chat = anna.awaitChat().chat
        coroutineScope {
            launch(start = CoroutineStart.UNDISPATCHED) { anna.reply(chat, "still here") }.cancel()
        }
        visitor.awaitReply("still here")
    }

    @Test
    fun `f63 a new phone has the newest messages and pages back to the first`() = inOffice {
        val visitor = visitor()
        repeat(70) { visitor.say("message ${it + 1}") }
        val anna = onlinePhone("Anna")
        val chat = anna.awaitChat().chat
        anna.timeline(chat, null).use { list ->
            val newest = list.rows().await { it.isNotEmpty() }
            assertEquals("message 70", newest.last().text)
            assertEquals(50, newest.size)
            assertTrue(list.hasMore())
            assertFalse(anna.fetchOlder(chat))
            list.extend(50u)
            val all = list.rows().await { it.size == 70 }
            assertEquals((1..70).map { "message $it" }, all.map { it.text })
        }
    }

    @Test
    fun `f64 a draft is kept for its chat, also over a restart of the app`() = inOffice {
        val directory = directory()
        onlinePhone("Anna", directory).use { anna ->
            visitor().say("hello?")
            val chat = anna.awaitChat().chat
            anna.setDraft(chat, "half a sent")
            anna.awaitChat { it.hasDraft }
            anna.stop()
        }
        phone(directory).let { anna ->
            val chat = anna.awaitChat { it.hasDraft }.chat
            assertEquals("half a sent", anna.draft(chat))
            anna.setDraft(chat, "")
            assertEquals(null, anna.draft(chat))
            anna.awaitChat { !it.hasDraft }
        }
    }

    @Test
    fun `f65 search finds a word in either alphabet, offline, and marks it`() = inOffice {
        val anna = onlinePhone("Anna")
        val visitor = visitor()
        visitor.say("where is my parcel?")
        visitor.say("а где моя посылка?")
        val chat = anna.awaitChat { it.unread == 2u }.chat
        anna.stop()
        for (word in listOf("parcel", "посылка")) {
            val hit = anna.search(word, 10u).hits.single()
            assertEquals(chat, hit.chat)
            assertEquals(word, hit.snippet.single { it.matched }.text.lowercase())
        }
        assertTrue(anna.search("nowhere", 10u).hits.isEmpty())
    }

    @Test
    fun `f62 f65 one search finds messages, staff chats, contacts and templates offline, whatever is typed`() = inOffice {
        hire("Mona", "manager")
        val anna = onlinePhone("Anna")
        val mona = onlinePhone("Mona")
        visitor().say("my name is Marina")
        val chat = anna.awaitChat().chat
        anna.done { addContact(chat, NewContact("Marina Lopez", phone = "+49 30 5556677")) }
        mona.createTemplate(Template("Marine varnish", "It is for boats.", mona.awaitOwnGroup()))
        val staff = anna.directChat(anna.awaitColleague("Boris"))
        anna.say(staff, "who knows Marina?")
        eventually({ found -> found.hits.size == 2 && found.contacts.any { it.known } && found.templates.size == 1 }) {
            anna.search("mari", 10u)
        }
        anna.stop()
        val found = anna.search("mari", 10u)
        assertEquals(listOf(staff to null, chat to ChannelKind.LIVE_CHAT), found.hits.map { it.chat to it.channelKind })
        val contact = found.contacts.single()
        assertEquals(chat to listOf("Marina"), contact.chat to contact.name.filter { it.matched }.map { it.text })
        assertEquals(listOf("Marine"), found.templates.single().title.filter { it.matched }.map { it.text })
        assertTrue(anna.search("5556", 10u).contacts.single().detail.any { it.matched })
        for (typed in listOf("", " ", "\"", "a AND (", "*", "NEAR/2 -x:", "👋🏽", "שלום", "я".repeat(10_000)))
            assertFalse(anna.search(typed, 10u).more, typed.take(20))
    }

    @Test
    fun `f58 the visitor's typing shows on the phone`() = inOffice {
        val anna = onlinePhone("Anna")
        val visitor = visitor()
        visitor.say("hello?")
        val chat = anna.awaitChat().chat
        coroutineScope {
            val sign = async(start = CoroutineStart.UNDISPATCHED) { anna.typingSigns().await { it.typing } }
            // The flow subscribes on another thread: a sign before that is nobody's, as in life.
            val typing = launch {
                while (true) {
                    visitor.type()
                    delay(200)
                }
            }
            assertEquals(chat, sign.await().chat)
            typing.cancel()
        }
    }
}
