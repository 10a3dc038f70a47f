import AcdMobile
import AppTrackingTransparency
import SwiftUI
import UIKit

@main
struct ShopApp: App {
    @StateObject private var shop = Shop()
    @Environment(\.scenePhase) private var phase

    var body: some Scene {
        WindowGroup {
            ContentView()
                .environmentObject(shop)
                .onOpenURL { url in shop.opened(url: url) }
        }
        .onChange(of: phase) { phase in
            switch phase {
            case .active:
                shop.opened()
            case .background:
                shop.backgrounded()
            default:
                break
            }
        }
    }
}

/// One process of the app: its events and its user.
@MainActor
final class Shop: ObservableObject {
    let analytics: Analytics
    let session: Session
    private var hasBeenOpen = false

    init() {
        do {
            analytics = try Analytics.open(config: Shop.config())
            session = try Session.open(
                serverUrl: "https://api.example.com",
                storage: KeychainStorage(),
                refresher: SupabaseRefresher(url: "https://auth.example.com", publishableKey: "sb_publishable_…")
            )
        } catch {
            // A setting is wrong or the folder is held by another process: both are the program's to mend.
            fatalError("the shop cannot start: \(error)")
        }
    }

    var hasChosen: Bool {
        UserDefaults.standard.object(forKey: "analytics") != nil
    }

    /// Takes what the person chose when they were asked.
    func choose(consent: Bool) {
        UserDefaults.standard.set(consent, forKey: "analytics")
        quietly {
            try self.analytics.setConsent(granted: consent)
            // This opening was not told of before they agreed.
            if consent { _ = try await self.analytics.opened(opening: Opening()) }
        }
    }

    /// Asks the system whether the app may track the person, and says so to the library.
    func askForTracking(consent: Bool) async {
        let status = await ATTrackingManager.requestTrackingAuthorization()
        analytics.setAdvertising(
            advertising: Advertising(consent: consent, trackingEnabled: status == .authorized))
    }

    func opened(url: URL? = nil) {
        let opening = Opening(fromBackground: hasBeenOpen, url: url?.absoluteString)
        hasBeenOpen = true
        quietly { _ = try await self.analytics.opened(opening: opening) }
    }

    func backgrounded() {
        quietly { try await self.analytics.backgrounded() }
    }

    /// Runs what tells of the app's use. That must never disturb the use itself: what goes wrong is a line in the log.
    func quietly(_ tell: @escaping () async throws -> Void) {
        Task {
            do {
                try await tell()
            } catch MobileError.ConsentWithheld {
                // The person's choice, and no failure.
            } catch {
                print("not told: \(error.localizedDescription)")
            }
        }
    }

    private static func config() throws -> AnalyticsConfig {
        // Not in a backup: restored on another phone it would make two phones one.
        var folder = try FileManager.default
            .url(for: .applicationSupportDirectory, in: .userDomainMask, appropriateFor: nil, create: true)
            .appendingPathComponent("acd", isDirectory: true)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var values = URLResourceValues()
        values.isExcludedFromBackup = true
        try folder.setResourceValues(values)
        let info = Bundle.main.infoDictionary
        let screen = UIScreen.main
        return AnalyticsConfig(
            writeKey: "acd_pk_…",
            serverUrl: "https://api.example.com",
            folder: folder.path,
            consent: UserDefaults.standard.bool(forKey: "analytics"),
            app: AppInfo(
                name: "Shop",
                namespace: Bundle.main.bundleIdentifier,
                version: info?["CFBundleShortVersionString"] as? String,
                build: info?["CFBundleVersion"] as? String
            ),
            device: DeviceInfo(
                platform: .ios,
                osVersion: UIDevice.current.systemVersion,
                manufacturer: "Apple",
                model: UIDevice.current.model,
                locale: Locale.preferredLanguages.first,
                timezone: TimeZone.current.identifier,
                screen: ScreenInfo(
                    width: UInt32(screen.nativeBounds.width),
                    height: UInt32(screen.nativeBounds.height),
                    density: screen.nativeScale
                )
            )
        )
    }
}
