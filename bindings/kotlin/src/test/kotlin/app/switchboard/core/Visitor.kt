package app.switchboard.core

import com.google.gson.JsonObject
import com.google.gson.JsonParser
import java.net.URI
import java.net.http.HttpClient
import java.net.http.WebSocket
import java.util.UUID
import java.util.concurrent.CompletionStage
import java.util.concurrent.CopyOnWriteArrayList
import java.util.concurrent.LinkedBlockingQueue
import java.util.concurrent.TimeUnit

/** A customer on the website: the widget's protocol over a real socket. */
class Visitor(server: String, channel: String, page: String? = null) : AutoCloseable {
    private val frames = LinkedBlockingQueue<JsonObject>()
    private val everything = CopyOnWriteArrayList<String>()
    private val socket: WebSocket

    init {
        val incoming = object : WebSocket.Listener {
            private val text = StringBuilder()

            override fun onText(socket: WebSocket, data: CharSequence, last: Boolean): CompletionStage<*>? {
                text.append(data)
                if (last) {
                    everything.add(text.toString())
                    frames.add(JsonParser.parseString(text.toString()).asJsonObject)
                    text.clear()
                }
                socket.request(1)
                return null
            }
        }
        socket = HttpClient.newHttpClient().newWebSocketBuilder()
            // The widget's page is the server's own, so a browser sends this.
            .header("Origin", server)
            .buildAsync(URI(server.replaceFirst("http", "ws") + "/widget/v1/socket"), incoming)
            .get(WAIT_SECONDS, TimeUnit.SECONDS)
        send(mapOf("type" to "hello", "v" to 1, "channel" to channel) + listOfNotNull(page?.let { "page" to it }))
    }

    /** Waits until the server lets the visitor in. */
    fun awaitWelcome() {
        await("welcome") { true }
    }

    private fun send(frame: Map<String, Any>) {
        socket.sendText(com.google.gson.Gson().toJson(frame), true).get(WAIT_SECONDS, TimeUnit.SECONDS)
    }

    /** Writes, and waits until the server has it. */
    fun say(text: String) {
        val id = UUID.randomUUID().toString()
        send(mapOf("type" to "send", "id" to id, "text" to text))
        await("accepted") { it["id"].asString == id }
    }

    fun type() = send(mapOf("type" to "typing", "typing" to true))

    /** Waits for an operator's message with this text. */
    fun awaitReply(text: String) {
        await("message") { it["text"].asString == text && it["author"].asJsonObject["kind"].asString == "operator" }
    }

    /** Waits until something happens that the widget shows as a line: `joined`, `passed_on`, `ended`, `rated`. */
    fun awaitEvent(kind: String): JsonObject =
        await("message") { it["event"]?.asJsonObject?.get("kind")?.asString == kind }["event"].asJsonObject

    /** Waits until the server ends the connection, and says why. */
    fun awaitBye(): String = await("bye") { true }["code"].asString

    /** What the visitor thinks of the session that ended. */
    fun rate(stars: Int, comment: String) {
        val id = UUID.randomUUID().toString()
        send(mapOf("type" to "rate", "id" to id, "stars" to stars, "comment" to comment))
        await("accepted") { it["id"].asString == id }
    }

    /** Every frame that came so far, as JSON. */
    val seen: List<String> get() = everything.toList()

    private fun await(type: String, matches: (JsonObject) -> Boolean): JsonObject {
        while (true) {
            val frame = frames.poll(WAIT_SECONDS, TimeUnit.SECONDS) ?: error("no $type came")
            if (frame["type"].asString == type && matches(frame)) return frame
        }
    }

    override fun close() = socket.abort()
}
