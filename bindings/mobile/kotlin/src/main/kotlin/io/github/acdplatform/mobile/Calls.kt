package io.github.acdplatform.mobile

import com.sun.jna.CallbackThreadInitializer
import com.sun.jna.Native

/**
 * What the generated suspending functions call in the place of the generated function of this name: those that throw a
 * [MobileException] fit this one better. It goes on to that one once the library's thread is looked after.
 */
internal suspend fun <T, F> uniffiRustCallAsync(
    rustFuture: Long,
    pollFunc: (Long, UniffiRustFutureContinuationCallback, Long) -> Unit,
    completeFunc: (Long, UniffiRustCallStatus) -> F,
    freeFunc: (Long) -> Unit,
    liftFunc: (F) -> T,
    errorHandler: MobileException.ErrorHandler,
): T {
    LibraryThread.stayAttached()
    return uniffiRustCallAsync<T, F, MobileException>(rustFuture, pollFunc, completeFunc, freeFunc, liftFunc, errorHandler)
}

/** The thread on which the library says that a call goes on. */
internal object LibraryThread {
    const val NAME = "acd"

    init {
        // Otherwise JNA makes it one of the JVM's each time that it says so and undoes that after: half of what a call takes.
        val attached = CallbackThreadInitializer(/* daemon = */ true, /* detach = */ false, NAME)
        Native.setCallbackThreadInitializer(uniffiRustFutureContinuationCallbackImpl, attached)
    }

    /** The first use of the object does it all. */
    fun stayAttached() = Unit
}
