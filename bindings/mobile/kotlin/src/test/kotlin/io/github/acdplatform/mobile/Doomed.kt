package io.github.acdplatform.mobile

import java.nio.file.Path
import java.util.concurrent.CountDownLatch
import kotlinx.coroutines.runBlocking

const val DOOMED_EVENTS = 500
const val PERSISTED = "persisted"

/** Queues events while the server is away, says when they are on disk, and waits to be killed. */
fun main(arguments: Array<String>) = runBlocking {
    val (folder, userId) = arguments
    val analytics = Analytics.open(config(Path.of(folder), serverUrl = NOWHERE, writeKey = "acd_any"))
    analytics.identify(userId, null)
    for (number in 1..DOOMED_EVENTS) analytics.track(TrackedEvent("Event $number"))
    analytics.persist()
    println(PERSISTED)
    CountDownLatch(1).await()
}
