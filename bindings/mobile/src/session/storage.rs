//! The platform's secure storage, as the app brings it.

use uniffi::UnexpectedUniFFICallbackError;

/// Where secrets survive the process: the Keychain on iOS, a file encrypted with a Keystore key on Android. Called on
/// threads of the library, which may wait, one call at a time.
#[uniffi::export(foreign)]
pub trait SecureStorage: Send + Sync {
    /// The value of a key; none when there is none.
    ///
    /// # Errors
    /// When the storage cannot be read now, for example before the device was unlocked.
    fn read(&self, key: String) -> Result<Option<String>, StorageError>;

    /// Sets the value of a key, durably: when this returns, a power cut does not bring the old one back.
    ///
    /// # Errors
    /// When that is not certain.
    fn write(&self, key: String, value: String) -> Result<(), StorageError>;

    /// Removes a key, durably. One that is not there is no error.
    ///
    /// # Errors
    /// When that is not certain.
    fn remove(&self, key: String) -> Result<(), StorageError>;
}

/// Why the secure storage refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum StorageError {
    /// It cannot be used now, or never. The reason must hold no secret.
    #[error("the secure storage refused: {reason}")]
    Refused {
        /// What the platform said.
        reason: String,
    },
}

impl From<UnexpectedUniFFICallbackError> for StorageError {
    fn from(error: UnexpectedUniFFICallbackError) -> Self {
        Self::Refused { reason: format!("it threw something other than StorageError: {}", error.reason) }
    }
}
