//! The walk over table by role by verb, by the owner's row and by another's.

use sqlx::{AssertSqlSafe, Connection, PgConnection, Row, raw_sql};

use super::expected::{Role, TABLES, Table};
use crate::support::cluster::{TestDatabase, fresh_database};

/// One of two owners: a product, and a user who is known to that product alone.
pub(super) struct Owner {
    pub(super) product: &'static str,
    pub(super) user: &'static str,
    /// A user without any rows, for what is written anew.
    spare: &'static str,
}

pub(super) const OWN: Owner = Owner {
    product: "pct",
    user: "018f0000-0000-7000-8000-00000000000a",
    spare: "018f0000-0000-7000-8000-0000000000a0",
};
pub(super) const FOREIGN: Owner = Owner {
    product: "gapradar",
    user: "018f0000-0000-7000-8000-00000000000b",
    spare: "018f0000-0000-7000-8000-0000000000b0",
};

impl Owner {
    fn fill(&self, sql: &str, anew: bool) -> String {
        let other = if self.product == OWN.product { &FOREIGN } else { &OWN };
        sql.replace("{p}", self.product)
            .replace("{q}", other.product)
            .replace("{u}", self.user)
            .replace("{id}", if anew { self.spare } else { self.user })
            .replace("{k}", &format!("{}{}", self.product, if anew { "_new" } else { "" }))
    }

    fn insert(&self, table: &Table, anew: bool) -> String {
        let Table { name, columns, values, .. } = table;
        self.fill(&format!("insert into {name} ({columns}) values ({values})"), anew)
    }

    fn row(&self, table: &Table) -> String {
        self.fill(table.row, false)
    }
}

const ALL_PRIVILEGES: &str = "grant usage on schema shared to acd_product, acd_user;
    grant all on all tables in schema public, shared to acd_product, acd_user, acd_service, acd_admin;";

/// What came of a statement.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// It ran, over this many rows.
    Rows(u64),
    /// Refused: by a missing privilege or by a policy.
    Refused,
    /// Row security let it through; a constraint stopped it afterwards.
    Constraint,
}

impl Outcome {
    fn reached(&self) -> bool {
        !matches!(self, Self::Refused | Self::Rows(0))
    }
}

/// A database with a row of each table for two owners, inside a transaction that is never committed.
pub(super) struct Matrix {
    connection: PgConnection,
    _database: TestDatabase,
}

impl Matrix {
    pub(super) async fn start() -> Self {
        let database = fresh_database().await;
        let mut connection = PgConnection::connect_with(&database.options).await.unwrap();
        let mut sql = String::from("begin;");
        for owner in [&OWN, &FOREIGN] {
            let products = |table: &&Table| table.name != "public.products";
            let rows = TABLES.iter().filter(products).map(|table| owner.insert(table, false));
            sql.extend(rows.map(|row| row + ";"));
            sql += &format!(
                "insert into public.shared_users (id, email, signup_product) values ('{0}', '{0}@made.test', '{1}');",
                owner.spare, owner.product
            );
        }
        raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
        Self { connection, _database: database }
    }

    pub(super) fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// Every deviation from what is wanted of these tables and roles, under the privileges as granted, and once more
    /// with all privileges granted: the policies hold by themselves.
    pub(super) async fn violations(&mut self, tables: &[Table], roles: &[Role]) -> Vec<String> {
        let mut found = self.walk(tables, roles, "").await;
        found.extend(self.walk(tables, roles, ALL_PRIVILEGES).await);
        found
    }

    /// Whether the matrix tells of this change, which is taken back.
    pub(super) async fn notices(&mut self, change: &str, tables: &[Table], roles: &[Role]) -> bool {
        self.run(&format!("savepoint change; {change}")).await;
        let noticed = !self.walk(tables, roles, "").await.is_empty()
            || !self.walk(tables, roles, ALL_PRIVILEGES).await.is_empty();
        self.run("rollback to savepoint change").await;
        noticed
    }

    async fn walk(&mut self, tables: &[Table], roles: &[Role], grants: &str) -> Vec<String> {
        self.run(&format!("savepoint privileges; {grants} savepoint cell")).await;
        let mut found = Vec::new();
        for table in tables {
            for role in roles {
                let told = self.table(table, *role).await;
                found.extend(told.into_iter().map(|what| format!("{}, {}: {what}; {grants}", table.name, role.name())));
            }
        }
        self.run("rollback to savepoint privileges").await;
        found
    }

    async fn table(&mut self, table: &Table, role: Role) -> Vec<String> {
        let mut found = Vec::new();
        for verb in ['c', 'r', 'u', 'd'] {
            let (own, foreign) = self.reach(table, role, verb, true).await;
            let may = table.may(role, verb);
            if own != may {
                found.push(format!("{verb} reaches its own row: {own}, wanted: {may}"));
            }
            if foreign && (role.is_restricted() || !may) {
                found.push(format!("{verb} reaches a row that is not its own"));
            }
            if role.is_restricted() {
                let (one, other) = self.reach(table, role, verb, false).await;
                if one || other {
                    found.push(format!("{verb} reaches a row without any claim"));
                }
            }
        }
        for (_, sql) in table.forged.iter().filter(|(whose, _)| *whose == role) {
            if self.attempt(role, true, &OWN.fill(sql, true)).await.reached() {
                found.push(format!("goes through: {sql}"));
            }
        }
        found
    }

    /// Whether a role, acting for [`OWN`] or for nobody, reaches the own and the foreign row.
    async fn reach(&mut self, table: &Table, role: Role, verb: char, claims: bool) -> (bool, bool) {
        let Table { name, touch: (column, value), .. } = table;
        let mut each = [false, false];
        // Changes go to all rows at once: a condition would need the right to read, and so hide behind its policy.
        let (change, changed) = match verb {
            'u' => (format!("update {name} set {column} = {value}"), format!("and {column} = {value}")),
            'd' => (format!("delete from {name}"), String::new()),
            _ => {
                for (owner, reached) in [&OWN, &FOREIGN].into_iter().zip(&mut each) {
                    let sql = match verb {
                        'c' => owner.insert(table, true),
                        _ => format!("select from {name} where {}", owner.row(table)),
                    };
                    *reached = self.attempt(role, claims, &sql).await.reached();
                }
                return each.into();
            }
        };
        match self.attempt(role, claims, &change).await {
            Outcome::Refused => {}
            Outcome::Constraint => each = [true, true],
            Outcome::Rows(_) => {
                for (owner, reached) in [&OWN, &FOREIGN].into_iter().zip(&mut each) {
                    let sql = format!(
                        "set local role none; select exists (select from {name} where {} {changed})",
                        owner.row(table)
                    );
                    let row = raw_sql(AssertSqlSafe(sql)).fetch_one(&mut self.connection).await.unwrap();
                    *reached = row.get::<bool, _>(0) == (verb == 'u');
                }
            }
        }
        each.into()
    }

    /// Runs a statement as a role that acts for [`OWN`]; whatever it did is undone by the next one.
    async fn attempt(&mut self, role: Role, claims: bool, sql: &str) -> Outcome {
        let mut whole = format!("rollback to savepoint cell; set local role {};", role.name());
        if claims {
            // The claim of the other kind names the other owner: a role must not look at it.
            let (product, user) = match role {
                Role::User => (FOREIGN.product, OWN.user),
                _ => (OWN.product, FOREIGN.user),
            };
            whole += &format!(
                "set local acd.product = '{product}'; set local request.jwt.claims = '{{\"sub\":\"{user}\"}}';"
            );
        }
        whole += sql;
        match raw_sql(AssertSqlSafe(whole)).execute(&mut self.connection).await {
            Ok(done) => Outcome::Rows(done.rows_affected()),
            Err(sqlx::Error::Database(error)) => match error.code().as_deref() {
                Some("42501") => Outcome::Refused,
                Some(code) if code.starts_with("23") => Outcome::Constraint,
                _ => panic!("{sql}: {error}"),
            },
            Err(error) => panic!("{sql}: {error}"),
        }
    }

    async fn run(&mut self, sql: &str) {
        raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut self.connection).await.unwrap();
    }
}
