package app.switchboard.core

import com.google.gson.JsonObject
import com.google.gson.JsonParser
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.DynamicTest
import org.junit.jupiter.api.TestFactory
import java.io.File

/** The vectors that Rust, Kotlin and Swift all run. */
class ListChangesTest {
    private data class Row(val id: String, val value: String)

    @TestFactory
    fun `list changes`(): List<DynamicTest> {
        val file = File(System.getProperty("switchboard.vectors"), "list_changes.json")
        val cases = JsonParser.parseString(file.readText()).asJsonArray.map { it.asJsonObject }
        assertTrue(cases.isNotEmpty())
        return cases.map { case ->
            DynamicTest.dynamicTest(case["name"].asString) {
                val before = case.rows("before")
                val shown = before.toList()
                assertEquals(case.rows("after"), before.after(case["changes"].asJsonArray.map { it.asJsonObject.change() }))
                assertEquals(shown, before, "the list on the screen changed under it")
            }
        }
    }

    private fun JsonObject.row() = Row(this["id"].asString, this["value"].asString)

    private fun JsonObject.rows(name: String) = this[name].asJsonArray.map { it.asJsonObject.row() }

    private fun JsonObject.change(): ListChange<Row> = when (val op = this["op"].asString) {
        "reset" -> ListChange.Reset(rows("rows"))
        "insert" -> ListChange.Insert(this["index"].asInt, this["row"].asJsonObject.row())
        "update" -> ListChange.Update(this["index"].asInt, this["row"].asJsonObject.row())
        "remove" -> ListChange.Remove(this["index"].asInt)
        else -> error("unknown step $op")
    }
}
