package io.github.acdplatform.mobile

import com.sun.jna.Native
import com.sun.jna.Pointer
import java.nio.ByteBuffer
import java.util.Collections
import java.util.WeakHashMap

/**
 * Queues something the person did, with facts about it: texts, numbers, booleans, and maps and lists of them.
 *
 * @throws MobileException.Event when it cannot be stored as it is
 * @throws MobileException.ConsentWithheld when the person did not agree to be tracked
 * @throws MobileException.QueueFull when memory or disk hold as many events as they may
 * @throws MobileException.Closed after `shutdown`
 */
@Throws(MobileException::class)
fun Analytics.track(event: String, properties: Map<String, Any?>? = null, messageId: String? = null) {
    val json = properties?.let(::jsonOf)
    if (!Lane.take(this, event, json, messageId)) track(TrackedEvent(event, json, messageId))
}

/** The short way into the library: one packed buffer, one call, and plain numbers. Says whether it took the event. */
private object Lane {
    /** A larger event than the server takes goes the long way, which says so. */
    private const val LARGEST = 40 * 1024
    private const val ABSENT = -1

    private val numbers = Collections.synchronizedMap(WeakHashMap<Analytics, Long>())
    private val buffers = ThreadLocal.withInitial { Packed() }

    init {
        // The generated code loads the library first, and refuses one of another version.
        uniffiEnsureInitialized()
        Native.register(Lane::class.java, libraryName())
    }

    @JvmStatic
    external fun acd_mobile_track(lane: Long, packed: Long, length: Int): Byte

    fun take(analytics: Analytics, event: String, properties: String?, messageId: String?): Boolean {
        val texts = arrayOf(event.toByteArray(), properties?.toByteArray(), messageId?.toByteArray())
        if (texts.sumOf { it?.size ?: 0 } > LARGEST) return false
        val packed = buffers.get()
        packed.bytes.clear()
        for (text in texts) packed.bytes.putInt(text?.size ?: ABSENT)
        for (text in texts) if (text != null) packed.bytes.put(text)
        val lane = numbers.getOrPut(analytics) { analytics.lane().toLong() }
        return acd_mobile_track(lane, packed.address, packed.bytes.position()) != 0.toByte()
    }

    private fun libraryName() =
        System.getProperty("uniffi.component.acd_mobile.libraryOverride") ?: "acd_mobile"

    private class Packed {
        val bytes: ByteBuffer = ByteBuffer.allocateDirect(LARGEST + 3 * Int.SIZE_BYTES)
        val address = Pointer.nativeValue(Native.getDirectBufferPointer(bytes))
    }
}
