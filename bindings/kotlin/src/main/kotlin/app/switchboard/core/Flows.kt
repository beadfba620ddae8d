package app.switchboard.core

import com.sun.jna.Native
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.channels.Channel
import kotlinx.coroutines.channels.ProducerScope
import kotlinx.coroutines.channels.awaitClose
import kotlinx.coroutines.flow.Flow
import kotlinx.coroutines.flow.buffer
import kotlinx.coroutines.flow.callbackFlow
import kotlinx.coroutines.flow.flowOn

// The core's subscriptions as flows. Each is cold: collecting subscribes, cancelling the collection cancels.

/** The list's rows now and after every change; a slow collector gets the newest. Ends when the list is closed. */
fun InboxList.rows(): Flow<List<InboxRow>> = listFlow { deliver ->
    subscribe(object : InboxListener {
        override fun onUpdate(update: InboxUpdate) = deliver(update.changes.map { it.step() }, update.closed)
    })
}

/** The chat's messages, oldest first, now and after every change. Ends when the chat leaves this device. */
fun TimelineList.rows(): Flow<List<TimelineRow>> = listFlow { deliver ->
    subscribe(object : TimelineListener {
        override fun onUpdate(update: TimelineUpdate) = deliver(update.changes.map { it.step() }, update.closed)
    })
}

/** The unsent texts now and after every change. */
fun UnsentList.rows(): Flow<List<UnsentRow>> = listFlow { deliver ->
    subscribe(object : UnsentListener {
        override fun onUpdate(update: UnsentUpdate) = deliver(update.changes.map { it.step() }, update.closed)
    })
}

/** The alarms now and after every change. */
fun AlarmList.rows(): Flow<List<AlarmRow>> = listFlow { deliver ->
    subscribe(object : AlarmListener {
        override fun onUpdate(update: AlarmUpdate) = deliver(update.changes.map { it.step() }, update.closed)
    })
}

/** The connection's state now and after every change; a slow collector gets the newest. */
fun SwitchboardCore.connectionStates(): Flow<ConnectionState> = subscriptionFlow(Channel.CONFLATED) {
    observeConnection(object : ConnectionListener {
        override fun onConnection(state: ConnectionState) {
            stayAttached()
            trySend(state)
        }
    })
}

/** Presence, schedule and queues now and after every change; a slow collector gets the newest. */
fun SwitchboardCore.workStates(): Flow<Work> = subscriptionFlow(Channel.CONFLATED) {
    observeWork(object : WorkListener {
        override fun onWork(work: Work) {
            stayAttached()
            trySend(work)
        }
    })
}

/** Who starts and stops typing, from now on. */
fun SwitchboardCore.typingSigns(): Flow<Typing> = subscriptionFlow(Channel.UNLIMITED) {
    observeTyping(object : TypingListener {
        override fun onTyping(typing: Typing) {
            stayAttached()
            trySend(typing)
        }
    })
}

/** How commands end, from now on. */
fun SwitchboardCore.commandOutcomes(): Flow<CommandOutcome> = subscriptionFlow(Channel.UNLIMITED) {
    observeCommands(object : CommandListener {
        override fun onOutcome(outcome: CommandOutcome) {
            stayAttached()
            trySend(outcome)
        }
    })
}

/** Which of templates, contacts, labels and settings is to be read again, from now on. */
fun SwitchboardCore.deskChanges(): Flow<DeskPart> = subscriptionFlow(Channel.UNLIMITED) {
    observeDesk(object : DeskListener {
        override fun onChanged(part: DeskPart) {
            stayAttached()
            trySend(part)
        }
    })
}

/** What is to be shown and heard, from now on. */
fun SwitchboardCore.notifications(): Flow<ChatNotification> = subscriptionFlow(Channel.UNLIMITED) {
    observeNotifications(object : NotificationListener {
        override fun onNotification(notification: ChatNotification) {
            stayAttached()
            trySend(notification)
        }
    })
}

private fun <T> listFlow(subscribe: ((List<ListChange<T>>, Boolean) -> Unit) -> Subscription): Flow<List<T>> =
    subscriptionFlow(Channel.CONFLATED) {
        var rows = emptyList<T>()
        subscribe { changes, closed ->
            stayAttached()
            rows = rows.after(changes)
            trySend(rows)
            if (closed) close()
        }
    }

private fun <T> subscriptionFlow(capacity: Int, subscribe: ProducerScope<T>.() -> Subscription): Flow<T> =
    callbackFlow {
        val subscription = subscribe()
        awaitClose { subscription.use { it.cancel() } }
    }.buffer(capacity).flowOn(Dispatchers.IO)

/** JNA attaches a native thread to the JVM for each call and detaches it after: 114-307 us, or 12 us once it stays. */
private fun stayAttached() {
    if (attached.get() == null) {
        Native.detach(false)
        attached.set(Unit)
    }
}

private val attached = ThreadLocal<Unit>()

private fun InboxChange.step(): ListChange<InboxRow> = when (this) {
    is InboxChange.Reset -> ListChange.Reset(rows)
    is InboxChange.Insert -> ListChange.Insert(index.toInt(), row)
    is InboxChange.Update -> ListChange.Update(index.toInt(), row)
    is InboxChange.Remove -> ListChange.Remove(index.toInt())
}

private fun TimelineChange.step(): ListChange<TimelineRow> = when (this) {
    is TimelineChange.Reset -> ListChange.Reset(rows)
    is TimelineChange.Insert -> ListChange.Insert(index.toInt(), row)
    is TimelineChange.Update -> ListChange.Update(index.toInt(), row)
    is TimelineChange.Remove -> ListChange.Remove(index.toInt())
}

private fun UnsentChange.step(): ListChange<UnsentRow> = when (this) {
    is UnsentChange.Reset -> ListChange.Reset(rows)
    is UnsentChange.Insert -> ListChange.Insert(index.toInt(), row)
    is UnsentChange.Update -> ListChange.Update(index.toInt(), row)
    is UnsentChange.Remove -> ListChange.Remove(index.toInt())
}

private fun AlarmChange.step(): ListChange<AlarmRow> = when (this) {
    is AlarmChange.Reset -> ListChange.Reset(rows)
    is AlarmChange.Insert -> ListChange.Insert(index.toInt(), row)
    is AlarmChange.Update -> ListChange.Update(index.toInt(), row)
    is AlarmChange.Remove -> ListChange.Remove(index.toInt())
}
