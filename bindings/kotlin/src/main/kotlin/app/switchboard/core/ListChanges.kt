package app.switchboard.core

/**
 * One step from a list to the next, whatever its rows are. An index counts in the list as it is at that step; a move is
 * a removal and an insertion in one batch.
 */
sealed interface ListChange<out T> {
    data class Reset<T>(val rows: List<T>) : ListChange<T>
    data class Insert<T>(val index: Int, val row: T) : ListChange<T>
    data class Update<T>(val index: Int, val row: T) : ListChange<T>
    data class Remove(val index: Int) : ListChange<Nothing>
}

/** The list after these changes, in their order. The receiver stays as it is, for whoever draws it at the moment. */
fun <T> List<T>.after(changes: List<ListChange<T>>): List<T> {
    var rows = ArrayList(this)
    for (change in changes) {
        when (change) {
            is ListChange.Reset -> rows = ArrayList(change.rows)
            is ListChange.Insert -> rows.add(change.index, change.row)
            is ListChange.Update -> rows[change.index] = change.row
            is ListChange.Remove -> rows.removeAt(change.index)
        }
    }
    return rows
}
