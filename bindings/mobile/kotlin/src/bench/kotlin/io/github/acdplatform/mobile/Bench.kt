package io.github.acdplatform.mobile

import com.sun.management.OperatingSystemMXBean
import java.io.IOException
import java.lang.management.ManagementFactory
import java.net.URI
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse.BodyHandlers
import java.time.Duration
import kotlin.coroutines.resume
import kotlin.coroutines.resumeWithException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.future.await
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.suspendCancellableCoroutine
import kotlinx.coroutines.withContext
import kotlinx.serialization.json.Json
import okhttp3.Call
import okhttp3.Callback
import okhttp3.OkHttpClient
import okhttp3.Request
import okhttp3.Response

private const val TRACK_ROUNDS = 60
private const val TRACK_CALLS = 5_000
private const val HTTP_ROUNDS = 41
private const val HTTP_CALLS = 500

/** The first rounds compile; they are not counted. */
private const val WARM_UP = 0.25

private val ORDER = mapOf(
    "order_id" to "ord_01JD7Z3V8Q", "currency" to "EUR", "revenue_cents" to 12_950, "coupon" to null,
    "products" to listOf(
        mapOf("sku" to "SKU-1001", "name" to "Waterproof jacket", "quantity" to 1, "price_cents" to 8_900),
        mapOf("sku" to "SKU-2002", "name" to "Merino socks", "quantity" to 2, "price_cents" to 1_450),
        mapOf("sku" to "SKU-3003", "name" to "Water bottle", "quantity" to 1, "price_cents" to 1_150),
    ),
)

/** Prints the medians as one JSON object: nanoseconds of `track`, microseconds of a call. */
fun main(arguments: Array<String>) = runBlocking {
    val (folder, url) = arguments
    val figures = measureTrack(folder) + measureCalls(url)
    println(figures.entries.joinToString(",", "{", "}") { (name, value) -> "\"$name\":$value" })
}

private fun measureTrack(folder: String): Map<String, Double> {
    // Nobody listens on the discard port.
    val config = AnalyticsConfig(
        "wk_bench", "http://127.0.0.1:9", folder, consent = true, app = AppInfo("Bench"),
        device = DeviceInfo(Platform.Other("JVM"), "17"), shutdownTimeout = Duration.ZERO,
    )
    return Analytics.open(config).use { analytics ->
        val ways = mapOf<String, () -> Unit>(
            "track" to { analytics.track("Order Completed", ORDER) },
            "track_generated" to { analytics.track(TrackedEvent("Order Completed", jsonOf(ORDER))) },
        )
        val times = ways.mapValues { mutableListOf<Double>() }
        repeat(TRACK_ROUNDS) {
            for ((name, call) in ways) {
                val start = System.nanoTime()
                repeat(TRACK_CALLS) { call() }
                times.getValue(name) += (System.nanoTime() - start).toDouble() / TRACK_CALLS
                // Empties the queue at once.
                analytics.setConsent(false)
                analytics.setConsent(true)
            }
        }
        times.mapValues { median(it.value) }
    }
}

private suspend fun measureCalls(url: String): Map<String, Double> {
    val session = Session.open(url, OneValue(), null)
    session.signIn(SessionTokens("bench"))
    // Without the version it asks in each request whether it may go on in HTTP/2.
    val jdk = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()
    val jdkRequest = HttpRequest.newBuilder(URI("$url/v1/me")).header("Authorization", "Bearer bench").build()
    val okhttp = OkHttpClient()
    val okhttpRequest = Request.Builder().url("$url/v1/me").header("Authorization", "Bearer bench").build()
    // Each gives what an app works with: the parsed answer.
    val ways = mapOf<String, suspend () -> Any>(
        "call" to { session.me() },
        "call_jdk" to { Json.parseToJsonElement(jdk.sendAsync(jdkRequest, BodyHandlers.ofString()).await().body()) },
        "call_okhttp" to { Json.parseToJsonElement(okhttp.newCall(okhttpRequest).await()) },
    )
    val process = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean::class.java)
    val times = ways.mapValues { mutableListOf<Double>() }
    val processor = ways.mapValues { mutableListOf<Double>() }
    withContext(Dispatchers.Default) {
        repeat(HTTP_ROUNDS) {
            for ((name, call) in ways) {
                val start = System.nanoTime()
                val spent = process.processCpuTime
                repeat(HTTP_CALLS) { call() }
                times.getValue(name) += (System.nanoTime() - start) / 1_000.0 / HTTP_CALLS
                processor.getValue(name) += (process.processCpuTime - spent) / 1_000.0 / HTTP_CALLS
            }
        }
    }
    okhttp.dispatcher.executorService.shutdown()
    okhttp.connectionPool.evictAll()
    // Of the ratios of the rounds, since both sides of one meet the same machine.
    val ratios = ways.keys.associate { name ->
        "${name}_ratio" to median(times.getValue("call").zip(times.getValue(name)) { ours, other -> ours / other })
    }
    return times.mapValues { median(it.value) } + ratios +
        // The system counts this time in hundredths of a second: too coarse for the median of short rounds.
        processor.entries.associate { (name, spent) -> "${name}_processor" to counted(spent).average() }
}

private suspend fun Call.await(): String = suspendCancellableCoroutine { continuation ->
    continuation.invokeOnCancellation { cancel() }
    enqueue(object : Callback {
        override fun onFailure(call: Call, e: IOException) = continuation.resumeWithException(e)

        override fun onResponse(call: Call, response: Response) = continuation.resume(response.use { it.body.string() })
    })
}

private fun median(times: List<Double>): Double = counted(times).sorted().let { it[it.size / 2] }

private fun counted(rounds: List<Double>): List<Double> = rounds.drop((rounds.size * WARM_UP).toInt())

/** A secure storage of one value. */
private class OneValue : SecureStorage {
    @Volatile
    private var value: String? = null

    override fun read(key: String): String? = value

    override fun write(key: String, value: String) {
        this.value = value
    }

    override fun remove(key: String) {
        value = null
    }
}
