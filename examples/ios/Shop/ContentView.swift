import AcdMobile
import SwiftUI

/// Asks, sells, and shows what the user may use.
struct ContentView: View {
    @EnvironmentObject private var shop: Shop
    @State private var plan = "…"
    @State private var asks = false

    var body: some View {
        VStack(spacing: 24) {
            Text(plan)
            Button("Buy socks") {
                shop.quietly {
                    try shop.analytics.track("Order Completed", properties: ["revenue": 14.5, "currency": "EUR"])
                }
            }
        }
        .task { await showPlan() }
        .onAppear { asks = !shop.hasChosen }
        .alert("May we see how you use the shop?", isPresented: $asks) {
            Button("Yes") {
                shop.choose(consent: true)
                Task { await shop.askForTracking(consent: true) }
            }
            Button("No", role: .cancel) { shop.choose(consent: false) }
        }
    }

    private func showPlan() async {
        do {
            let granted = try await shop.session.entitlements(product: nil).filter { $0.grants }
            plan = granted.isEmpty ? "No plan yet" : granted.map { "\($0.product): \($0.plan)" }.joined(separator: ", ")
        } catch MobileError.SignedOut {
            plan = "Please sign in"
        } catch {
            plan = "Try again later: \(error.localizedDescription)"
        }
    }
}
