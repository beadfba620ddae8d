package app.switchboard.core

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test

/** Quick replies. */
class TemplateTest {
    private suspend fun SwitchboardCore.titles(query: TemplateQuery) = templates(query).rows.map { it.title }

    private suspend fun SwitchboardCore.awaitTitles(vararg titles: String) =
        eventually({ it == titles.toList() }) { titles(TemplateQuery()) }

    @Test
    fun `f18 a manager makes, changes and deletes templates of the own group, and others only use them`() = inOffice {
        hire("Mona", "manager")
        val anna = onlinePhone("Anna")
        val mona = onlinePhone("Mona")
        assertFalse(anna.templates(TemplateQuery()).canCreate)
        val picker = eventually({ it.canCreate }) { mona.templates(TemplateQuery()) }
        assertEquals(listOf<String?>("Staff"), picker.groups.map { it.name })
        val hello = Template("Hello", "Good day.", picker.groups.single().group, category = "Greetings", language = "en")
        assertEquals(ErrorCode.FORBIDDEN, refusal { anna.createTemplate(hello) })
        assertEquals(ErrorCode.FORBIDDEN, refusal { mona.createTemplate(hello.copy(group = null)) }, "the whole company's")
        val id = mona.createTemplate(hello)
        assertEquals(listOf("Hello"), mona.titles(TemplateQuery()), "there when it returns")
        anna.awaitTitles("Hello")
        val item = anna.templates(TemplateQuery()).rows.single()
        assertFalse(item.canEdit)
        assertEquals("Staff", item.groupName)

        mona.changeTemplate(id, item.edition, hello.copy(title = "Good day"))
        assertEquals(ErrorCode.CHANGED, refusal { mona.deleteTemplate(id, item.edition) })
        anna.awaitTitles("Good day")
        mona.deleteTemplate(id, mona.templates(TemplateQuery()).rows.single().edition)
        anna.awaitTitles()

        val wrong = failure { mona.createTemplate(hello.copy(text = "Size {{contact.shoe_size}}?")) }
        assertTrue("contact.shoe_size" in (wrong as SwitchboardException.InvalidInput).reason)
        assertTrue("contact.first_name" in templateVariables())
    }

    @Test
    fun `f19 f20 f21 f25 search, tab and language combine offline, and the customer's language comes first`() = inOffice {
        hire("Olga", "system_owner")
        val anna = onlinePhone("Anna")
        val olga = onlinePhone("Olga")
        listOf(
            Template("Delivery", "Your parcel arrives in two days.", category = "Orders", language = "en"),
            Template("Доставка", "Ваша посылка придёт через два дня.", category = "Orders", language = "ru"),
            Template("Refund", "The money is on its way back.", category = "Money", language = "en"),
            Template("Возврат", "Деньги уже возвращаются на карту.", category = "Money", language = "ru"),
        ).forEach { olga.createTemplate(it) }
        visitor().say("Здравствуйте, когда вы вернёте мне деньги за заказ?")
        val chat = anna.awaitChat().chat
        eventually({ it.size == 4 }) { anna.titles(TemplateQuery()) }
        anna.stop()
        val all = anna.templates(TemplateQuery())
        assertEquals(listOf("Money", "Orders") to listOf("en", "ru"), all.categories to all.languages)
        assertEquals(listOf("Возврат"), anna.titles(TemplateQuery(category = "Money", language = "ru")))
        assertEquals(listOf("Доставка"), anna.titles(TemplateQuery(search = "пос")))
        assertEquals(emptyList<String>(), anna.titles(TemplateQuery(search = "пос", category = "Money")))
        val forChat = anna.templates(TemplateQuery(chat = chat))
        assertEquals("ru", forChat.customerLanguage)
        assertEquals("Возврат", forChat.rows.first().title)
        assertTrue(forChat.rows.first().likely)
        assertEquals(4, forChat.rows.size, "it only reorders")
        assertNull(forChat.rows.first().group, "of the whole company")

        val found = anna.search("парц", 10u)
        assertTrue(found.templates.isEmpty())
        assertEquals(listOf("Refund"), anna.search("refu", 10u).templates.map { hit -> hit.title.joinToString("") { it.text } })
    }

    @Test
    fun `f22 f23 f24 a tap fills the composer and sends nothing, and an unfilled variable is not sent`() = inOffice {
        hire("Mona", "manager")
        val anna = onlinePhone("Anna")
        val mona = onlinePhone("Mona")
        val visitor = visitor()
        visitor.say("hi")
        val chat = anna.awaitChat().chat
        anna.done { addContact(chat, NewContact("Maria López")) }
        anna.awaitChat { it.contactName == "Maria López" }
        val text = "Dear {{contact.first_name}}, {{user.name}} of {{queue.name}} here. Is it {{contact.phone}}?"
        val id = mona.createTemplate(Template("Hello", text, mona.awaitOwnGroup()))
        anna.awaitTitles("Hello")
        anna.stop()
        val filled = anna.fillTemplate(chat, id)
        assertEquals("Dear Maria, Anna of Sales here. Is it {{contact.phone}}?", filled.text)
        assertEquals(listOf("contact.phone"), filled.unfilled)
        assertEquals(1, anna.awaitMessages(chat) { true }.size)
        assertEquals(ErrorCode.UNFILLED_VARIABLE, refusal { anna.reply(chat, filled.text) })
        val edited = filled.text.replace("{{contact.phone}}", "+49 30 1")
        anna.reply(chat, edited)
        anna.start()
        visitor.awaitReply(edited)
    }
}
