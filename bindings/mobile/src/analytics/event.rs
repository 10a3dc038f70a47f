//! Events as a phone hands them over: one record a call, which crosses the border as one buffer.

/// Something a person did.
#[derive(Clone, Debug, uniffi::Record)]
pub struct TrackedEvent {
    /// What happened, such as `Order Completed`; 1 to 512 bytes.
    pub event: String,
    /// Facts about it: a JSON object, nested at most 32 deep.
    #[uniffi(default = None)]
    pub properties_json: Option<String>,
    /// The id by which the server recognises a repeat, 1 to 100 bytes. A new one when left out.
    #[uniffi(default = None)]
    pub message_id: Option<String>,
}

/// A screen that was shown.
#[derive(Clone, Debug, uniffi::Record)]
pub struct ScreenView {
    /// The screen's name, 1 to 512 bytes.
    pub name: String,
    /// Its category, 1 to 512 bytes.
    #[uniffi(default = None)]
    pub category: Option<String>,
    /// Facts about it: a JSON object, nested at most 32 deep.
    #[uniffi(default = None)]
    pub properties_json: Option<String>,
}
