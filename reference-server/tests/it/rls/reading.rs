//! What readers see: views, users known by an entitlement, and the hash that no product reads.

use sqlx::{AssertSqlSafe, PgConnection, query_as, query_scalar, raw_sql};

use super::matrix::{FOREIGN, Matrix, OWN};

async fn run(connection: &mut PgConnection, sql: &str) -> sqlx::Result<u64> {
    let done = raw_sql(AssertSqlSafe(sql.to_owned())).execute(connection).await?;
    Ok(done.rows_affected())
}

fn is_refused(result: sqlx::Result<u64>) -> bool {
    let code =
        |error: sqlx::Error| error.as_database_error().and_then(|error| error.code().map(|code| code == "42501"));
    result.err().and_then(code) == Some(true)
}

#[tokio::test]
async fn views_of_events_obey_the_row_security_of_their_reader() {
    let mut matrix = Matrix::start().await;
    let connection = matrix.connection();
    for owner in [&OWN, &FOREIGN] {
        for kind in ["identify", "page", "screen", "group", "alias"] {
            let sql = format!(
                "insert into shared_events (id, product, type, message_id, user_id, timestamp, received_at)
                 values (acd.uuid_v7(), '{}', '{kind}', '{kind}', '{}', now(), now())",
                owner.product, owner.user
            );
            run(connection, &sql).await.unwrap();
        }
    }
    let views: Vec<(String, bool)> = query_as(
        "select c.oid::regclass::text, coalesce('security_invoker=true' = any (c.reloptions), false)
         from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
         where c.relkind = 'v' and n.nspname not in ('pg_catalog', 'information_schema')",
    )
    .fetch_all(&mut *connection)
    .await
    .unwrap();
    assert!(views.len() >= 7, "{views:?}");
    let product = format!("set local role acd_product; set local acd.product = '{}'", OWN.product);
    let user = format!("set local role acd_user; set local request.jwt.claims = '{{\"sub\":\"{}\"}}'", OWN.user);
    for (view, invoker) in views {
        assert!(invoker, "{view} would show rows with its owner's rights");
        for (role, seen) in [
            (product.as_str(), vec![OWN.product]),
            (user.as_str(), vec![OWN.product]),
            ("set local role acd_admin", vec![FOREIGN.product, OWN.product]),
            ("set local role acd_product", vec![]),
            ("set local role acd_user", vec![]),
        ] {
            run(connection, &format!("savepoint reader; {role}")).await.unwrap();
            let sql = format!("select distinct product from {view} order by 1");
            let products: Vec<String> = query_scalar(AssertSqlSafe(sql)).fetch_all(&mut *connection).await.unwrap();
            assert_eq!(products, seen, "{view} after {role}");
            run(connection, "rollback to savepoint reader").await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_product_reads_the_users_it_entitles_and_changes_only_those_that_signed_up_with_it() {
    let mut matrix = Matrix::start().await;
    let connection = matrix.connection();
    let entitle = format!(
        "insert into shared_entitlements (user_id, product, plan, role, status, source)
         values ('{}', '{}', 'pro', 'member', 'active', 'bundle');
         set local role acd_product; set local acd.product = '{1}'",
        FOREIGN.user, OWN.product
    );
    run(connection, &entitle).await.unwrap();
    let row = format!("where id = '{}'", FOREIGN.user);
    assert_eq!(run(connection, &format!("select from shared_users {row}")).await.unwrap(), 1);
    assert_eq!(run(connection, &format!("update shared_users set name = 'taken over' {row}")).await.unwrap(), 0);
    let rows = run(connection, "select from shared_entitlements").await.unwrap();
    assert_eq!(rows, 2, "its own entitlements: of its own user and of the one it shares");
}

#[tokio::test]
async fn no_product_and_no_user_changes_what_checks_the_signatures_of_a_key() {
    let mut matrix = Matrix::start().await;
    let connection = matrix.connection();
    for role in ["acd_product", "acd_user"] {
        for sql in [
            "update service_keys set public_key = sha256('chosen'), algorithm = 'ed25519'",
            "update service_keys set scopes = '{events:read}'",
            "update service_keys set id = gen_random_uuid()",
            "select from shared.signature_nonce",
            "delete from shared.signature_nonce",
        ] {
            let whole = format!("savepoint one; set local role {role}; set local acd.product = '{}'", OWN.product);
            run(connection, &whole).await.unwrap();
            assert!(is_refused(run(connection, sql).await), "{role}: {sql}");
            run(connection, "rollback to savepoint one").await.unwrap();
        }
    }
}

#[tokio::test]
async fn no_product_and_no_user_reads_or_writes_the_hash_of_a_key() {
    let mut matrix = Matrix::start().await;
    let connection = matrix.connection();
    for role in ["acd_product", "acd_user"] {
        for sql in [
            "select key_hash from api_keys",
            "select * from api_keys",
            "select from api_keys where key_hash is not null",
            "update api_keys set key_hash = sha256('chosen')",
            "insert into api_keys (product, name, prefix, key_hash, scopes)
             values ('pct', 'x', 'acd_x', sha256('x'), '{events:write}') returning key_hash",
        ] {
            let whole = format!("savepoint one; set local role {role}; set local acd.product = '{}'", OWN.product);
            run(connection, &whole).await.unwrap();
            assert!(is_refused(run(connection, sql).await), "{role}: {sql}");
            run(connection, "rollback to savepoint one").await.unwrap();
        }
    }
}
