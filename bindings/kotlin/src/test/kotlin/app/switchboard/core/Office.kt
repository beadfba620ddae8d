package app.switchboard.core

import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.delay
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.consumeAsFlow
import kotlinx.coroutines.flow.first
import kotlinx.coroutines.flow.flow
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import java.nio.file.Files
import java.nio.file.Path
import kotlin.io.path.absolutePathString
import kotlin.time.Duration.Companion.seconds

/** A company: Anna and Boris answer the visitors of one website. Each test has its own. */
class Office : AutoCloseable {
    val server = TestServer()
    private val open = ArrayDeque<AutoCloseable>(listOf(server))
    private val channel: String

    init {
        server.admin("group", "add", "Staff")
        for ((name, email) in listOf("Anna" to "anna@example.com", "Boris" to "boris@example.com"))
            server.admin("user", "add", name, "--group", "Staff", "--email", email, "--password", input = PASSWORD)
        server.admin("queue", "add", "Sales", "--member", "Anna", "--member", "Boris")
        channel = between(server.admin("channel", "add", "Shop", "--origin", "https://shop.example.com"), "data-channel=\"", "\"")
        server.admin("route", "set", "Shop", "--queue", "Sales")
    }

    /** A phone of nobody yet. */
    fun phone(directory: Path = directory()) = SwitchboardCore.open(
        CoreOptions(directory.absolutePathString(), Platform.ANDROID, "test phone"),
    ).also(::closeAtEnd)

    fun enrolmentLink(user: String) =
        server.admin("user", "enrol", user, "--plain").trim()

    /** A phone of this user, up to date and online. */
    suspend fun onlinePhone(user: String, directory: Path = directory()) = phone(directory).also {
        it.enrol(enrolmentLink(user))
        it.start()
        it.awaitOnline()
    }

    /** One more user, of the same group. */
    fun hire(name: String, role: String = "user") = server.admin(
        "user", "add", name, "--group", "Staff", "--email", "${name.lowercase()}@example.com", "--role", role,
        "--password", input = PASSWORD,
    )

    /** Customers of a kind that the command line plays. */
    fun stub(name: String, kind: String) {
        server.admin("channel", "add", name, "--kind", kind, "--stub")
        server.admin("route", "set", name, "--queue", "Sales")
    }

    fun visitor(page: String? = null) = Visitor(server.url, channel, page).also(::closeAtEnd).also { it.awaitWelcome() }

    /** What a new visitor is told who may not come in. */
    fun refusedVisitor(): String = Visitor(server.url, channel).use { it.awaitBye() }

    fun directory(): Path = Files.createTempDirectory("switchboard-phone")
        .also { open.addFirst(AutoCloseable { it.toFile().deleteRecursively() }) }

    private fun closeAtEnd(what: AutoCloseable) = open.addFirst(what)

    override fun close() = open.forEach { it.close() }

    companion object {
        const val PASSWORD = "correct horse battery staple"

        private fun between(text: String, start: String, end: String) =
            text.substringAfter(start, "").substringBefore(end).ifEmpty { error("no $start in: $text") }
    }
}

/** Runs a test in an office of its own; what hangs fails. */
fun inOffice(test: suspend Office.() -> Unit) = runBlocking {
    withTimeout(120.seconds) { Office().use { it.test() } }
}

suspend fun <T> Flow<T>.await(matches: (T) -> Boolean): T = withTimeout(WAIT_SECONDS.seconds) { first(matches) }

suspend fun SwitchboardCore.awaitOnline() {
    connectionStates().await { it is ConnectionState.Online }
}

fun SwitchboardCore.allChats() = inbox(InboxFilter.ALL, InboxOrder.NEWEST_FIRST)

/** The one chat of a phone's inbox, as soon as it looks like this. */
suspend fun SwitchboardCore.awaitChat(matches: (InboxRow) -> Boolean = { true }): InboxRow =
    allChats().use { list -> list.rows().await { rows -> rows.size == 1 && matches(rows[0]) }[0] }

/** The chats of Recents, as soon as they look like this. */
suspend fun SwitchboardCore.awaitRecents(
    filter: InboxFilter = InboxFilter.ALL,
    matches: (List<InboxRow>) -> Boolean,
): List<InboxRow> = inbox(filter, InboxOrder.NEWEST_FIRST).use { it.rows().await(matches) }

/** The Archive's lines, as soon as they look like this. */
suspend fun SwitchboardCore.awaitArchive(matches: (List<InboxRow>) -> Boolean): List<InboxRow> =
    archiveList().use { it.rows().await(matches) }

/** Waits until Recents is empty. */
suspend fun SwitchboardCore.awaitNothing() {
    awaitRecents { it.isEmpty() }
}

/** What the picker finds, as soon as it looks like this. Asked again and again: colleagues' rows have no list to follow. */
suspend fun SwitchboardCore.awaitTargets(
    query: String,
    matches: (List<TransferTargetRow>) -> Boolean,
): List<TransferTargetRow> = eventually(matches) { transferTargets(query) }

/** What this reads, as soon as it looks like this. Asked again and again, for what no list follows. */
suspend fun <T> eventually(matches: (T) -> Boolean, read: suspend () -> T): T = flow {
    while (true) {
        emit(read())
        delay(50)
    }
}.await(matches)

/** The colleague of this name, as soon as this phone knows them. */
suspend fun SwitchboardCore.awaitColleague(name: String): UserId =
    eventually({ it.size == 1 }) { colleagues(name) }.single().user

/** The group for which this manager makes templates, as soon as this phone knows it. */
suspend fun SwitchboardCore.awaitOwnGroup(): GroupId =
    eventually({ it.canCreate }) { templates(TemplateQuery()) }.groups.single().group!!

/** Does it, and waits until the server has done it. */
suspend fun SwitchboardCore.done(act: suspend SwitchboardCore.() -> CommandId) =
    check(outcomeOf(act) == Outcome.Applied) { "it was to be done" }

/** Does it, and waits until the server has decided. */
suspend fun SwitchboardCore.outcomeOf(act: suspend SwitchboardCore.() -> CommandId): Outcome {
    val ended = Channel<CommandOutcome>(Channel.UNLIMITED)
    val listener = object : CommandListener {
        override fun onOutcome(outcome: CommandOutcome) {
            ended.trySend(outcome)
        }
    }
    return observeCommands(listener).use {
        val command = act()
        ended.consumeAsFlow().await { it.id == command }.outcome
    }
}

/** The code with which the core or the server refuses a call. */
suspend fun refusal(call: suspend () -> Unit): ErrorCode = (failure(call) as SwitchboardException.Rejected).code

/** The failure of a call that is to fail. */
suspend fun failure(call: suspend () -> Unit): SwitchboardException = try {
    call()
    error("it was to fail")
} catch (failure: SwitchboardException) {
    failure
}

/** What happened in the chat, in order. */
fun List<TimelineRow>.activities(): List<ActivityKind> = mapNotNull { it.activity?.kind }

suspend fun SwitchboardCore.awaitMessages(chat: ChatId, matches: (List<TimelineRow>) -> Boolean): List<TimelineRow> =
    timeline(chat, null).use { list -> list.rows().await(matches) }

suspend fun SwitchboardCore.awaitUnsent(matches: (List<UnsentRow>) -> Boolean): List<UnsentRow> =
    unsent().use { list -> list.rows().await(matches) }
