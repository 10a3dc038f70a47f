package io.github.acdplatform.mobile

import java.net.InetAddress
import java.net.ServerSocket
import java.time.Instant
import java.util.concurrent.atomic.AtomicInteger
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.awaitAll
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import kotlinx.coroutines.withContext
import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertFalse
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.junit.jupiter.api.Timeout

private suspend fun failureOf(call: suspend () -> Any?): Throwable? = runCatching { call() }.exceptionOrNull()

@Timeout(DEADLINE)
class SessionTest {
    private val storage = MemoryStorage()

    @Test
    fun `a user who signed in is known, and stays so in the next process`() = runBlocking<Unit> {
        val userId = Server.createEntitledUser("pro")
        Session.open(Server.url, storage, null).use { session ->
            assertFalse(session.isSignedIn())
            session.signIn(SessionTokens(Server.jwt(userId)))
            val me = session.me()
            assertEquals(userId, me.userId)
            assertEquals("Ann", me.profile?.name)
        }
        Session.open(Server.url, storage, null).use { session ->
            assertTrue(session.isSignedIn())
            val entitlement = session.entitlements(null).single()
            assertEquals(Server.PRODUCT, entitlement.product)
            assertEquals(Plan.Pro, entitlement.plan)
            assertEquals(Role.Member, entitlement.role)
            assertTrue(entitlement.grants)
            assertEquals(emptyList<Entitlement>(), session.entitlements("gapradar"))
        }
    }

    @Test
    fun `nobody is known after signing out`() = runBlocking<Unit> {
        Session.open(Server.url, storage, null).use { session ->
            session.signIn(SessionTokens(Server.jwt(Server.createEntitledUser("free"))))
            session.me()
            session.signOut()
            assertTrue(storage.values.isEmpty())
            assertTrue(failureOf { session.me() } is MobileException.SignedOut)
        }
    }

    @Test
    fun `an expired token is renewed once for all, and stored`() = runBlocking<Unit> {
        val userId = Server.createEntitledUser("free")
        val renewals = AtomicInteger()
        val refresher = object : SessionRefresher {
            override suspend fun refresh(refreshToken: String?): SessionTokens {
                assertEquals("refresh-1", refreshToken)
                renewals.incrementAndGet()
                return SessionTokens(Server.jwt(userId), "refresh-2", Instant.now().plusSeconds(3600))
            }
        }
        Session.open(Server.url, storage, refresher).use { session ->
            val past = Instant.now().minusSeconds(60)
            session.signIn(SessionTokens(Server.jwt(userId, past), "refresh-1", past))
            val ids = (1..50).map { async(Dispatchers.Default) { session.me().userId } }.awaitAll()
            assertEquals(setOf(userId), ids.toSet())
            assertEquals(1, renewals.get())
            assertTrue(storage.values.values.single().contains("refresh-2"))
        }
    }

    @Test
    fun `the end of a session is told from a provider that is away`() = runBlocking<Unit> {
        suspend fun failureWith(error: Exception): Throwable? {
            val refresher = object : SessionRefresher {
                override suspend fun refresh(refreshToken: String?): SessionTokens = throw error
            }
            return Session.open(Server.url, MemoryStorage(), refresher).use { session ->
                session.signIn(SessionTokens("expired", "refresh", Instant.EPOCH))
                failureOf { session.me() }
            }
        }
        assertTrue(failureWith(TokenException.Ended("revoked")) is MobileException.SignedOut)
        assertTrue(failureWith(TokenException.Unavailable("no network")) is MobileException.Network)
        assertTrue(failureWith(IllegalStateException("a bug of the app")) is MobileException.Network)
    }

    @Test
    fun `failures say what the server said`() = runBlocking<Unit> {
        Session.open(Server.url, storage, null).use { session ->
            session.signIn(SessionTokens("not a JWT"))
            val refused = failureOf { session.me() }
            assertTrue(refused is MobileException.SignedOut, "$refused")
            val failure = (refused as MobileException.SignedOut).failure
            assertEquals(401.toUShort(), failure.status)
            assertTrue(failure.requestId != null && failure.attempts == 1u, "$failure")
            assertFalse(refused.message.contains("not a JWT"))
            assertTrue(failureOf { session.entitlements("No Such Name") } is MobileException.Setting)
        }
        Session.open(NOWHERE, storage, null).use { session ->
            assertTrue(failureOf { session.me() } is MobileException.Network)
        }
    }

    @Test
    fun `a storage that refuses, in whichever way, is named`() = runBlocking<Unit> {
        for (error in listOf(StorageException.Refused("locked"), IllegalStateException("a bug of the app"))) {
            Session.open(Server.url, LockedStorage { error }, null).use { session ->
                assertTrue(failureOf { session.isSignedIn() } is MobileException.Storage)
                assertTrue(failureOf { session.signIn(SessionTokens("token")) } is MobileException.Storage)
                assertTrue(failureOf { session.signOut() } is MobileException.Storage)
                assertTrue(failureOf { session.me() } is MobileException.Storage)
            }
        }
    }

    @Test
    fun `a cancelled coroutine cancels its request`() = runBlocking<Unit> {
        ServerSocket(0, 1, InetAddress.getLoopbackAddress()).use { listener ->
            Session.open("http://127.0.0.1:${listener.localPort}", storage, null).use { session ->
                session.signIn(SessionTokens("token"))
                val call = launch(Dispatchers.Default) { session.me() }
                withContext(Dispatchers.IO) {
                    listener.accept().use { connection ->
                        val input = connection.getInputStream()
                        assertTrue(input.read() >= 0)
                        call.cancelAndJoin()
                        // Ends only because the other side closed the connection: nothing was answered.
                        while (input.read() >= 0) Unit
                    }
                }
            }
        }
    }
}
