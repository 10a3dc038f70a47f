package com.example.shop

import android.app.Activity
import android.app.Application
import android.os.Build
import android.os.Bundle
import android.util.Log
import io.github.acdplatform.mobile.Analytics
import io.github.acdplatform.mobile.AnalyticsConfig
import io.github.acdplatform.mobile.AppInfo
import io.github.acdplatform.mobile.DeviceInfo
import io.github.acdplatform.mobile.MobileException
import io.github.acdplatform.mobile.Opening
import io.github.acdplatform.mobile.Platform
import io.github.acdplatform.mobile.ScreenInfo
import io.github.acdplatform.mobile.Session
import java.util.Locale
import java.util.TimeZone
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.launch

/** One process of the app: its events and its user. */
class ShopApplication : Application() {
    lateinit var analytics: Analytics
        private set
    lateinit var session: Session
        private set

    private val scope = CoroutineScope(SupervisorJob() + Dispatchers.Default)
    private val choices by lazy { getSharedPreferences("choices", MODE_PRIVATE) }

    override fun onCreate() {
        super.onCreate()
        analytics = Analytics.open(
            AnalyticsConfig(
                writeKey = "acd_pk_…",
                serverUrl = SERVER_URL,
                // Not in a backup: restored on another phone it would make two phones one.
                folder = noBackupFilesDir.resolve("acd").path,
                consent = choices.getBoolean(CONSENT, false),
                app = appInfo(),
                device = deviceInfo(),
            )
        )
        session = Session.open(SERVER_URL, KeystoreStorage(this), SupabaseRefresher("https://auth.example.com", "sb_publishable_…"))
        registerActivityLifecycleCallbacks(Visibility())
    }

    /** Whether the person was asked before. */
    val hasChosen get() = choices.contains(CONSENT)

    /** Takes what the person chose when they were asked. */
    fun choose(consent: Boolean) {
        choices.edit().putBoolean(CONSENT, consent).apply()
        quietly {
            analytics.setConsent(consent)
            // This opening was not told of before they agreed.
            if (consent) analytics.opened(Opening())
        }
    }

    /** Runs what tells of the app's use. That must never disturb the use itself: what goes wrong is a line in the log. */
    fun quietly(tell: suspend () -> Unit) {
        scope.launch {
            try {
                tell()
            } catch (_: MobileException.ConsentWithheld) {
                // The person's choice, and no failure.
            } catch (error: MobileException) {
                Log.w("shop", "not told: ${error.message}")
            }
        }
    }

    private fun appInfo(): AppInfo {
        val installed = packageManager.getPackageInfo(packageName, 0)
        @Suppress("DEPRECATION")
        return AppInfo("Shop", packageName, installed.versionName, installed.versionCode.toString())
    }

    private fun deviceInfo(): DeviceInfo {
        val screen = resources.displayMetrics
        return DeviceInfo(
            platform = Platform.Android,
            osVersion = Build.VERSION.RELEASE,
            manufacturer = Build.MANUFACTURER,
            model = Build.MODEL,
            locale = Locale.getDefault().toLanguageTag(),
            timezone = TimeZone.getDefault().id,
            screen = ScreenInfo(screen.widthPixels.toUInt(), screen.heightPixels.toUInt(), screen.density.toDouble()),
        )
    }

    /** Tells of openings, and brings events to disk before the system may end the process. */
    private inner class Visibility : ActivityLifecycleCallbacks {
        private var started = 0
        private var hasBeenOpen = false

        override fun onActivityStarted(activity: Activity) {
            if (started++ > 0) return
            val opening = Opening(hasBeenOpen, activity.intent?.dataString, activity.referrer?.host)
            hasBeenOpen = true
            quietly { analytics.opened(opening) }
        }

        override fun onActivityStopped(activity: Activity) {
            if (--started == 0) quietly { analytics.backgrounded() }
        }

        override fun onActivityCreated(activity: Activity, state: Bundle?) = Unit

        override fun onActivityResumed(activity: Activity) = Unit

        override fun onActivityPaused(activity: Activity) = Unit

        override fun onActivitySaveInstanceState(activity: Activity, state: Bundle) = Unit

        override fun onActivityDestroyed(activity: Activity) = Unit
    }

    private companion object {
        const val SERVER_URL = "https://api.example.com"
        const val CONSENT = "analytics"
    }
}
