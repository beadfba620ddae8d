package app.switchboard.core

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** Information, history, contacts and labels. */
class ContactTest {
    @Test
    fun `f30 f31 Information offers what the channel allows, and the history is fetched from the server`() = inOffice {
        stub("Text line", "sms")
        server.admin("stub", "send", "Text line", "+49301234567", "is it ready?")
        val anna = onlinePhone("Anna")
        val chat = anna.awaitChat { it.actions.information }.chat
        val info = anna.information(chat)
        assertEquals(listOf(InfoActionKind.CALL, InfoActionKind.SEND_SMS, InfoActionKind.ADD_CONTACT), info.actions.map { it.kind })
        assertEquals(listOf("tel:+49301234567", "sms:+49301234567", null), info.actions.map { it.uri })
        assertEquals("+49301234567", info.facts.single { it.kind == InfoFactKind.PHONE }.value)
        assertTrue(info.hasHistory)
        assertFalse(info.known)
        assertNull(info.card)

        anna.reply(chat, "since noon")
        anna.done { dealtWith(chat) }
        val boris = onlinePhone("Boris")
        server.admin("stub", "send", "Text line", "+49301234567", "and the bill?")
        boris.awaitChat { it.lastMessage?.preview == "and the bill?" }
        val page = boris.history(chat)
        val said = page.entries.filter { it.row.kind == MessageKind.TEXT }
        assertEquals(listOf("and the bill?", "since noon", "is it ready?"), said.map { it.row.text })
        assertEquals("Anna", said[1].row.authorName)
        assertEquals("Text line" to "Sales", said[1].channel to said[1].department)
        assertNull(page.next)
        server.kill()
        assertTrue(failure { boris.history(chat) } is SwitchboardException.Offline)
    }

    @Test
    fun `f30 f32 of a website visitor Information says the page, and offers e-mail once there is an address`() = inOffice {
        val anna = onlinePhone("Anna")
        val visitor = visitor(page = "https://shop.example.com/blue?size=42#top")
        visitor.say("do you have it?")
        val row = anna.awaitChat()
        val info = anna.information(row.chat)
        assertEquals(listOf(InfoActionKind.ADD_CONTACT), info.actions.map { it.kind })
        assertEquals("https://shop.example.com/blue?size=42", info.facts.single { it.kind == InfoFactKind.PAGE }.value)
        anna.done { addContact(row.chat, NewContact("Tom", email = "tom@example.com")) }
        val saved = eventually({ it.known }) { anna.information(row.chat) }
        assertEquals(listOf(InfoActionKind.SEND_EMAIL, InfoActionKind.EDIT_CONTACT), saved.actions.map { it.kind })
        assertEquals("mailto:tom@example.com", saved.actions.first().uri)
    }

    @Test
    fun `f32 f67 notes, labels and fields of a contact show at once, offline too, and reach the colleagues`() = inOffice {
        val anna = onlinePhone("Anna")
        val boris = onlinePhone("Boris")
        visitor().say("hi")
        val row = anna.awaitChat()
        val contact = row.contact!!
        assertEquals(ErrorCode.UNKNOWN_CONTACT, refusal { anna.addContactNote(contact, "who?") })
        anna.done { addContact(row.chat, NewContact("Tom")) }
        eventually({ it }) { anna.information(row.chat).known && anna.contactOrNull(contact) != null }
        val label = anna.saveLabel(null, "VIP", "#1E3AC8", company = false)
        assertEquals(ErrorCode.BAD_LABEL, refusal { anna.saveLabel(null, "red", "red", company = false) })
        assertEquals(listOf("VIP" to "#1e3ac8"), eventually({ it.isNotEmpty() }) { boris.labels() }.map { it.name to it.color })

        anna.stop()
        anna.labelContact(contact, label, true)
        anna.labelChat(row.chat, label, true)
        anna.addContactNote(contact, "prefers to be called")
        anna.editContact(contact, ContactEdit(phone = "+49 30 5556677"))
        val card = anna.contact(contact)
        assertTrue(card.notes.single().run { pending && mine })
        assertEquals("+49 30 5556677", card.phone)
        assertEquals(listOf("VIP"), card.labels.map { it.name })
        assertEquals(listOf("VIP"), anna.awaitChat { it.labels.isNotEmpty() }.labels.map { it.name })
        anna.start()

        val seen = eventually({ it != null && it.notes.size == 1 && it.labels.size == 1 && it.phone != null }) {
            boris.contactOrNull(contact)
        }!!
        assertEquals("Anna" to "prefers to be called", seen.notes.single().run { authorName to text })
        assertFalse(seen.notes.single().mine)
        boris.awaitChat { it.labels.map(LabelInfo::name) == listOf("VIP") }
        assertEquals(ErrorCode.FORBIDDEN, refusal { boris.deleteContactNote(seen.notes.single().id) })
        anna.done { deleteContactNote(seen.notes.single().id) }
        boris.done { deleteLabel(label) }
        anna.awaitChat { it.labels.isEmpty() }
        eventually({ it.labels.isEmpty() && it.notes.isEmpty() }) { anna.contact(contact) }
        assertEquals("Tom", boris.search("to", 10u).contacts.single { it.known }.name.joinToString("") { it.text })
    }

    @Test
    fun `f32 contacts with the same address are suggested, merge, and are parted again`() = inOffice {
        stub("WA", "whatsapp")
        val anna = onlinePhone("Anna")
        visitor().say("hello")
        val first = anna.awaitChat()
        anna.done { addContact(first.chat, NewContact("Maria López", email = "m@example.com")) }
        server.admin("stub", "send", "WA", "+49302222222", "hello again")
        val second = anna.awaitRecents { rows -> rows.any { it.channelKind == ChannelKind.WHATSAPP } }.first()
        anna.done { addContact(second.chat, NewContact("Maria", email = "M@Example.com")) }
        val suggestion = eventually({ it.isNotEmpty() }) { anna.information(second.chat).suggestions }.single()
        assertEquals(first.contact, suggestion.contact)
        assertEquals(IdentityKind.EMAIL, suggestion.by)

        assertEquals(ErrorCode.BAD_MERGE, refusal { anna.mergeContacts(suggestion.contact, suggestion.contact) })
        anna.done { mergeContacts(suggestion.contact, second.contact!!) }
        anna.awaitRecents { rows -> rows.all { it.contact == first.contact && it.contactName == "Maria López" } }
        val card = anna.contact(second.contact!!)
        assertEquals(first.contact, card.contact)
        assertEquals(listOf("Maria"), card.merged.map { it.name })
        assertEquals(setOf(first.chat, second.chat), card.chats.toSet())
        assertEquals(setOf("hello", "hello again"), anna.history(first.chat).entries.map { it.row.text }.toSet())
        anna.done { partContact(card.merged.single().contact) }
        anna.awaitRecents { rows -> rows.single { it.chat == second.chat }.contact == second.contact }
    }

    private suspend fun SwitchboardCore.contactOrNull(contact: ContactId): ContactCard? = try {
        contact(contact)
    } catch (_: SwitchboardException.NotFound) {
        null
    }
}
