package app.switchboard.core

import java.io.File
import java.nio.file.Files
import java.nio.file.Path
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit
import kotlin.concurrent.thread

/** How long a test waits for what must come. Nothing waits by sleeping. */
const val WAIT_SECONDS = 30L

/** A real server process with its own database, as an operator of the server would run it. */
class TestServer : AutoCloseable {
    private val directory: Path = Files.createTempDirectory("switchboard-server")
    private val config: File = directory.resolve("switchboard.toml").toFile()
    private var process: Process

    /** Where it listens; the same after a restart. */
    val url: String

    init {
        configure("127.0.0.1:0")
        val (started, address) = start()
        process = started
        url = address
        configure(url.removePrefix("http://"))
    }

    private fun configure(listen: String) = config.writeText(
        """
        data_dir = "${directory.resolve("data")}"
        listen = "$listen"
        [limits]
        visitor_messages = { burst = 1000, per_minute = 1000 }
        address_messages = { burst = 1000, per_minute = 1000 }
        """.trimIndent(),
    )

    private fun start(): Pair<Process, String> {
        val process = ProcessBuilder(binary("switchboard"), "serve", "--config", config.path)
            .redirectError(directory.resolve("server.log").toFile())
            .start()
        val lines = LinkedBlockingQueue<String>()
        thread(isDaemon = true) { process.inputStream.bufferedReader().forEachLine(lines::add) }
        while (true) {
            val line = lines.poll(WAIT_SECONDS, TimeUnit.SECONDS) ?: error("the server did not start: ${log()}")
            val address = line.substringAfter("listening on ", "")
            if (address.isNotEmpty()) return process to address.trim().trimEnd('/')
        }
    }

    /** What an admin types. Answers what the command printed. */
    fun admin(vararg arguments: String, input: String = ""): String {
        val process = ProcessBuilder(listOf(binary("switchboard"), "admin", "--config", config.path, *arguments))
            .redirectErrorStream(true)
            .start()
        process.outputStream.bufferedWriter().use { it.write(input) }
        val printed = process.inputStream.bufferedReader().readText()
        check(process.waitFor() == 0) { "switchboard admin ${arguments.joinToString(" ")}: $printed" }
        return printed
    }

    /** A kill in the middle of whatever it does: every phone is offline from then on. */
    fun kill() {
        process.destroyForcibly().waitFor()
    }

    /** Starts it again on its data and at its address. */
    fun restart() {
        process = start().first
    }

    private fun log() = directory.resolve("server.log").toFile().readText()

    override fun close() {
        kill()
        directory.toFile().deleteRecursively()
    }

    private fun binary(name: String) = File(System.getProperty("switchboard.target"), name).path
}
