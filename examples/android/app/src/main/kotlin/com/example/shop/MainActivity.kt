package com.example.shop

import android.app.Activity
import android.app.AlertDialog
import android.os.Bundle
import android.widget.Button
import android.widget.LinearLayout
import android.widget.TextView
import io.github.acdplatform.mobile.MobileException
import io.github.acdplatform.mobile.track
import kotlinx.coroutines.CoroutineScope
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.SupervisorJob
import kotlinx.coroutines.cancel
import kotlinx.coroutines.launch
import kotlinx.coroutines.withContext

/** Asks, sells, and shows what the user may use. */
class MainActivity : Activity() {
    private val shop get() = application as ShopApplication
    private val scope = CoroutineScope(SupervisorJob() + Dispatchers.Default)
    private lateinit var plan: TextView

    override fun onCreate(state: Bundle?) {
        super.onCreate(state)
        plan = TextView(this)
        val buy = Button(this)
        buy.text = "Buy socks"
        buy.setOnClickListener {
            shop.quietly { shop.analytics.track("Order Completed", mapOf("revenue" to 14.5, "currency" to "EUR")) }
        }
        val column = LinearLayout(this)
        column.orientation = LinearLayout.VERTICAL
        listOf(plan, buy).forEach(column::addView)
        setContentView(column)
        if (!shop.hasChosen) ask()
        showPlan()
    }

    override fun onDestroy() {
        // Ends the calls that nobody waits for any more.
        scope.cancel()
        super.onDestroy()
    }

    private fun ask() {
        AlertDialog.Builder(this)
            .setMessage("May we see how you use the shop?")
            .setPositiveButton("Yes") { _, _ -> shop.choose(true) }
            .setNegativeButton("No") { _, _ -> shop.choose(false) }
            .show()
    }

    private fun showPlan() {
        scope.launch {
            val text = try {
                val granted = shop.session.entitlements(null).filter { it.grants }
                granted.joinToString { "${it.product}: ${it.plan}" }.ifEmpty { "No plan yet" }
            } catch (_: MobileException.SignedOut) {
                "Please sign in"
            } catch (error: MobileException) {
                "Try again later: ${error.message}"
            }
            withContext(Dispatchers.Main) { plan.text = text }
        }
    }
}
