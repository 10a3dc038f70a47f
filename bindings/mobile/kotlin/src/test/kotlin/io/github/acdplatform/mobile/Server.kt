package io.github.acdplatform.mobile

import java.net.URI
import java.net.URLEncoder
import java.net.http.HttpClient
import java.net.http.HttpRequest
import java.net.http.HttpResponse.BodyHandlers
import java.time.Instant
import java.util.Base64
import java.util.UUID
import javax.crypto.Mac
import javax.crypto.spec.SecretKeySpec
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonElement
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.JsonPrimitive
import kotlinx.serialization.json.contentOrNull
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive

/** The text at a path of names; none where something else stands, or nothing. */
fun JsonObject.text(vararg path: String): String? =
    path.fold(this as JsonElement?) { element, name -> (element as? JsonObject)?.get(name) }
        ?.let { (it as? JsonPrimitive)?.contentOrNull }

/** The running server, seen as its operator sees it: past the library under test. */
object Server {
    private val http = HttpClient.newHttpClient()
    val url = setting("ACD_URL")
    val writeKey = setting("ACD_WRITE_KEY")
    private val operatorKey = setting("ACD_OPERATOR_KEY")
    private val jwtSecret = setting("ACD_TEST_JWT_SECRET")
    private val meta = Json.parseToJsonElement(setting("META")).jsonObject
    const val PRODUCT = "portal28"

    /** The stored events of a user. */
    fun eventsOf(userId: String): List<JsonObject> {
        val encoded = URLEncoder.encode(userId, Charsets.UTF_8)
        val page = call("GET", "/v1/events?limit=1000&user_id=$encoded")
        return page.getValue("data").jsonArray.map { it.jsonObject }
    }

    /** Creates a user with a plan in the product, and gives the id. */
    fun createEntitledUser(plan: String): String {
        val address = "${UUID.randomUUID()}@example.com"
        val user = call("POST", "/v1/users", """{"email":"$address","name":"Ann"}""")
        val id = user.getValue("id").jsonPrimitive.content
        val entitlement = """{"plan":"$plan","role":"member","status":"active","source":"admin"}"""
        call("PUT", "/v1/users/$id/entitlement", entitlement)
        return id
    }

    /** A JWT of a user, as the identity provider would issue it. */
    fun jwt(userId: String, expires: Instant = Instant.now().plusSeconds(3600)): String {
        val digits = userId.removePrefix("usr_")
        val subject = digits.replace(Regex("(.{8})(.{4})(.{4})(.{4})(.{12})"), "$1-$2-$3-$4-$5")
        val claims = """{"sub":"$subject","aud":"authenticated","exp":${expires.epochSecond}}"""
        val base64 = Base64.getUrlEncoder().withoutPadding()
        val signed = listOf("""{"alg":"HS256","typ":"JWT"}""", claims)
            .joinToString(".") { base64.encodeToString(it.toByteArray()) }
        val mac = Mac.getInstance("HmacSHA256")
        mac.init(SecretKeySpec(jwtSecret.toByteArray(), "HmacSHA256"))
        return "$signed.${base64.encodeToString(mac.doFinal(signed.toByteArray()))}"
    }

    /** Has the server hand events of a name on to Meta. */
    @Synchronized
    fun handOnToMeta(event: String, metaEvent: String) {
        val pixel = checkNotNull(meta.text("world", "pixel"))
        call("PUT", "/v1/meta/conversions", """{"enabled":true,"pixel_id":"$pixel"}""")
        val rules = call("GET", "/v1/meta/rules").getValue("data").jsonArray.map { it.jsonObject }
        if (rules.none { it.text("event") == event }) {
            call("POST", "/v1/meta/rules", """{"event":"$event","meta_event":"$metaEvent"}""")
        }
    }

    /** What became of the events that were to be handed on. */
    fun conversions(): List<JsonObject> = list(call("GET", "/v1/meta/events?limit=1000"), "data")

    /** What the simulated Meta took. */
    fun takenByMeta(): List<JsonObject> {
        val request = HttpRequest.newBuilder(URI("${meta.text("url")}/__sim/state")).build()
        return list(Json.parseToJsonElement(http.send(request, BodyHandlers.ofString()).body()).jsonObject, "events")
    }

    /** A user's touches and conversions. */
    fun pathOf(userId: String): List<JsonObject> {
        val person = call("GET", "/v1/persons/lookup?user_id=${URLEncoder.encode(userId, Charsets.UTF_8)}")
        return list(call("GET", "/v1/persons/${person.text("id")}/path"), "entries")
    }

    private fun list(of: JsonObject, name: String) = of.getValue(name).jsonArray.map { it.jsonObject }

    private fun call(method: String, path: String, body: String? = null): JsonObject {
        val publisher = body?.let(HttpRequest.BodyPublishers::ofString) ?: HttpRequest.BodyPublishers.noBody()
        val request = HttpRequest.newBuilder(URI("$url$path"))
            .method(method, publisher)
            .header("Authorization", "Bearer $operatorKey")
            .header("Content-Type", "application/json")
        if (method == "POST") request.header("Idempotency-Key", UUID.randomUUID().toString())
        val answer = http.send(request.build(), BodyHandlers.ofString())
        check(answer.statusCode() in 200..299) { "$method $path: ${answer.statusCode()} ${answer.body()}" }
        return Json.parseToJsonElement(answer.body()).jsonObject
    }

    private fun setting(name: String) =
        checkNotNull(System.getenv(name)) { "$name is not set: run these tests with `cargo xtask test --only mobile`" }
}
