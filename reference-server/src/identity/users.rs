//! The rules of users.

use acd_platform::users::{CallerKind, CreateUser, ListUsers, Me, UpdateUser, User};
use acd_platform::{Page, UserId};
use http::StatusCode;
use serde_json::json;
use uuid::Uuid;

use super::store::users::{self as store, NewUser};
use crate::kernel::db::{Db, Tx};
use crate::kernel::principal::{Actor, Principal};
use crate::kernel::problem::{Problem, Result};
use crate::kernel::{check, outbox, paging};

/// Creates, finds and changes users. Cheap to clone.
#[derive(Clone)]
pub struct Users {
    db: Db,
}

impl Users {
    /// Users in this database.
    pub fn new(db: Db) -> Self {
        Self { db }
    }

    /// Creates a user who signed up with the caller's product. With an idempotency key used before, the user made then
    /// is returned.
    pub async fn create(
        &self,
        principal: &Principal,
        wanted: CreateUser,
        idempotency_key: Option<&str>,
    ) -> Result<User> {
        let product = principal.pick_product(wanted.product)?.ok_or_else(|| {
            Problem::invalid("product_required", "product: name the product with which the user signs up")
        })?;
        check_email(&wanted.email)?;
        check_name(wanted.name.as_deref())?;
        check_avatar(wanted.avatar_url.as_deref())?;
        check_locale(wanted.locale.as_deref())?;
        check_timezone(wanted.timezone.as_deref())?;
        let new = NewUser {
            id: wanted.id.map_or_else(Uuid::now_v7, UserId::uuid),
            email: &wanted.email,
            name: wanted.name.as_deref(),
            avatar_url: wanted.avatar_url.as_deref(),
            locale: wanted.locale.as_deref().unwrap_or("en"),
            timezone: wanted.timezone.as_deref().unwrap_or("UTC"),
            signup_product: &product,
            idempotency_key,
        };
        let mut tx = self.db.scoped(principal).await?;
        if let Some(row) = store::insert(&mut tx, &new).await? {
            let user = User::try_from(row)?;
            let payload = json!({ "id": user.id });
            outbox::push(&mut tx, "user.created", Some(&product), &payload, &principal.request_id).await?;
            tx.commit().await?;
            return Ok(user);
        }
        if let Some(user) = made_before(&mut tx, &new, wanted.id).await? {
            tx.commit().await?;
            return Ok(user);
        }
        drop(tx);
        Err(self.taken(principal, &wanted.email).await?)
    }

    /// What stands in the way of a user. Asked as the service, since the other user may be another product's.
    async fn taken(&self, principal: &Principal, email: &str) -> Result<Problem> {
        let mut tx = self.db.scoped(&principal.as_service()).await?;
        let has_email = store::has_email(&mut tx, email).await?;
        tx.commit().await?;
        if has_email {
            return Ok(store::email_taken());
        }
        Ok(Problem::new(StatusCode::CONFLICT, "id_taken", "id: a user with this id exists already"))
    }

    /// Users, oldest first.
    pub async fn list(&self, principal: &Principal, query: &ListUsers) -> Result<Page<User>> {
        let limit = paging::limit(query.limit, 50, 200)?;
        let after = paging::read_cursor(query.cursor.as_deref())?;
        let email = query.email.as_deref().map(str::trim);
        let mut tx = self.db.scoped(principal).await?;
        let rows = store::list(&mut tx, email, query.signup_product.as_ref(), after, limit + 1).await?;
        tx.commit().await?;
        let page = paging::page(rows, limit, |row| row.id, User::try_from);
        Ok(Page { data: page.data.into_iter().collect::<Result<_>>()?, next_cursor: page.next_cursor })
    }

    /// A user.
    pub async fn get(&self, principal: &Principal, id: UserId) -> Result<User> {
        self.find(principal, id).await?.ok_or_else(|| Problem::not_found("user"))
    }

    async fn find(&self, principal: &Principal, id: UserId) -> Result<Option<User>> {
        let mut tx = self.db.scoped(principal).await?;
        let row = store::get(&mut tx, id.uuid()).await?;
        tx.commit().await?;
        row.map(User::try_from).transpose()
    }

    /// Changes a profile: the product where the user signed up may, and the user.
    pub async fn update(&self, principal: &Principal, id: UserId, change: &UpdateUser) -> Result<User> {
        check_change(principal, change)?;
        let mut tx = self.db.scoped(principal).await?;
        let before: User =
            store::get(&mut tx, id.uuid()).await?.ok_or_else(|| Problem::not_found("user"))?.try_into()?;
        let changed = names(change);
        if changed.is_empty() {
            tx.commit().await?;
            return Ok(before);
        }
        let row = store::update(&mut tx, id.uuid(), change).await?.ok_or_else(|| {
            Problem::forbidden(
                "not_signup_product",
                "only the product where the user signed up, and the user, may change the profile",
            )
        })?;
        let user = User::try_from(row)?;
        if let Actor::User(_) = principal.actor {
            tx.become_service().await?;
        }
        let payload = json!({ "id": user.id, "changed": changed });
        outbox::push(&mut tx, "user.updated", Some(&user.signup_product), &payload, &principal.request_id).await?;
        tx.commit().await?;
        Ok(user)
    }

    /// Who the caller is.
    pub async fn me(&self, principal: &Principal) -> Result<Me> {
        let mut me = Me {
            kind: CallerKind::Admin,
            product: principal.product().cloned(),
            scopes: principal.scopes.clone(),
            user_id: None,
            user: None,
        };
        match principal.actor {
            Actor::Product(_) => me.kind = CallerKind::Product,
            Actor::User(id) => {
                me.kind = CallerKind::User;
                me.user_id = Some(UserId::from(id));
                me.user = self.find(principal, UserId::from(id)).await?;
            }
            Actor::Admin => {}
            Actor::Service => return Err(Problem::internal("the service itself asked who it is")),
        }
        Ok(me)
    }

    /// Whether the actor of a transaction knows a user.
    pub(crate) async fn known(tx: &mut Tx, id: UserId) -> Result<bool> {
        store::exists(tx, id.uuid()).await
    }
}

/// The user that the same request made before.
async fn made_before(tx: &mut Tx, new: &NewUser<'_>, id: Option<UserId>) -> Result<Option<User>> {
    let Some(key) = new.idempotency_key else { return Ok(None) };
    let Some(earlier) = store::by_idempotency_key(tx, new.signup_product, key, new.email).await? else {
        return Ok(None);
    };
    if !earlier.same_email || id.is_some_and(|id| id.uuid() != earlier.user.id) {
        return Err(Problem::new(
            StatusCode::CONFLICT,
            "idempotency_key_reused",
            "this Idempotency-Key was used for a different request; use a new one",
        ));
    }
    earlier.user.try_into().map(Some)
}

/// The fields that a change names; their values may be personal and stay out of the outbox.
fn names(change: &UpdateUser) -> Vec<&'static str> {
    let fields = [
        ("email", change.email.is_some()),
        ("name", change.name.is_some()),
        ("avatar_url", change.avatar_url.is_some()),
        ("locale", change.locale.is_some()),
        ("timezone", change.timezone.is_some()),
    ];
    fields.into_iter().filter_map(|(name, named)| named.then_some(name)).collect()
}

fn check_change(principal: &Principal, change: &UpdateUser) -> Result<()> {
    if let Some(email) = &change.email {
        if let Actor::User(_) = principal.actor {
            return Err(Problem::forbidden(
                "email_not_confirmed",
                "email: a new address must be confirmed first; change it where you sign in",
            ));
        }
        check_email(email)?;
    }
    check_name(change.name.as_ref().and_then(Option::as_deref))?;
    check_avatar(change.avatar_url.as_ref().and_then(Option::as_deref))?;
    check_locale(change.locale.as_deref())?;
    check_timezone(change.timezone.as_deref())
}

fn check_email(email: &str) -> Result<()> {
    let clean = !email.chars().any(|c| c.is_whitespace() || c.is_control()) && email.chars().count() <= 320;
    let parts = email.split_once('@');
    if clean && parts.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@')) {
        return Ok(());
    }
    Err(check::invalid("email", "must be an e-mail address of at most 320 characters: name@host, without spaces"))
}

fn check_name(name: Option<&str>) -> Result<()> {
    name.map_or(Ok(()), |name| check::text("name", name, 1..=200))
}

fn check_avatar(url: Option<&str>) -> Result<()> {
    url.map_or(Ok(()), |url| check::url("avatar_url", url))
}

fn check_locale(locale: Option<&str>) -> Result<()> {
    let Some(locale) = locale else { return Ok(()) };
    let mut parts = locale.split('-');
    let language =
        parts.next().is_some_and(|part| matches!(part.len(), 2..=3) && part.bytes().all(|b| b.is_ascii_lowercase()));
    let rest = parts.all(|part| matches!(part.len(), 2..=8) && part.bytes().all(|b| b.is_ascii_alphanumeric()));
    if language && rest && locale.len() <= 35 {
        return Ok(());
    }
    Err(check::invalid("locale", "must be a language as BCP 47, such as en or pt-BR"))
}

fn check_timezone(zone: Option<&str>) -> Result<()> {
    let Some(zone) = zone else { return Ok(()) };
    let named = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'+' | b'-'))
    };
    if zone.len() <= 64 && zone.split('/').all(named) {
        return Ok(());
    }
    Err(check::invalid("timezone", "must be the name of a time zone, such as Europe/Berlin"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked_as_the_database_does() {
        for good in ["a@b", "Ada.Lovelace+x@example.com", "é@é.fr"] {
            assert!(check_email(good).is_ok(), "{good}");
        }
        for bad in ["", "a", "@b", "a@", "a@b@c", "a b@c", "a@b\n", "a\0@b", &format!("{}@b", "a".repeat(319))] {
            assert!(check_email(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn languages_and_zones_have_their_form() {
        assert!(["en", "deu", "pt-BR", "zh-Hant-TW"].iter().all(|good| check_locale(Some(good)).is_ok()));
        assert!(["", "e", "EN", "en_US", "en-", "en-x"].iter().all(|bad| check_locale(Some(bad)).is_err()));
        assert!(["UTC", "Europe/Berlin", "Etc/GMT+5"].iter().all(|good| check_timezone(Some(good)).is_ok()));
        assert!(["", "/", "Europe/", "a b", "\0"].iter().all(|bad| check_timezone(Some(bad)).is_err()));
    }
}
