package io.github.acdplatform.mobile

import java.nio.file.Path
import java.util.UUID
import kotlinx.coroutines.delay
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withTimeout
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.BeforeEach
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout
import org.junit.jupiter.api.io.TempDir

/** From an app through the server to the simulated Meta. */
@Timeout(120)
class AppEventsTest {
    @TempDir
    lateinit var folder: Path

    private val userId = "user-${UUID.randomUUID()}"

    @BeforeEach
    fun handOnOrders() = Server.handOnToMeta("Order Completed", "Purchase")

    private fun open(advertising: Advertising?) = Analytics.open(config(folder).copy(advertising = advertising))

    /** Asks again until there is something. */
    private suspend fun <T : Any> until(ask: () -> T?): T = withTimeout(60_000) {
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
        open(Advertising(consent = true, trackingEnabled = true, id = "7A3CBEA0-BDF5-11E4-8DFC-AA07A5B093DB")).use { analytics ->
            analytics.identify(userId, null)
            analytics.track("Order Completed", mapOf("event_id" to id, "revenue" to 19.99, "currency" to "EUR"))
            analytics.flush()
        }
        val taken = until { Server.takenByMeta().firstOrNull { it.text("event_id") == id } }
        assertEquals("Purchase", taken.text("event_name"))
        assertEquals("server", taken.text("origin"))
    }

    @Test
    fun `what Meta asks of an app's events is asked of these`() = runBlocking<Unit> {
        val id = "order-$userId"
        val silent = config(folder).let { it.copy(device = it.device.copy(osVersion = ""), advertising = Advertising(true, true)) }
        Analytics.open(silent).use { analytics ->
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
        open(Advertising(consent = false, trackingEnabled = true)).use { analytics ->
            analytics.track("Order Completed", mapOf("event_id" to id, "revenue" to 1, "currency" to "EUR"))
            analytics.flush()
        }
        val conversion = until { Server.conversions().firstOrNull { it.text("event_id") == id } }
        assertEquals("refused", conversion.text("state"))
        assertTrue(Server.takenByMeta().none { it.text("event_id") == id })
    }

    @Test
    fun `a deep link and an installation lead to the person's path`() = runBlocking<Unit> {
        open(null).use { analytics ->
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
