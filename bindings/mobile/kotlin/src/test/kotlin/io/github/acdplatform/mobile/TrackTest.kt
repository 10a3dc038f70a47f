package io.github.acdplatform.mobile

import java.nio.file.Path
import java.util.UUID
import kotlinx.coroutines.runBlocking
import kotlinx.serialization.json.Json
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import org.junit.jupiter.api.io.TempDir

@Timeout(DEADLINE)
class TrackTest {
    @TempDir
    lateinit var folder: Path

    private val userId = "user-${UUID.randomUUID()}"

    @Test
    fun `facts arrive as they were given`() = runBlocking<Unit> {
        val facts = mapOf(
            "text" to "Öl \"1\"\\\n\u0001 🦀", "whole" to 7L, "broken" to 19.99, "yes" to true, "none" to null,
            "not a number" to Double.NaN, "list" to listOf(1, emptyList<Int>(), mapOf("a" to OpeningKind.FIRST)),
            "empty" to emptyMap<String, Int>(),
        )
        Analytics.open(config(folder)).toTheEnd { analytics ->
            analytics.identify(userId, null)
            analytics.track("Order Completed", facts, messageId = "m-$userId")
            analytics.track("Bare")
            analytics.flush()
        }
        val stored = Server.eventsOf(userId).associateBy { it.text("event") }
        val expected = """{"text":"Öl \"1\"\\\n\u0001 🦀","whole":7,"broken":19.99,"yes":true,"none":null,
            "not a number":null,"list":[1,[],{"a":"FIRST"}],"empty":{}}"""
        assertEquals(Json.parseToJsonElement(expected), stored.getValue("Order Completed").getValue("properties"))
        assertEquals("m-$userId", stored.getValue("Order Completed").text("message_id"))
        assertTrue("Bare" in stored)
    }

    @Test
    fun `what is not taken says why`() {
        Analytics.open(config(folder)).toTheEnd { analytics ->
            val ring = mutableMapOf<String, Any?>()
            ring["itself"] = ring
            val bad = listOf(
                "" to null, "E" to mapOf("a" to Any()), "E" to mapOf("a" to "\u0000"), "E" to ring,
                "E" to mapOf("a" to "x".repeat(100_000)), "x".repeat(600) to null,
            )
            for ((event, facts) in bad) {
                assertThrows(MobileException.Event::class.java, { analytics.track(event, facts) }, event.take(9))
            }
            assertEquals(0uL, analytics.stats().tracked)
            analytics.setConsent(false)
            assertThrows(MobileException.ConsentWithheld::class.java) { analytics.track("E") }
        }
    }

    @Test
    fun `half a character is stored as a question mark`() = runBlocking<Unit> {
        Analytics.open(config(folder)).toTheEnd { analytics ->
            analytics.identify(userId, null)
            analytics.track("Half", mapOf("text" to "a\ud83e"))
            analytics.flush()
        }
        assertEquals("a?", Server.eventsOf(userId).first { it.text("event") == "Half" }.text("properties", "text"))
    }

    @Test
    fun `a closed object is not written to`() {
        val analytics = Analytics.open(config(folder))
        analytics.track("E")
        runBlocking { analytics.shutdown() }
        analytics.close()
        assertThrows(IllegalStateException::class.java) { analytics.track("E") }
    }

    @Test
    fun `events of many threads are all taken`() {
        Analytics.open(config(folder)).toTheEnd { analytics ->
            val threads = List(4) { Thread { repeat(500) { analytics.track("E", mapOf("number" to it)) } } }
            threads.forEach(Thread::start)
            threads.forEach(Thread::join)
            assertEquals(2_000uL, analytics.stats().tracked)
        }
    }
}
