package io.github.acdplatform.mobile

import java.nio.file.Path
import java.util.UUID
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import org.junit.jupiter.api.io.TempDir

/** From an app through the server to the simulated Meta. */
@Timeout(DEADLINE)
class AppEventsTest {
    @TempDir
    lateinit var folder: Path

    private val userId = "user-${UUID.randomUUID()}"

    @BeforeEach
    fun handOn() {
        Server.handOnToMeta("Order Completed", "Purchase")
        // As Meta's own library for Android names an installation.
        Server.handOnToMeta("Application Installed", "MobileAppInstall")
    }

    private fun open(advertising: Advertising?) = Analytics.open(config(folder).copy(advertising = advertising))

    /** Asks again until there is something. What the server misses at first, amid much else, it hands on two minutes later. */
    private suspend fun <T : Any> until(ask: () -> T?): T = withTimeout(300_000) {
        var found = ask()
        while (found == null) {
            delay(50)
            found = ask()
        }
        found
    }

    @Test
    fun `an order in an app reaches Meta as an event of the app`() = runBlocking<Unit> {
        val id = "order-$userId"
        open(Advertising(consent = true, trackingEnabled = true, id = "7A3CBEA0-BDF5-11E4-8DFC-AA07A5B093DB")).toTheEnd { analytics ->
            analytics.identify(userId, null)
            analytics.track("Order Completed", mapOf("event_id" to id, "revenue" to 19.99, "currency" to "EUR"))
            analytics.flush()
        }
        val taken = until { Server.takenByMeta().firstOrNull { it.text("event_id") == id } }
        assertEquals("Purchase", taken.text("event_name"))
        assertEquals("server", taken.text("origin"))
        assertEquals("app", taken.text("action_source"))
    }

    @Test
    fun `an installation in an app reaches Meta with its device and where it came from`() = runBlocking<Unit> {
        val referrer = "utm_source=facebook&utm_campaign=spring"
        val id = open(Advertising(consent = true, trackingEnabled = false)).toTheEnd { analytics ->
            analytics.identify(userId, null)
            analytics.opened(Opening(url = "shop://sale?fbclid=AbC", installReferrer = referrer))
            analytics.flush()
            Server.eventsOf(userId).first { it.text("event") == "Application Installed" }.text("id")
        }
        val taken = until { Server.takenByMeta().firstOrNull { it.text("event_id") == id } }
        assertEquals("MobileAppInstall", taken.text("event_name"))
        assertEquals("app", taken.text("action_source"))
        val app = taken.getValue("app_data").jsonObject
        assertEquals("1", app.text("application_tracking_enabled"))
        assertEquals("0", app.text("advertiser_tracking_enabled"))
        assertEquals(referrer, app.text("install_referrer"))
        val device = app.getValue("extinfo").jsonArray.map { it.jsonPrimitive.content }
        assertEquals(listOf("a2", "com.example.shop", "17", "1.2", "16", "Pixel 9"), device.take(6))
        val touches = Server.pathOf(userId).filter { it.text("kind") == "touch" }
        assertTrue(touches.any { it.text("origin", "source") == "facebook" && it.text("origin", "campaign") == "spring" }, "$touches")
    }

    @Test
    fun `what Meta asks of an app's events is asked of these`() = runBlocking<Unit> {
        val id = "order-$userId"
        val silent = config(folder).let { it.copy(device = it.device.copy(osVersion = ""), advertising = Advertising(true, true)) }
        Analytics.open(silent).toTheEnd { analytics ->
            analytics.track("Order Completed", mapOf("event_id" to id, "revenue" to 1, "currency" to "EUR"))
            analytics.flush()
        }
        val conversion = until { Server.conversions().firstOrNull { it.text("event_id") == id } }
        assertEquals("refused", conversion.text("state"))
        assertTrue("app_data.extinfo" in conversion.text("cause").orEmpty(), "$conversion")
    }

    @Test
    fun `who did not agree to advertising is not told of`() = runBlocking<Unit> {
        val id = "order-$userId"
        open(Advertising(consent = false, trackingEnabled = true)).toTheEnd { analytics ->
            analytics.track("Order Completed", mapOf("event_id" to id, "revenue" to 1, "currency" to "EUR"))
            analytics.flush()
        }
        val conversion = until { Server.conversions().firstOrNull { it.text("event_id") == id } }
        assertEquals("refused", conversion.text("state"))
        assertTrue(Server.takenByMeta().none { it.text("event_id") == id })
    }

    @Test
    fun `a deep link and an installation lead to the person's path`() = runBlocking<Unit> {
        open(null).toTheEnd { analytics ->
            analytics.identify(userId, null)
            analytics.opened(
                Opening(
                    url = "shop://sale?utm_source=facebook&utm_campaign=spring&fbclid=AbC",
                    installReferrer = "utm_source=newsletter&utm_campaign=autumn",
                )
            )
            analytics.installAttributed(InstallAttribution(provider = "Branch", source = "tiktok", campaign = "launch"))
            analytics.flush()
        }
        val touches = Server.pathOf(userId).filter { it.text("kind") == "touch" }
        val sources = touches.map { it.text("origin", "source") to it.text("origin", "campaign") }.toSet()
        assertEquals(setOf("facebook" to "spring", "newsletter" to "autumn", "tiktok" to "launch"), sources)
        assertEquals("AbC", touches.first { it.text("origin", "source") == "facebook" }.text("fbclid"))
    }
}
