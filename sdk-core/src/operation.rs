//! The static metadata of an API call.

use http::Method;

/// How an operation behaves when the server receives it more than once.
///
/// Retry and hedging read this and nothing else: the HTTP method is never taken as a hint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Safety {
    /// Changes nothing on the server. May be repeated at any time.
    Safe,
    /// Changes the server, but a second arrival leaves the same state as the first.
    Idempotent,
    /// May be repeated only because an idempotency key travels with it; the pipeline attaches one when the caller
    /// gave none.
    Keyed,
    /// A second arrival may act twice. Repeated only when the first surely never left this process.
    Unsafe,
}

impl Safety {
    /// The name used in spans and tables, in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Idempotent => "idempotent",
            Self::Keyed => "keyed",
            Self::Unsafe => "unsafe",
        }
    }
}

/// Which pair of timeouts a call gets. The durations are set by
/// [`ClientBuilder::timeouts`](crate::ClientBuilder::timeouts).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimeoutClass {
    /// Answers from memory or one indexed row: 5 s an attempt, 15 s overall.
    Quick,
    /// The usual call: 20 s an attempt, 60 s overall.
    Standard,
    /// Work done while the caller waits, such as a report: 120 s an attempt, 300 s overall.
    Long,
    /// Moves large bodies: 600 s an attempt, no overall deadline.
    Transfer,
}

impl TimeoutClass {
    /// The name used in spans and tables, in lower case.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Standard => "standard",
            Self::Long => "long",
            Self::Transfer => "transfer",
        }
    }
}

/// The methods an operation may have. [`http::Method`] itself has a destructor, which would stop `&OPERATION` of a
/// `const` from living for `'static`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Verb {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
}

/// How many pools one operation may draw from. Meta counts by application, account and business use case.
const MOST_POOLS: usize = 4;

/// What is known about an API call before it is made: declared once as a `const`, read by the client's policies, the
/// server's router, the metrics and the documentation.
///
/// ```
/// use acd_core::{Operation, Safety};
/// use http::Method;
///
/// const GET_KEY: Operation = Operation::new("platform.keys.get", Method::GET, "/v1/keys/{id}").safe();
/// assert_eq!(GET_KEY.safety(), Safety::Safe);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Operation {
    name: &'static str,
    verb: Verb,
    path: &'static str,
    safety: Safety,
    cost: u32,
    pools: [&'static str; MOST_POOLS],
    timeout: TimeoutClass,
}

impl Operation {
    /// Declares an operation: [`Safety::Unsafe`], cost 1, no pool and [`TimeoutClass::Standard`] until said otherwise.
    ///
    /// `name` is dotted and in lower case (`meta.campaigns.create`): span names and metric labels are made of it.
    /// `path` starts with `/` and names its parameters in braces, as axum's router does: `/v1/keys/{id}`.
    ///
    /// # Panics
    /// At compile time when used in a `const`: on an empty name, a path without a leading `/` or with unbalanced
    /// braces, or a method other than GET, HEAD, POST, PUT, PATCH and DELETE.
    pub const fn new(name: &'static str, method: Method, path: &'static str) -> Self {
        assert!(!name.is_empty(), "an operation needs a name");
        assert!(is_template(path), "an operation's path starts with `/` and closes every `{{` with `}}`");
        let verb = match method {
            Method::GET => Verb::Get,
            Method::HEAD => Verb::Head,
            Method::POST => Verb::Post,
            Method::PUT => Verb::Put,
            Method::PATCH => Verb::Patch,
            Method::DELETE => Verb::Delete,
            _ => panic!("an operation's method is one of GET, HEAD, POST, PUT, PATCH and DELETE"),
        };
        // A destructor cannot run in a const fn, and none of the methods matched above owns memory.
        std::mem::forget(method);
        Self {
            name,
            verb,
            path,
            safety: Safety::Unsafe,
            cost: 1,
            pools: [""; MOST_POOLS],
            timeout: TimeoutClass::Standard,
        }
    }

    /// Declares that the call changes nothing on the server.
    #[must_use]
    pub const fn safe(mut self) -> Self {
        self.safety = Safety::Safe;
        self
    }

    /// Declares that repeating the call leaves the same state.
    #[must_use]
    pub const fn idempotent(mut self) -> Self {
        self.safety = Safety::Idempotent;
        self
    }

    /// Declares that the server honours an idempotency key for the call.
    #[must_use]
    pub const fn keyed(mut self) -> Self {
        self.safety = Safety::Keyed;
        self
    }

    /// Sets what one call takes from its limit pool, in the pool's units.
    #[must_use]
    pub const fn cost(mut self, units: u32) -> Self {
        self.cost = units;
        self
    }

    /// Names a limit pool that calls draw from. An operation may draw from up to four, such as those of the application
    /// and of the account; each is asked in the order given here.
    ///
    /// # Panics
    /// At compile time when used in a `const`: on an empty name and on a fifth pool.
    #[must_use]
    pub const fn pool(mut self, name: &'static str) -> Self {
        assert!(!name.is_empty(), "a pool needs a name");
        let used = self.limit_pools().len();
        assert!(used < MOST_POOLS, "an operation draws from at most four pools");
        self.pools[used] = name;
        self
    }

    /// Sets the timeout class.
    #[must_use]
    pub const fn timeout(mut self, class: TimeoutClass) -> Self {
        self.timeout = class;
        self
    }

    /// The dotted name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The HTTP method.
    pub const fn method(&self) -> Method {
        match self.verb {
            Verb::Get => Method::GET,
            Verb::Head => Method::HEAD,
            Verb::Post => Method::POST,
            Verb::Put => Method::PUT,
            Verb::Patch => Method::PATCH,
            Verb::Delete => Method::DELETE,
        }
    }

    /// The path template with parameters in braces.
    pub const fn path(&self) -> &'static str {
        self.path
    }

    /// What happens when the call arrives twice.
    pub const fn safety(&self) -> Safety {
        self.safety
    }

    /// What one call takes from its pool.
    pub const fn cost_units(&self) -> u32 {
        self.cost
    }

    /// The limit pools that the call draws from.
    pub const fn limit_pools(&self) -> &[&'static str] {
        let mut used = 0;
        while used < MOST_POOLS && !self.pools[used].is_empty() {
            used += 1;
        }
        self.pools.split_at(used).0
    }

    /// The name without its last part: `meta.campaigns` of `meta.campaigns.create`. Breakers judge by group.
    pub const fn group(&self) -> &'static str {
        let mut end = self.name.len();
        while end > 0 {
            end -= 1;
            if self.name.as_bytes()[end] == b'.' {
                return self.name.split_at(end).0;
            }
        }
        self.name
    }

    /// The timeout class.
    pub const fn timeout_class(&self) -> TimeoutClass {
        self.timeout
    }
}

const fn is_template(path: &str) -> bool {
    let bytes = path.as_bytes();
    if bytes.is_empty() || bytes[0] != b'/' {
        return false;
    }
    let mut open = false;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'{' if open => return false,
            b'{' => open = true,
            b'}' if !open || bytes[at - 1] == b'{' => return false,
            b'}' => open = false,
            b'/' | b'?' | b'#' if open => return false,
            b'?' | b'#' => return false,
            _ => {}
        }
        at += 1;
    }
    !open
}

#[cfg(test)]
mod tests {
    use super::*;

    const CREATE: Operation = Operation::new("meta.campaigns.create", Method::POST, "/v1/{account}/campaigns")
        .keyed()
        .cost(3)
        .pool("meta.account")
        .pool("meta.app")
        .timeout(TimeoutClass::Long);

    fn forever(operation: &'static Operation) -> &'static Operation {
        operation
    }

    #[test]
    fn a_const_is_usable_as_a_static_reference() {
        let create = forever(&CREATE);
        assert_eq!(create.method(), Method::POST);
        assert_eq!(create.cost_units(), 3);
        assert_eq!(create.limit_pools(), ["meta.account", "meta.app"]);
        assert_eq!(create.group(), "meta.campaigns");
        assert_eq!(create.safety(), Safety::Keyed);
        assert_eq!(create.timeout_class(), TimeoutClass::Long);
    }

    #[test]
    fn an_operation_is_unsafe_until_declared_otherwise() {
        assert_eq!(Operation::new("a.b", Method::GET, "/").safety(), Safety::Unsafe);
    }

    #[test]
    fn malformed_templates_are_refused() {
        for path in ["", "v1", "/v1/{id", "/v1/id}", "/v1/{}", "/v1/{a{b}}", "/v1/{a/b}", "/v1?x=1"] {
            assert!(!is_template(path), "{path} was accepted");
        }
        for path in ["/", "/v1/keys/{id}", "/{a}:{b}"] {
            assert!(is_template(path), "{path} was refused");
        }
    }
}
