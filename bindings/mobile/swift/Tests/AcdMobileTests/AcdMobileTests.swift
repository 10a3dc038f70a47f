import Foundation
import XCTest

@testable import AcdMobile

/// The server and its keys come from the environment, as `cargo xtask mobile` gives them to Kotlin's tests.
final class AcdMobileTests: XCTestCase {
    /// Nobody listens on the discard port.
    private let nowhere = "http://127.0.0.1:9"
    private var folder = ""

    override func setUpWithError() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
    }

    override func tearDownWithError() throws {
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func config(serverUrl: String, writeKey: String = "acd_any", consent: Bool = true) -> AnalyticsConfig {
        AnalyticsConfig(
            writeKey: writeKey,
            serverUrl: serverUrl,
            folder: folder,
            consent: consent,
            app: AppInfo(name: "Shop", version: "1.0"),
            device: DeviceInfo(platform: .ios, osVersion: "18.1"),
            shutdownTimeout: 0
        )
    }

    private func setting(_ name: String) throws -> String {
        try XCTUnwrap(ProcessInfo.processInfo.environment[name], "\(name) is not set: start a server, see the guide")
    }

    func testEventsArrive() async throws {
        let analytics = try Analytics.open(
            config: config(serverUrl: setting("ACD_URL"), writeKey: setting("ACD_WRITE_KEY")))
        try analytics.track("Order Completed", properties: ["revenue": 19.99, "coupon": NSNull()])
        try await analytics.flush()
        XCTAssertEqual(analytics.stats().delivered, 1)
    }

    func testEventsWaitForTheNextObjectOfTheFolder() async throws {
        let away = try Analytics.open(config: config(serverUrl: nowhere))
        try away.track("Opened")
        do {
            try await away.flush()
            XCTFail("nobody listens")
        } catch MobileError.Network(let failure) {
            XCTAssertTrue(failure.retryable)
        }
        try await away.persist()
        let left = try await away.shutdown()
        XCTAssertEqual(left, 1)
        let next = try Analytics.open(config: config(serverUrl: nowhere))
        XCTAssertEqual(next.stats().held, 1)
        XCTAssertEqual(next.ids(), away.ids())
    }

    func testWhatCannotBeStoredIsRefused() throws {
        let analytics = try Analytics.open(config: config(serverUrl: nowhere))
        XCTAssertThrowsError(try analytics.track(""))
        XCTAssertThrowsError(try analytics.track("E", properties: ["date": Date()]))
        try analytics.setConsent(granted: false)
        XCTAssertThrowsError(try analytics.track("E")) { error in
            guard case MobileError.ConsentWithheld = error else { return XCTFail("\(error)") }
        }
    }

    func testFiftyCallsAtOnceEndAlike() async throws {
        let session = try Session.open(serverUrl: nowhere, storage: MemoryStorage(), refresher: nil)
        let signedOut = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    do {
                        _ = try await session.me()
                        return false
                    } catch MobileError.SignedOut {
                        return true
                    } catch {
                        return false
                    }
                }
            }
            return await group.reduce(into: 0) { count, isSignedOut in count += isSignedOut ? 1 : 0 }
        }
        XCTAssertEqual(signedOut, 50)
    }

    func testTheKeychainKeepsWhatItIsGiven() throws {
        let storage = KeychainStorage(service: "io.github.acdplatform.mobile.tests.\(UUID().uuidString)")
        XCTAssertNil(try storage.read(key: "k"))
        try storage.write(key: "k", value: "one")
        try storage.write(key: "k", value: "two")
        XCTAssertEqual(try storage.read(key: "k"), "two")
        try storage.remove(key: "k")
        try storage.remove(key: "k")
        XCTAssertNil(try storage.read(key: "k"))
    }
}

/// A secure storage for one process.
private final class MemoryStorage: SecureStorage, @unchecked Sendable {
    private let lock = NSLock()
    private var values: [String: String] = [:]

    func read(key: String) throws -> String? {
        lock.withLock { values[key] }
    }

    func write(key: String, value: String) throws {
        lock.withLock { values[key] = value }
    }

    func remove(key: String) throws {
        lock.withLock { _ = values.removeValue(forKey: key) }
    }
}
