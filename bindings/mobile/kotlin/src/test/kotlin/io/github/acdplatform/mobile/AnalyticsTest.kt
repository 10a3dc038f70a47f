package io.github.acdplatform.mobile

import java.nio.file.Path
import java.time.Duration
import java.util.UUID
import kotlinx.coroutines.runBlocking
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertThrows
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import org.junit.jupiter.api.io.TempDir

/** Nobody listens on the discard port. */
const val NOWHERE = "http://127.0.0.1:9"

fun config(
    folder: Path,
    serverUrl: String = Server.url,
    writeKey: String = Server.writeKey,
    consent: Boolean = true,
    version: String = "1.2",
) = AnalyticsConfig(
    writeKey = writeKey,
    serverUrl = serverUrl,
    folder = folder.toString(),
    consent = consent,
    app = AppInfo("Shop", namespace = "com.example.shop", version = version, build = "17"),
    device = DeviceInfo(Platform.Android, "16", model = "Pixel 9"),
    shutdownTimeout = Duration.ZERO,
)

/** Ends what would never end, in seconds; a busy machine takes ten times as long as an idle one. */
const val DEADLINE = 600L

/** Uses the object and waits for its end: what still writes to a folder is in the way of who deletes that. */
inline fun <T> Analytics.toTheEnd(block: (Analytics) -> T): T = use {
    try {
        block(it)
    } finally {
        runBlocking { it.shutdown() }
    }
}

@Timeout(DEADLINE)
class AnalyticsTest {
    @TempDir
    lateinit var folder: Path

    private val userId = "user-${UUID.randomUUID()}"

    @Test
    fun `events arrive with what they carry`() = runBlocking<Unit> {
        val ids = Analytics.open(config(folder)).toTheEnd { analytics ->
            analytics.identify(userId, """{"plan":"pro"}""")
            analytics.screen(ScreenView("Basket"))
            analytics.track(TrackedEvent("Order Completed", propertiesJson = """{"revenue":19.99}"""))
            analytics.flush()
            assertEquals(3uL, analytics.stats().delivered)
            analytics.ids()
        }
        val stored = Server.eventsOf(userId).associateBy { it.text("type") }
        assertEquals(setOf("identify", "screen", "track"), stored.keys)
        val track = stored.getValue("track")
        assertEquals("19.99", track.text("properties", "revenue"))
        assertEquals("Pixel 9", track.text("context", "device", "model"))
        assertEquals("1.2", track.text("context", "app", "version"))
        assertEquals(ids.deviceId, track.text("context", "device", "id"))
        assertEquals(ids.anonymousId, track.text("anonymous_id"))
    }

    @Test
    fun `what cannot be stored is refused at once`() {
        Analytics.open(config(folder)).toTheEnd { analytics ->
            assertThrows(MobileException.Event::class.java) { analytics.track(TrackedEvent("")) }
            assertThrows(MobileException.Event::class.java) {
                analytics.track(TrackedEvent("E", propertiesJson = "[".repeat(100_000)))
            }
        }
    }

    @Test
    fun `without consent nothing is kept`() {
        Analytics.open(config(folder, consent = false)).toTheEnd { analytics ->
            assertThrows(MobileException.ConsentWithheld::class.java) { analytics.track(TrackedEvent("E")) }
            assertEquals(AnalyticsIds(null, null, null), analytics.ids())
            analytics.setConsent(true)
            val first = analytics.ids()
            analytics.track(TrackedEvent("E"))
            analytics.setConsent(false)
            assertEquals(0uL, analytics.stats().held)
            analytics.setConsent(true)
            assertTrue(first.deviceId != null && first.deviceId != analytics.ids().deviceId)
        }
    }

    @Test
    fun `a user who signs out takes the visitor along`() {
        Analytics.open(config(folder)).toTheEnd { analytics ->
            analytics.identify(userId, null)
            val before = analytics.ids()
            assertEquals(userId, before.userId)
            analytics.reset()
            val after = analytics.ids()
            assertTrue(after.userId == null && after.anonymousId != before.anonymousId, "$after")
            assertEquals(before.deviceId, after.deviceId)
        }
    }

    @Test
    fun `a folder has one owner, and a setting that cannot work is named`() {
        Analytics.open(config(folder)).toTheEnd {
            assertThrows(MobileException.Storage::class.java) { Analytics.open(config(folder)) }
        }
        val error = assertThrows(MobileException.Setting::class.java) {
            Analytics.open(config(folder.resolve("other"), serverUrl = "no url"))
        }
        assertTrue(error.message.isNotEmpty())
    }

    @Test
    fun `events wait on disk while the server is away`() = runBlocking<Unit> {
        val away = Analytics.open(config(folder, NOWHERE))
        away.track(TrackedEvent("Opened"))
        val error = runCatching { away.flush() }.exceptionOrNull()
        assertTrue(error is MobileException.Network && error.failure.retryable, "$error")
        away.persist()
        assertEquals(1uL, away.shutdown())
        assertThrows(MobileException.Closed::class.java) { away.track(TrackedEvent("Late")) }
        away.close()
    }

    @Test
    fun `the library's thread is one of the JVM's from the first call on`() = runBlocking<Unit> {
        Analytics.open(config(folder)).toTheEnd { it.persist() }
        val threads = Thread.getAllStackTraces().keys.filter { it.name == LibraryThread.NAME }
        assertEquals(listOf(true), threads.map(Thread::isDaemon))
    }

    @Test
    fun `a key that the server refuses loses the events and says so`() = runBlocking<Unit> {
        Analytics.open(config(folder, writeKey = "acd_wrong")).toTheEnd { analytics ->
            analytics.track(TrackedEvent("Opened"))
            runCatching { analytics.flush() }
            assertEquals(1uL, analytics.stats().refused)
        }
    }

    @Test
    fun `an installation and an update are told once each`() = runBlocking<Unit> {
        val link = "shop://sale?utm_source=facebook&utm_campaign=spring"
        val referrer = "utm_source=google-play&utm_medium=organic"
        val kinds = listOf("1.0" to Opening(url = link, installReferrer = referrer), "1.0" to Opening(), "1.1" to Opening())
            .map { (version, opening) ->
                Analytics.open(config(folder, version = version)).toTheEnd { analytics ->
                    if (analytics.ids().userId == null) analytics.identify(userId, null)
                    val kind = analytics.opened(opening)
                    analytics.flush()
                    kind
                }
            }
        assertEquals(listOf(OpeningKind.FIRST, OpeningKind.AGAIN, OpeningKind.UPDATED), kinds)
        val stored = Server.eventsOf(userId).filter { it.text("type") == "track" }.groupBy { it.text("event") }
        val counts = stored.mapValues { it.value.size }
        val expected = mapOf(
            "Application Installed" to 1, "Application Opened" to 3, "Application Updated" to 1, "Deep Link Opened" to 1,
        )
        assertEquals(expected, counts)
        assertEquals(referrer, stored.getValue("Application Installed").single().text("properties", "install_referrer"))
        assertEquals(link, stored.getValue("Deep Link Opened").single().text("properties", "url"))
    }

    @Test
    fun `events of a killed process are sent by the next, each once`() = runBlocking<Unit> {
        val process = ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Djna.library.path=${System.getProperty("jna.library.path")}",
            "-cp", System.getProperty("java.class.path"),
            "io.github.acdplatform.mobile.DoomedKt", folder.toString(), userId,
        ).redirectError(ProcessBuilder.Redirect.INHERIT).start()
        val line = process.inputStream.bufferedReader().readLine()
        process.destroyForcibly()
        process.waitFor()
        assertEquals(PERSISTED, line)

        Analytics.open(config(folder)).toTheEnd { analytics ->
            assertEquals(userId, analytics.ids().userId)
            analytics.flush()
            // Each event, and who the user is.
            assertEquals(DOOMED_EVENTS.toULong() + 1uL, analytics.stats().delivered)
        }
        val names = Server.eventsOf(userId).filter { it.text("type") == "track" }.map { it.text("event") }
        assertEquals((1..DOOMED_EVENTS).map { "Event $it" }.toSet(), names.toSet())
        assertEquals(DOOMED_EVENTS, names.size)
    }
}
