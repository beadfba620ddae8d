package app.switchboard.core

import kotlinx.coroutines.flow.toList
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.util.Collections
import java.util.concurrent.CompletableFuture
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicInteger
import kotlin.concurrent.thread
import kotlin.time.Duration.Companion.seconds

class SubscriptionTest {
    /** Keeps what comes. */
    private class Recorder : InboxListener {
        val updates = LinkedBlockingQueue<InboxUpdate>()

        override fun onUpdate(update: InboxUpdate) {
            updates.add(update)
        }

        fun next(): InboxUpdate = updates.poll(WAIT_SECONDS, TimeUnit.SECONDS) ?: error("no update came")
    }

    @Test
    fun `the first delivery is a reset, before subscribe returns, and changes follow`() = inOffice {
        val anna = onlinePhone("Anna")
        val visitor = visitor()
        val recorder = Recorder()
        anna.allChats().use { list ->
            val subscription = list.subscribe(recorder)
            val first = recorder.updates.single()
            assertEquals(listOf<InboxChange>(InboxChange.Reset(emptyList())), first.changes)
            recorder.updates.clear()

            visitor.say("hello?")
            var rows = emptyList<String?>()
            var revision = first.revision
            while (rows != listOf<String?>("hello?")) {
                val update = recorder.next()
                assertEquals(revision + 1u, update.revision)
                revision = update.revision
                rows = rows.after(update.changes.map { it.previews() })
            }
            subscription.cancel()
            subscription.close()
        }
    }

    private fun InboxChange.previews(): ListChange<String?> = when (this) {
        is InboxChange.Reset -> ListChange.Reset(rows.map { it.lastMessage?.preview })
        is InboxChange.Insert -> ListChange.Insert(index.toInt(), row.lastMessage?.preview)
        is InboxChange.Update -> ListChange.Update(index.toInt(), row.lastMessage?.preview)
        is InboxChange.Remove -> ListChange.Remove(index.toInt())
    }

    @Test
    fun `after cancel returns no call starts, also in the middle of traffic`() = inOffice {
        val anna = onlinePhone("Anna")
        val visitor = visitor()
        val recorder = Recorder()
        val subscription = anna.allChats().use { it.subscribe(recorder) }
        recorder.next()
        val traffic = thread { repeat(60) { visitor.say("message ${it + 1}") } }
        repeat(5) { recorder.next() }
        subscription.cancel()
        recorder.updates.clear()
        traffic.join()
        anna.awaitChat { it.lastMessage?.preview == "message 60" }
        assertEquals(0, recorder.updates.size)
        subscription.close()
    }

    @Test
    fun `a listener may cancel itself`() = inOffice {
        val anna = onlinePhone("Anna")
        val visitor = visitor()
        val subscription = CompletableFuture<Subscription>()
        val calls = AtomicInteger()
        subscription.complete(
            anna.allChats().use {
                it.subscribe(object : InboxListener {
                    override fun onUpdate(update: InboxUpdate) {
                        if (calls.incrementAndGet() > 1) subscription.get().cancel()
                    }
                })
            },
        )
        visitor.say("first")
        anna.awaitChat { it.lastMessage?.preview == "first" }
        visitor.say("second")
        anna.awaitChat { it.lastMessage?.preview == "second" }
        assertEquals(2, calls.get())
        subscription.get().close()
    }

    @Test
    fun `a listener that throws harms neither the core nor the other listeners`() = inOffice {
        val anna = onlinePhone("Anna")
        val calls = Collections.synchronizedList(ArrayList<String>())
        val own = object : InboxListener {
            override fun onUpdate(update: InboxUpdate) {
                calls.add("own")
                throw ListenerException.Failed("no room")
            }
        }
        val any = object : ConnectionListener {
            override fun onConnection(state: ConnectionState) {
                calls.add("any")
                throw IllegalStateException("a bug of the app")
            }
        }
        anna.allChats().use { list ->
            list.subscribe(own).use {
                anna.observeConnection(any).use {
                    visitor().say("hello?")
                    anna.awaitChat { it.lastMessage?.preview == "hello?" }
                }
            }
        }
        assertTrue(calls.containsAll(listOf("own", "any")))
        assertTrue(anna.connection() is ConnectionState.Online)
    }

    @Test
    fun `f11 a timeline ends when its chat leaves the phone`() = inOffice {
        val anna = onlinePhone("Anna")
        val boris = onlinePhone("Boris")
        visitor().say("hello?")
        val chat = anna.awaitChat().chat
        boris.awaitChat()
        val timeline = boris.timeline(chat, null)
        anna.reply(chat, "mine")
        val shown = withTimeout(WAIT_SECONDS.seconds) { timeline.rows().toList() }
        assertEquals(emptyList<TimelineRow>(), shown.last())
        timeline.close()
    }
}
