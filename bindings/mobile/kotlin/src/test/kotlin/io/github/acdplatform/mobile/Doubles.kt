package io.github.acdplatform.mobile

import java.util.concurrent.ConcurrentHashMap

/** A secure storage in memory, as a device's would be for one process. */
class MemoryStorage(vararg entries: Pair<String, String>) : SecureStorage {
    val values = ConcurrentHashMap(entries.toMap())

    override fun read(key: String): String? = values[key]

    override fun write(key: String, value: String) {
        values[key] = value
    }

    override fun remove(key: String) {
        values.remove(key)
    }
}

/** A secure storage before the device was unlocked. */
class LockedStorage(private val error: () -> Exception) : SecureStorage {
    override fun read(key: String): String? = throw error()

    override fun write(key: String, value: String): Unit = throw error()

    override fun remove(key: String): Unit = throw error()
}
