//! Who is signed in, and what they may use.

mod entitlement;
mod keeper;
mod storage;
mod tokens;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use acd_core::{Client, Error, RefreshingBearer};
use acd_platform::entitlements::ListEntitlements;
use acd_platform::{PlatformClient, ProductSlug};

pub use entitlement::{Entitlement, EntitlementSource, EntitlementStatus, Plan, Role};
pub use storage::{SecureStorage, StorageError};
pub use tokens::{SessionRefresher, SessionTokens, TokenError};

use crate::error::MobileError;
use crate::executor::run;
use keeper::Keeper;
use tokens::Refresher;

/// The user who is signed in on this device. Make one for the life of the app; it may be used from any thread.
///
/// Sign-in itself is the identity provider's (Supabase Auth, for example): hand its tokens to `sign_in`. They are kept in
/// the platform's secure storage, sent with each call, and renewed early by way of the refresher. A new token is stored
/// before it is used, so a killed process does not lose it.
#[derive(uniffi::Object)]
pub struct Session {
    server_url: String,
    keeper: Arc<Keeper>,
    refresher: Option<Arc<dyn SessionRefresher>>,
    client: Mutex<PlatformClient>,
}

#[uniffi::export]
impl Session {
    /// Takes up the session that `storage` holds, if there is one. Reads and sends nothing yet.
    ///
    /// Without a `refresher` a session ends when its access token expires.
    ///
    /// # Errors
    /// `Setting` when `server_url` is not one.
    #[uniffi::constructor]
    pub fn open(
        server_url: String,
        storage: Arc<dyn SecureStorage>,
        refresher: Option<Arc<dyn SessionRefresher>>,
    ) -> Result<Arc<Self>, MobileError> {
        let keeper = Arc::new(Keeper::new(storage));
        let client = Mutex::new(client(&server_url, &keeper, &refresher)?);
        Ok(Arc::new(Self { server_url, keeper, refresher, client }))
    }

    /// Keeps the tokens of a user who has just signed in, in the place of another user's. Calls under way go on with the
    /// tokens they began with.
    ///
    /// # Errors
    /// `Setting` for a blank access token, `Storage` when the secure storage refuses; the session before it stays then.
    pub async fn sign_in(self: Arc<Self>, tokens: SessionTokens) -> Result<(), MobileError> {
        let token = tokens.into_token()?;
        run(async move {
            self.keeper.begin(token).await?;
            self.renew_client()
        })
        .await
    }

    /// Forgets the tokens. A renewal under way can not bring them back. It does not end the session at the identity
    /// provider: call its own sign-out too.
    ///
    /// # Errors
    /// `Storage` when the secure storage refuses; the user stays signed in then.
    pub async fn sign_out(self: Arc<Self>) -> Result<(), MobileError> {
        run(async move {
            self.keeper.end().await?;
            self.renew_client()
        })
        .await
    }

    /// Whether tokens are stored. They may have been revoked since: `me` asks the server.
    ///
    /// # Errors
    /// `Storage` when the secure storage cannot be read.
    pub async fn is_signed_in(self: Arc<Self>) -> Result<bool, MobileError> {
        run(async move { self.keeper.holds_token().await }).await
    }

    /// Who the server says is signed in.
    ///
    /// # Errors
    /// `SignedOut`, `Network`, and what else a call may fail with.
    pub async fn me(&self) -> Result<Identity, MobileError> {
        let client = self.client();
        run(async move {
            let me = client.users().me().await?;
            let profile = me.user.map(|user| Profile {
                email: user.email,
                name: user.name,
                avatar_url: user.avatar_url,
                locale: user.locale,
                timezone: user.timezone,
            });
            Ok(Identity { user_id: me.user_id.map(|id| id.to_string()), profile })
        })
        .await
    }

    /// What the user may use, in every product or in the one named.
    ///
    /// # Errors
    /// `SignedOut`, `Network`, and what else a call may fail with; `Setting` for text that cannot be a product's name.
    pub async fn entitlements(&self, product: Option<String>) -> Result<Vec<Entitlement>, MobileError> {
        let client = self.client();
        let product = product.map(|name| name.parse::<ProductSlug>()).transpose();
        let product = product.map_err(|error| MobileError::Setting { reason: format!("product: {error}") })?;
        run(async move {
            let query = ListEntitlements { product, ..ListEntitlements::default() };
            let mut list = client.entitlements().list_all(query).items();
            let mut all = Vec::new();
            while let Some(entitlement) = list.next().await? {
                all.push(entitlement.into());
            }
            Ok(all)
        })
        .await
    }
}

impl Session {
    fn client(&self) -> PlatformClient {
        self.client.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A client that knows nothing of the session before.
    fn renew_client(&self) -> Result<(), MobileError> {
        let renewed = client(&self.server_url, &self.keeper, &self.refresher)?;
        *self.client.lock().unwrap_or_else(PoisonError::into_inner) = renewed;
        Ok(())
    }
}

fn client(
    server_url: &str,
    keeper: &Arc<Keeper>,
    refresher: &Option<Arc<dyn SessionRefresher>>,
) -> Result<PlatformClient, Error> {
    let auth = RefreshingBearer::new(Refresher(refresher.clone()), Keeper::store(keeper));
    Ok(PlatformClient::over(Client::builder(server_url).auth(auth).build()?))
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("server_url", &self.server_url).finish_non_exhaustive()
    }
}

/// Who is signed in.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Identity {
    /// The user's id; none for credentials that are no user's.
    pub user_id: Option<String>,
    /// The profile; none for a user whom no product has created yet.
    pub profile: Option<Profile>,
}

/// A user's profile, one for all products.
#[derive(Clone, Debug, PartialEq, Eq, uniffi::Record)]
pub struct Profile {
    /// The e-mail address in lower case.
    pub email: String,
    /// The name to show.
    pub name: Option<String>,
    /// Where the picture is.
    pub avatar_url: Option<String>,
    /// The language as BCP 47.
    pub locale: String,
    /// The time zone as IANA names it.
    pub timezone: String,
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::SystemTime;

    use async_trait::async_trait;
    use tokio::sync::{Notify, Semaphore};

    use super::*;

    /// The discard port of this machine: nobody listens.
    const NOWHERE: &str = "http://127.0.0.1:9";

    #[derive(Default)]
    struct Storage {
        value: Mutex<Option<String>>,
        is_locked: AtomicBool,
    }

    impl Storage {
        fn unlocked(&self) -> Result<std::sync::MutexGuard<'_, Option<String>>, StorageError> {
            if self.is_locked.load(Ordering::SeqCst) {
                return Err(StorageError::Refused { reason: "locked".to_owned() });
            }
            Ok(self.value.lock().unwrap())
        }
    }

    impl SecureStorage for Storage {
        fn read(&self, _: String) -> Result<Option<String>, StorageError> {
            Ok(self.unlocked()?.clone())
        }

        fn write(&self, _: String, value: String) -> Result<(), StorageError> {
            *self.unlocked()? = Some(value);
            Ok(())
        }

        fn remove(&self, _: String) -> Result<(), StorageError> {
            *self.unlocked()? = None;
            Ok(())
        }
    }

    /// Renews when it is let to.
    struct Refresher {
        began: Notify,
        may_end: Semaphore,
    }

    #[async_trait]
    impl SessionRefresher for Refresher {
        async fn refresh(&self, _: Option<String>) -> Result<SessionTokens, TokenError> {
            self.began.notify_one();
            let _permit = self.may_end.acquire().await.unwrap();
            Ok(tokens("renewed", None))
        }
    }

    fn tokens(access: &str, expires_at: Option<SystemTime>) -> SessionTokens {
        SessionTokens { access_token: access.to_owned(), refresh_token: Some("r".to_owned()), expires_at }
    }

    #[tokio::test]
    async fn a_renewal_that_a_sign_out_overtakes_brings_nothing_back() {
        let storage = Arc::new(Storage::default());
        let refresher = Arc::new(Refresher { began: Notify::new(), may_end: Semaphore::new(0) });
        let session = Session::open(NOWHERE.to_owned(), storage.clone(), Some(refresher.clone())).unwrap();
        session.clone().sign_in(tokens("expired", Some(SystemTime::UNIX_EPOCH))).await.unwrap();
        let call = tokio::spawn({
            let session = session.clone();
            async move { session.me().await }
        });
        refresher.began.notified().await;
        session.clone().sign_out().await.unwrap();
        refresher.may_end.add_permits(1);
        assert!(matches!(call.await.unwrap(), Err(MobileError::Network { .. })));
        assert_eq!(*storage.value.lock().unwrap(), None);
        assert!(matches!(session.me().await, Err(MobileError::SignedOut { .. })));
    }

    #[tokio::test]
    async fn a_storage_that_refuses_leaves_the_session_as_it_was() {
        let storage = Arc::new(Storage::default());
        let session = Session::open(NOWHERE.to_owned(), storage.clone(), None).unwrap();
        session.clone().sign_in(tokens("first", None)).await.unwrap();
        storage.is_locked.store(true, Ordering::SeqCst);
        assert!(matches!(session.clone().sign_in(tokens("second", None)).await, Err(MobileError::Storage { .. })));
        assert!(matches!(session.clone().sign_out().await, Err(MobileError::Storage { .. })));
        storage.is_locked.store(false, Ordering::SeqCst);
        assert!(session.clone().is_signed_in().await.unwrap());
        assert!(storage.value.lock().unwrap().as_ref().unwrap().contains("first"));
    }

    #[tokio::test]
    async fn what_cannot_be_a_session_is_refused() {
        assert!(matches!(
            Session::open("no url".to_owned(), Arc::new(Storage::default()), None),
            Err(MobileError::Setting { .. })
        ));
        let session = Session::open(NOWHERE.to_owned(), Arc::new(Storage::default()), None).unwrap();
        let blank = session.clone().sign_in(tokens(" ", None)).await;
        assert!(matches!(blank, Err(MobileError::Setting { .. })));
        assert!(!session.clone().is_signed_in().await.unwrap());
        assert!(matches!(session.me().await, Err(MobileError::SignedOut { .. })));
    }
}
