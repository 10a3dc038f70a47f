//! What the catalog itself must say.

use sqlx::{PgPool, query_as, query_scalar};

use super::expected::TABLES;
use crate::support::cluster::fresh_database;

async fn names(pool: &PgPool, sql: &'static str) -> Vec<String> {
    query_scalar(sql).fetch_all(pool).await.unwrap()
}

#[tokio::test]
async fn every_table_is_in_the_matrix_and_forces_row_security() {
    let pool = fresh_database().await.pool();
    let found: Vec<(String, bool, bool)> = query_as(
        "select c.oid::regclass::text, c.relrowsecurity, c.relforcerowsecurity
         from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
         where n.nspname in ('public', 'shared') and c.relkind in ('r', 'p', 'f', 'm') and not c.relispartition
         order by 1",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let mut listed: Vec<&str> = TABLES.iter().map(|table| table.name.trim_start_matches("public.")).collect();
    listed.sort_unstable();
    assert_eq!(found.iter().map(|(name, ..)| name.as_str()).collect::<Vec<_>>(), listed, "tables::expected lists all");
    for (name, enabled, forced) in found {
        assert!(enabled && forced, "{name}: enabled {enabled}, forced {forced}");
    }
}

/// The partitions of events, and the ledger of migrations: nothing outside of the matrix is open to anybody.
#[tokio::test]
async fn no_other_table_is_open_to_any_role() {
    let pool = fresh_database().await.pool();
    let open = names(
        &pool,
        "select format('%s %s %s', c.oid::regclass, r.rolname, p.privilege)
         from pg_class as c join pg_namespace as n on n.oid = c.relnamespace,
            pg_roles as r, unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger'])
                as p (privilege)
         where c.relkind in ('r', 'p', 'f', 'm')
            and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
            and (n.nspname not in ('public', 'shared') or c.relispartition)
            and r.rolname in ('acd_product', 'acd_user', 'acd_service', 'acd_admin')
            and (has_table_privilege(r.oid, c.oid, p.privilege)
                or p.privilege in ('select', 'insert', 'update', 'references')
                    and has_any_column_privilege(r.oid, c.oid, p.privilege))",
    )
    .await;
    assert_eq!(open, Vec::<String>::new());
    let partitions: Vec<(String, bool, bool, i64)> = query_as(
        "select c.oid::regclass::text, c.relrowsecurity, c.relforcerowsecurity,
            (select count(*) from pg_policy where polrelid = c.oid)
         from pg_class as c where c.relispartition and c.relkind = 'r'",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert!(partitions.len() >= 4, "{partitions:?}");
    for (name, enabled, forced, policies) in partitions {
        assert!(enabled && forced && policies == 0, "{name}: enabled {enabled}, forced {forced}, {policies} policies");
    }
}

#[tokio::test]
async fn no_role_that_requests_work_under_can_get_around_policies() {
    let pool = fresh_database().await.pool();
    let roles: Vec<(String, bool)> = query_as(
        "select rolname::text, rolsuper or rolbypassrls or rolcanlogin or rolcreaterole or rolcreatedb
            or exists (select from pg_auth_members where member = r.oid)
         from pg_roles as r where rolname like 'acd\\_%' order by 1",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    let expected = ["acd_admin", "acd_product", "acd_service", "acd_user"].map(|name| (name.to_owned(), false));
    assert_eq!(roles, expected, "no role logs in, bypasses row security, or inherits from another");

    let definers = names(
        &pool,
        "select p.oid::regprocedure || ' ' || r.rolname from pg_proc as p, pg_roles as r
         where p.prosecdef and r.rolname in ('acd_product', 'acd_user') and has_function_privilege(r.oid, p.oid, 'execute')",
    )
    .await;
    assert_eq!(definers, Vec::<String>::new(), "functions that run with the owner's rights");

    let internal = names(
        &pool,
        "select p.oid::regprocedure || ' ' || r.rolname
         from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace, pg_roles as r
         where n.nspname = 'shared' and r.rolname in ('acd_product', 'acd_user')
            and has_function_privilege(r.oid, p.oid, 'execute')",
    )
    .await;
    assert_eq!(internal, Vec::<String>::new(), "functions over tables that only the service reads");
}

#[tokio::test]
async fn each_policy_is_for_one_role_and_asks_for_the_claim_once_a_statement() {
    let pool = fresh_database().await.pool();
    let policies: Vec<(String, Vec<String>, String)> = query_as(
        "select policyname::text, roles::text[], coalesce(qual, '') || ' ' || coalesce(with_check, '') from pg_policies",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    for (name, roles, text) in policies {
        assert!(matches!(roles.as_slice(), [role] if role.starts_with("acd_")), "{name} is for {roles:?}");
        for claim in ["acd.product()", "auth.uid()"] {
            let plain = text.replace(&format!("SELECT {claim}"), "");
            assert!(!plain.contains(claim), "{name} calls {claim} for each row: {text}");
        }
        assert!(!text.contains("current_setting"), "{name} reads a setting by itself: {text}");
    }
}

#[tokio::test]
async fn what_policies_look_at_is_indexed() {
    let pool = fresh_database().await.pool();
    // A column is looked at when the policy depends on it and the condition for existing rows names it.
    let columns: Vec<(String, bool)> = query_as(
        r"select distinct format('%s: %s.%s', p.polname, a.attrelid::regclass, a.attname), exists (
                select from pg_index as i
                where i.indrelid = a.attrelid and i.indisvalid and i.indpred is null
                    and pg_get_indexdef(i.indexrelid, 1, true) ~ ('\m' || a.attname || '\M'))
          from pg_policy as p
            join pg_depend as d on d.classid = 'pg_policy'::regclass and d.objid = p.oid
                and d.refclassid = 'pg_class'::regclass and d.refobjsubid > 0
            join pg_attribute as a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid
          where pg_get_expr(p.polqual, p.polrelid) ~ ('\m' || a.attname || '\M')",
    )
    .fetch_all(&pool)
    .await
    .unwrap();
    assert!(
        columns.iter().any(|(column, _)| column == "shared_events_user_select: shared_events.user_id"),
        "{columns:?}"
    );
    let bare: Vec<&str> = columns.iter().filter(|(_, indexed)| !indexed).map(|(column, _)| column.as_str()).collect();
    assert_eq!(bare, Vec::<&str>::new());
}
