//! Row security, proven from the catalog: no role reaches a row that is not its own, and each policy is needed for that.

mod catalog;
mod expected;
mod matrix;
mod reading;

use sqlx::{FromRow, PgConnection, query_as};

use self::expected::{Role, TABLES, Table};
use self::matrix::Matrix;

#[tokio::test]
async fn no_role_reaches_a_row_that_is_not_its_own() {
    let mut matrix = Matrix::start().await;
    let violations = matrix.violations(TABLES, &Role::ALL).await;
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}

#[derive(Debug, FromRow)]
struct Policy {
    table: String,
    name: String,
    role: String,
    using: Option<String>,
    check: Option<String>,
}

async fn policies(connection: &mut PgConnection) -> Vec<Policy> {
    let sql = r#"select schemaname || '.' || tablename as "table", policyname::text as name, roles[1]::text as role,
            qual as "using", with_check as "check"
        from pg_policies order by 1, 2"#;
    query_as(sql).fetch_all(connection).await.unwrap()
}

impl Policy {
    fn guarded(&self) -> &'static [Table] {
        let at = TABLES.iter().position(|table| table.name == self.table);
        let at = at.unwrap_or_else(|| panic!("{} has a policy and stands in no matrix", self.table));
        &TABLES[at..=at]
    }

    fn role(&self) -> Role {
        Role::ALL.into_iter().find(|role| role.name() == self.role).unwrap()
    }

    /// The policy with one of its conditions made true.
    fn weakened(&self) -> Vec<String> {
        let alter = |clause| format!("alter policy {} on {} {clause} (true)", self.name, self.table);
        let mut all = Vec::new();
        if self.using.is_some() {
            all.push(alter("using"));
        }
        if self.check.is_some() {
            all.push(alter("with check"));
        }
        all
    }
}

#[tokio::test]
async fn the_matrix_fails_without_any_one_policy() {
    let mut matrix = Matrix::start().await;
    let policies = policies(matrix.connection()).await;
    assert!(policies.len() >= TABLES.len(), "{policies:?}");
    for policy in policies {
        let drop = format!("drop policy {} on {}", policy.name, policy.table);
        let noticed = matrix.notices(&drop, policy.guarded(), &[policy.role()]).await;
        assert!(noticed, "nothing notices that {policy:?} is gone");
    }
}

#[tokio::test]
async fn the_matrix_fails_when_any_policy_of_a_restricted_role_lets_all_through() {
    let mut matrix = Matrix::start().await;
    for policy in policies(matrix.connection()).await {
        if !policy.role().is_restricted() {
            continue;
        }
        for weaker in policy.weakened() {
            let noticed = matrix.notices(&weaker, policy.guarded(), &[policy.role()]).await;
            assert!(noticed, "nothing notices: {weaker}");
        }
    }
}

#[tokio::test]
async fn the_matrix_fails_when_row_security_is_switched_off() {
    let mut matrix = Matrix::start().await;
    for at in 0..TABLES.len() {
        let off = format!("alter table {} disable row level security", TABLES[at].name);
        assert!(matrix.notices(&off, &TABLES[at..=at], &Role::ALL).await, "nothing notices: {off}");
    }
}
