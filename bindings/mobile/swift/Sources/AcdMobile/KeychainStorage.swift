import Foundation
import Security

/// Keeps the session in the Keychain: on this device alone, and readable from the first time it was unlocked after a start.
public final class KeychainStorage: SecureStorage {
    private let service: String

    /// - Parameter service: Sets the entries apart from others of the app.
    public init(service: String = "io.github.acdplatform.mobile") {
        self.service = service
    }

    public func read(key: String) throws -> String? {
        var query = entry(key)
        query[kSecReturnData] = true
        var found: CFTypeRef?
        switch SecItemCopyMatching(query as CFDictionary, &found) {
        case errSecSuccess:
            return (found as? Data).map { String(decoding: $0, as: UTF8.self) }
        case errSecItemNotFound:
            return nil
        case let status:
            throw refused(status)
        }
    }

    public func write(key: String, value: String) throws {
        let content: [CFString: Any] = [
            kSecValueData: Data(value.utf8),
            kSecAttrAccessible: kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly,
        ]
        var status = SecItemUpdate(entry(key) as CFDictionary, content as CFDictionary)
        if status == errSecItemNotFound {
            let whole = entry(key).merging(content) { _, new in new }
            status = SecItemAdd(whole as CFDictionary, nil)
        }
        guard status == errSecSuccess else { throw refused(status) }
    }

    public func remove(key: String) throws {
        let status = SecItemDelete(entry(key) as CFDictionary)
        guard status == errSecSuccess || status == errSecItemNotFound else { throw refused(status) }
    }

    private func entry(_ key: String) -> [CFString: Any] {
        [kSecClass: kSecClassGenericPassword, kSecAttrService: service, kSecAttrAccount: key]
    }

    private func refused(_ status: OSStatus) -> StorageError {
        let reason = SecCopyErrorMessageString(status, nil) as String? ?? "status \(status)"
        return StorageError.Refused(reason: reason)
    }
}
