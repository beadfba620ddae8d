package app.switchboard.core

import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import kotlin.time.Duration.Companion.seconds

/** Settings > Chat, and what they make of what happens. */
class SettingsTest {
    @Test
    fun `f47 f48 f49 settings begin with everything on, are kept over a restart, and are told`() = inOffice {
        val directory = directory()
        val set = NotificationSettings(
            inAppToaster = false,
            systemNotifications = true,
            sound = true,
            defaultSound = Sound.KNOCK,
            sounds = listOf(KindSound(ChannelKind.LIVE_CHAT, Sound.BELL), KindSound(null, Sound.HUM)),
            previews = false,
        )
        onlinePhone("Anna", directory).use { anna ->
            assertEquals(NotificationSettings(true, true, true, Sound.CHIME, emptyList(), true), anna.notificationSettings())
            val changed = Channel<DeskPart>(Channel.UNLIMITED)
            val listener = object : DeskListener {
                override fun onChanged(part: DeskPart) {
                    changed.trySend(part)
                }
            }
            anna.observeDesk(listener).use {
                anna.setNotificationSettings(set)
                withTimeout(WAIT_SECONDS.seconds) { while (changed.receive() != DeskPart.NOTIFICATIONS) continue }
            }
            anna.stop()
        }
        assertEquals(set.copy(sounds = emptyList()), phone(directory).notificationSettings().copy(sounds = emptyList()))
        assertEquals(5, allSounds().size)
        assertEquals("chime", soundFile(Sound.CHIME))
    }

    @Test
    fun `f47 f48 f49 f50 f53 what happens is told once, and looks and sounds as it is set`() = inOffice {
        val anna = onlinePhone("Anna")
        val told = Channel<ChatNotification>(Channel.UNLIMITED)
        val listener = object : NotificationListener {
            override fun onNotification(notification: ChatNotification) {
                told.trySend(notification)
            }
        }
        suspend fun next() = withTimeout(WAIT_SECONDS.seconds) { told.receive() }
        val visitor = visitor()
        anna.observeNotifications(listener).use {
            visitor.say("anybody there?")
            val offered = next()
            assertEquals(NotificationKind.OFFERED, offered.kind)
            assertEquals("anybody there?", offered.body)
            assertEquals(ChannelKind.LIVE_CHAT, offered.channelKind)
            assertEquals(Sound.CHIME, offered.sound)
            assertTrue(offered.inApp && offered.system)

            anna.take(offered.chat)
            anna.awaitChat { it.isMine && it.pending == 0u }
            anna.setNotificationSettings(
                anna.notificationSettings().copy(
                    inAppToaster = false,
                    sounds = listOf(KindSound(ChannelKind.LIVE_CHAT, Sound.BELL)),
                    previews = false,
                ),
            )
            visitor.say("hello?")
            val message = next()
            assertEquals(NotificationKind.MESSAGE, message.kind)
            assertNull(message.body)
            assertNull(message.title)
            assertEquals(Sound.BELL, message.sound)
            assertEquals(false to true, message.inApp to message.system)
            assertEquals(message, anna.notification(offered.chat, message.message))

            anna.setPresence(Presence.OFF_SHIFT)
            assertNull(anna.notification(offered.chat, message.message), "off shift is silent")
        }
        assertTrue(told.tryReceive().isFailure, "each once")
    }
}
