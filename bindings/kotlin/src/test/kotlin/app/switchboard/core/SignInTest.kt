package app.switchboard.core

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertNotNull
import org.junit.jupiter.api.Assertions.assertNull
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import kotlin.io.path.readBytes
import kotlin.io.path.walk

class SignInTest {
    @Test
    fun `f73 a phone enrols by the link of a QR code, once`() = inOffice {
        val link = enrolmentLink("Anna")
        val phone = phone()
        assertNull(phone.account())
        assertTrue(phone.connection() is ConnectionState.SignedOut)
        assertEquals("Anna", phone.enrol(link).name)
        assertEquals(server.url, phone.account()?.server?.trimEnd('/'))

        val refused = failure { phone().enrol(link) }
        assertEquals(ErrorCode.BAD_ENROLMENT_CODE, (refused as SwitchboardException.Rejected).code)
    }

    @Test
    fun `f73 a phone signs in by e-mail and password, and not by a wrong one`() = inOffice {
        val phone = phone()
        val refused = failure { phone.signIn(server.url, "anna@example.com", "wrong") }
        assertEquals(ErrorCode.BAD_CREDENTIALS, (refused as SwitchboardException.Rejected).code)
        assertEquals("Anna", phone.signIn(server.url, "ANNA@example.com", Office.PASSWORD).name)
    }

    @Test
    fun `what cannot work says what the screen is to do`() = inOffice {
        val phone = phone()
        assertTrue(failure { phone.enrol("https://example.com") } is SwitchboardException.InvalidInput)
        assertTrue(failure { phone.reply(ChatId(java.util.UUID.randomUUID()), "hello") } is SwitchboardException)
        server.kill()
        assertTrue(failure { phone.signIn(server.url, "anna@example.com", "x") } is SwitchboardException.Offline)
    }

    @Test
    fun `sign-out deletes the store, and the phone can be signed in again`() = inOffice {
        val directory = directory()
        val phone = onlinePhone("Anna", directory)
        visitor().say("my secret marker")
        phone.awaitChat()
        assertTrue(holds(directory, "secret marker"))

        phone.signOut()
        assertNull(phone.account())
        assertFalse(holds(directory, "secret marker"))
        assertEquals("Boris", phone.enrol(enrolmentLink("Boris")).name)
    }

    @Test
    fun `a revoked phone forgets everything by itself`() = inOffice {
        val directory = directory()
        val phone = onlinePhone("Anna", directory)
        visitor().say("my secret marker")
        phone.awaitChat()
        server.admin("user", "disable", "Anna")
        phone.connectionStates().await { it is ConnectionState.SignedOut }
        assertNull(phone.account())
        assertFalse(holds(directory, "secret marker"))
    }

    @Test
    fun `every code has a meaning`() {
        val codes = allErrorCodes()
        assertEquals(ErrorCode.entries, codes)
        codes.forEach { assertNotNull(errorCodeMeaning(it).ifEmpty { null }) }
    }

    @OptIn(kotlin.io.path.ExperimentalPathApi::class)
    private fun holds(directory: java.nio.file.Path, text: String) =
        directory.walk().any { String(it.readBytes(), Charsets.ISO_8859_1).contains(text) }
}
