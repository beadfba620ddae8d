package app.switchboard.core

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import java.time.Duration

/** The user's own work, and putting a chat away for a while. */
class WorkTest {
    @Test
    fun `f52 only who is available and logged in is offered chats`() = inOffice {
        val anna = onlinePhone("Anna")
        val boris = onlinePhone("Boris")
        assertEquals(Presence.AVAILABLE, anna.presence().presence)
        assertEquals(Outcome.Applied, anna.outcomeOf { setPresence(Presence.AWAY) })
        assertEquals(Presence.AWAY, anna.workStates().await { it.presence.presence == Presence.AWAY }.presence.presence)
        visitor().say("for Boris")
        val first = boris.awaitChat().chat
        anna.awaitNothing()
        boris.awaitTargets("Anna") { it.single().presence == Presence.AWAY }

        val sales = boris.queues().single()
        assertEquals("Sales", sales.name)
        assertTrue(sales.loggedIn)
        boris.take(first)
        assertEquals(Outcome.Applied, boris.outcomeOf { setQueueLogin(sales.queue, false) })
        assertFalse(boris.workStates().await { !it.queues.single().loggedIn }.queues.single().loggedIn)
        assertEquals(Outcome.Applied, anna.outcomeOf { setPresence(Presence.AVAILABLE) })
        visitor().say("for Anna")
        anna.awaitChat { it.lastMessage?.preview == "for Anna" }
        assertEquals(listOf(first), boris.awaitRecents { true }.map { it.chat })
    }

    @Test
    fun `f52 going off shift says what is unanswered and gives it back when asked to`() = inOffice {
        val anna = onlinePhone("Anna")
        val boris = onlinePhone("Boris")
        val visitor = visitor()
        visitor.say("hello?")
        val chat = anna.awaitChat().chat
        anna.take(chat)
        boris.awaitNothing()
        anna.awaitChat { it.isMine && it.pending == 0u }
        assertEquals(1u, anna.unanswered())

        assertEquals(Outcome.Applied, anna.outcomeOf { setPresence(Presence.OFF_SHIFT, release = true) })
        anna.awaitNothing()
        assertEquals(0u, anna.unanswered())
        assertEquals(ChatState.WAITING, boris.awaitChat().state)
        val released = boris.awaitMessages(chat) { ActivityKind.RELEASED in it.activities() }.last()
        assertEquals(ReleaseReason.OFF_SHIFT, released.activity?.reason)
    }

    @Test
    fun `f52 a schedule decides, is seen on every phone of the user, and must be one`() = inOffice {
        val anna = onlinePhone("Anna")
        val tablet = onlinePhone("Anna")
        // Never on shift: the only hours of the week lie on a day that is taken out, or are not now.
        val day = java.time.ZonedDateTime.ofInstant(anna.serverNow(), java.time.ZoneId.of("Europe/Berlin"))
        val another = Interval((day.dayOfWeek.value % 7 + 1).toUByte(), 600u, 660u)
        val hours = WeekHours("Europe/Berlin", listOf(another))
        assertEquals(Outcome.Applied, anna.outcomeOf { setSchedule(hours) })
        for (phone in listOf(anna, tablet)) {
            val work = phone.workStates().await { it.presence.schedule == hours && it.presence.presence == Presence.OFF_SHIFT }
            assertEquals(hours, work.presence.schedule)
        }
        assertEquals(Outcome.Applied, anna.outcomeOf { setSchedule(null) })
        assertNull(tablet.workStates().await { it.presence.schedule == null }.presence.schedule)

        val eighthDay = hours.copy(intervals = listOf(another.copy(day = 8u)))
        assertEquals(ErrorCode.BAD_HOURS, (failure { anna.setSchedule(eighthDay) } as SwitchboardException.Rejected).code)
        val atlantis = anna.outcomeOf { setSchedule(hours.copy(zone = "Europe/Atlantis")) }
        assertEquals(Outcome.Failed(ErrorCode.BAD_HOURS), atlantis)
        assertNull(anna.workStates().await { it.presence.schedule == null }.presence.schedule, "a refused one is gone again")
    }

    @Test
    fun `f68 a chat is put away until its time, and the customer brings it back earlier`() = inOffice {
        val anna = onlinePhone("Anna")
        val visitor = visitor()
        visitor.say("call me tomorrow")
        val chat = anna.awaitChat { it.actions.snooze }.chat
        val tomorrow = anna.serverNow().plus(Duration.ofDays(1))
        assertEquals(Outcome.Applied, anna.outcomeOf { snooze(chat, tomorrow) })
        anna.awaitNothing()
        assertEquals(0u, anna.badge())
        val away = anna.awaitRecents(InboxFilter.SNOOZED) { it.size == 1 }.single()
        assertEquals(tomorrow.toEpochMilli(), away.snoozedUntil?.toEpochMilli())
        visitor.say("or today")
        assertNull(anna.awaitChat { it.lastMessage?.preview == "or today" }.snoozedUntil)

        assertNotNull(anna.snooze(chat, anna.serverNow().plusMillis(1500)))
        anna.awaitNothing()
        assertNull(anna.awaitChat().snoozedUntil, "its time came")
        anna.awaitRecents(InboxFilter.SNOOZED) { it.isEmpty() }

        anna.snooze(chat, tomorrow)
        anna.awaitNothing()
        anna.snooze(chat, null)
        anna.awaitChat()
        for (wrong in listOf(anna.serverNow().minusSeconds(1), anna.serverNow().plus(Duration.ofDays(400))))
            assertEquals(ErrorCode.BAD_TIME, (failure { anna.snooze(chat, wrong) } as SwitchboardException.Rejected).code)
    }
}
