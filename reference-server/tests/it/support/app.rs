//! The server on a loopback port, over a database of its own.

use std::net::SocketAddr;
use std::sync::Arc;

use acd_core::{Runtime, Secret};
use acd_platform::keys::{CreateApiKey, Scope};
use acd_platform::{PlatformClient, UserId};
use acd_server::ads::{Meta, MetaSettings};
use acd_server::app::{App, Parts};
use acd_server::gateway::{JwtSettings, JwtVerifier, KeyHasher};
use acd_server::jobs::JobSettings;
use acd_server::kernel::client::TrustedProxies;
use acd_server::kernel::clock::Clock;
use acd_server::kernel::db::{Db, PoolSettings};
use acd_server::kernel::fetch::Fetcher;
use acd_server::kernel::group::GroupSettings;
use acd_server::kernel::principal::Principal;
use acd_server::kernel::request_id::RequestId;
use acd_testing::MetaSimulator;
use chrono::TimeDelta;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::cluster::{TestDatabase, fresh_database};
use super::http::Http;

/// Signs the tokens of [`TestApp::user_token`].
const JWT_SECRET: &str = "a secret of the tests, known to nobody else";
const KEY_SECRET: &str = "dGVzdC1vbmx5LXNlY3JldC1vZi0zMi1ieXRlcy1vay4=";

/// What a test may want to be different.
pub(crate) struct TestOptions {
    /// The server's clock.
    pub(crate) clock: Clock,
    /// The pool over the database.
    pub(crate) pool: PoolSettings,
    /// How events are stored.
    pub(crate) writer: GroupSettings,
    /// Which JWTs are taken.
    pub(crate) jwt: JwtSettings,
    /// A simulator of Meta on the machine's clock, where a test needs one.
    pub(crate) meta: Option<Arc<MetaSimulator>>,
    /// Where Meta is otherwise, as for a second replica.
    pub(crate) meta_at: Option<MetaSettings>,
    /// Whether files are fetched from this machine too, where tests have theirs.
    pub(crate) fetches_private: bool,
    /// Who is believed about where requests come from.
    pub(crate) proxies: TrustedProxies,
}

impl Default for TestOptions {
    fn default() -> Self {
        // The tests of one process share a cluster and its connections.
        let pool = PoolSettings { max: 6, per_product: 4, ..PoolSettings::default() };
        let jwt = JwtSettings {
            secret: Some(Secret::from(JWT_SECRET)),
            jwks_url: None,
            audience: "authenticated".to_owned(),
            issuer: None,
        };
        Self {
            clock: Clock::system(),
            pool,
            writer: GroupSettings::default(),
            jwt,
            meta: None,
            meta_at: None,
            fetches_private: true,
            proxies: TrustedProxies::default(),
        }
    }
}

/// A running server. Ends with the test's runtime.
pub(crate) struct TestApp {
    /// Where it listens.
    pub(crate) url: String,
    /// Its database.
    pub(crate) database: TestDatabase,
    /// The services behind the API.
    pub(crate) app: App,
    /// A platform administrator's key.
    pub(crate) admin_key: Secret,
}

impl TestApp {
    /// A server over a fresh database.
    pub(crate) async fn start() -> Self {
        Self::start_with(TestOptions::default()).await
    }

    /// The same with other options.
    pub(crate) async fn start_with(options: TestOptions) -> Self {
        Self::over(fresh_database().await, options).await
    }

    /// A server over this database: a second one makes replicas.
    pub(crate) async fn over(database: TestDatabase, options: TestOptions) -> Self {
        let db = Db::new(database.options.clone(), options.pool);
        let meta = match (options.meta, options.meta_at) {
            (Some(simulator), _) => Some(Meta::simulated(db.clone(), simulator, Runtime::system()).unwrap()),
            (None, Some(settings)) => Some(Meta::connect(db.clone(), settings).unwrap()),
            (None, None) => None,
        };
        if let Some(meta) = &meta {
            tokio::spawn(meta.pools().clone().keep(CancellationToken::new()));
        }
        let app = App::new(Parts {
            db,
            clock: options.clock,
            hasher: KeyHasher::new(&Secret::from(KEY_SECRET)).unwrap(),
            jwt: JwtVerifier::new(&options.jwt).unwrap(),
            writer: options.writer,
            meta,
            fetcher: Fetcher::new(options.fetches_private).unwrap(),
            proxies: options.proxies,
        });
        app.ensure_partitions().await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (router, _) = app.router();
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(axum::serve(listener, service).into_future());
        let admin_key = make_key(&app, None, &[Scope::Admin]).await;
        Self { url, database, app, admin_key }
    }

    /// Does the server's own jobs until the test ends.
    pub(crate) fn work(&self) {
        let (keep_done, keep_dead, keep_publications) = (TimeDelta::days(7), TimeDelta::days(30), TimeDelta::days(90));
        let keep_ads_logs = TimeDelta::days(400);
        let settings =
            JobSettings { concurrency: 8, listen: None, keep_done, keep_dead, keep_publications, keep_ads_logs };
        tokio::spawn(acd_server::jobs::run(self.app.clone(), settings, CancellationToken::new()));
    }

    /// A new key of a product with these scopes.
    pub(crate) async fn key(&self, product: &str, scopes: &[Scope]) -> Secret {
        make_key(&self.app, Some(product), scopes).await
    }

    /// A JWT of a user, as Supabase issues it, valid for an hour of the server's clock.
    pub(crate) fn user_token(&self, user: UserId) -> Secret {
        let exp = self.app.clock.now().timestamp() + 3_600;
        let claims = json!({ "sub": user.uuid(), "aud": "authenticated", "role": "authenticated", "exp": exp });
        let key = EncodingKey::from_secret(JWT_SECRET.as_bytes());
        Secret::new(jsonwebtoken::encode(&Header::default(), &claims, &key).unwrap())
    }

    /// Raw HTTP to it.
    pub(crate) fn http(&self) -> Http {
        Http::new(&self.url)
    }

    /// A client with these credentials.
    pub(crate) fn client(&self, credentials: &Secret) -> PlatformClient {
        PlatformClient::new(credentials.clone(), self.url.as_str()).unwrap()
    }

    /// An administrator's client.
    pub(crate) fn admin(&self) -> PlatformClient {
        self.client(&self.admin_key)
    }

    /// A client of a product with these scopes.
    pub(crate) async fn product(&self, product: &str, scopes: &[Scope]) -> PlatformClient {
        self.client(&self.key(product, scopes).await)
    }
}

async fn make_key(app: &App, product: Option<&str>, scopes: &[Scope]) -> Secret {
    let wanted = CreateApiKey {
        name: "test".to_owned(),
        product: product.map(|slug| slug.parse().unwrap()),
        scopes: scopes.to_vec(),
        expires_at: None,
    };
    let made = app.keys.create(&Principal::service(RequestId::new()), wanted, None).await.unwrap();
    Secret::new(made.secret.unwrap())
}
