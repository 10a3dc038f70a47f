import Foundation

extension Analytics {
    /// Queues something the person did, with facts about it: what `JSONSerialization` takes.
    ///
    /// - Throws: `MobileError.Event` when it cannot be stored as it is, `ConsentWithheld`, `QueueFull`, or `Closed`.
    public func track(_ event: String, properties: [String: Any]? = nil, messageId: String? = nil) throws {
        try track(event: TrackedEvent(event: event, propertiesJson: json(properties), messageId: messageId))
    }

    /// Queues a screen that was shown, with facts about it.
    ///
    /// - Throws: As `track`.
    public func screen(_ name: String, category: String? = nil, properties: [String: Any]? = nil) throws {
        try screen(view: ScreenView(name: name, category: category, propertiesJson: json(properties)))
    }

    /// Queues who the user is, with facts about them such as `email`, and remembers them for the events to come.
    ///
    /// - Throws: As `track`; `MobileError.Storage` when the user could not be remembered.
    public func identify(_ userId: String, traits: [String: Any]? = nil) throws {
        try identify(userId: userId, traitsJson: json(traits))
    }
}

private func json(_ facts: [String: Any]?) throws -> String? {
    guard let facts else { return nil }
    guard JSONSerialization.isValidJSONObject(facts) else {
        throw MobileError.Event(reason: "the facts have no form in JSON: give text, numbers, booleans, maps or lists")
    }
    return String(decoding: try JSONSerialization.data(withJSONObject: facts), as: UTF8.self)
}
