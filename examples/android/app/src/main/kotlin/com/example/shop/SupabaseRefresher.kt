package com.example.shop

import io.github.acdplatform.mobile.SessionRefresher
import io.github.acdplatform.mobile.SessionTokens
import io.github.acdplatform.mobile.TokenException
import java.io.IOException
import java.net.HttpURLConnection
import java.net.URL
import java.time.Instant
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext
import org.json.JSONObject

/** Renews tokens at Supabase Auth. Another identity provider needs another class like this one, and nothing else. */
class SupabaseRefresher(private val url: String, private val publishableKey: String) : SessionRefresher {
    override suspend fun refresh(refreshToken: String?): SessionTokens = withContext(Dispatchers.IO) {
        if (refreshToken == null) throw TokenException.Ended("there is no refresh token")
        try {
            exchange(refreshToken)
        } catch (error: IOException) {
            throw TokenException.Unavailable("${error.message}")
        }
    }

    private fun exchange(refreshToken: String): SessionTokens {
        val connection = URL("$url/auth/v1/token?grant_type=refresh_token").openConnection() as HttpURLConnection
        try {
            connection.requestMethod = "POST"
            connection.doOutput = true
            connection.setRequestProperty("apikey", publishableKey)
            connection.setRequestProperty("Content-Type", "application/json")
            connection.outputStream.use { it.write(JSONObject().put("refresh_token", refreshToken).toString().toByteArray()) }
            return when (val status = connection.responseCode) {
                in 200..299 -> tokens(JSONObject(connection.inputStream.bufferedReader().readText()))
                in 400..403 -> throw TokenException.Ended("Supabase answered $status")
                else -> throw TokenException.Unavailable("Supabase answered $status")
            }
        } finally {
            connection.disconnect()
        }
    }

    private fun tokens(answer: JSONObject) = SessionTokens(
        accessToken = answer.getString("access_token"),
        refreshToken = answer.getString("refresh_token"),
        expiresAt = Instant.ofEpochSecond(answer.getLong("expires_at")),
    )
}
