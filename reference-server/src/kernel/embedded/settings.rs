//! The server's settings, passed on its command line so that a new acd needs no change to an old data folder.

use super::Durability;
use super::home::Home;

/// The port only names the socket file: nothing listens on the network.
pub(super) const PORT: u16 = 5432;

/// Right for a workstation or a small server: memory that is only reserved, and few checkpoints.
const COMMON: [(&str, &str); 16] = [
    ("listen_addresses", ""),
    ("unix_socket_permissions", "0700"),
    ("max_connections", "200"),
    ("shared_buffers", "256MB"),
    ("work_mem", "16MB"),
    ("maintenance_work_mem", "128MB"),
    ("random_page_cost", "1.1"),
    // Short statements under row security: compiling them costs more than it gains.
    ("jit", "off"),
    ("min_wal_size", "256MB"),
    ("max_wal_size", "4GB"),
    ("checkpoint_timeout", "15min"),
    ("checkpoint_completion_target", "0.9"),
    ("timezone", "UTC"),
    ("log_timezone", "UTC"),
    ("log_checkpoints", "off"),
    ("log_line_prefix", "%m [%p] %q%a "),
];

const DURABLE: [(&str, &str); 3] = [("fsync", "on"), ("synchronous_commit", "on"), ("full_page_writes", "on")];

const TEST_ONLY: [(&str, &str); 5] = [
    ("fsync", "off"),
    ("synchronous_commit", "off"),
    ("full_page_writes", "off"),
    ("wal_level", "minimal"),
    ("max_wal_senders", "0"),
];

/// Command line arguments of `postgres`.
pub(super) fn arguments(home: &Home, durability: Durability) -> Vec<String> {
    let chosen: &[(&str, &str)] = match durability {
        Durability::Durable => &DURABLE,
        Durability::TestOnlyFast => &TEST_ONLY,
    };
    let fixed = COMMON.iter().chain(chosen).map(|(name, value)| format!("{name}={value}"));
    let placed = [
        format!("port={PORT}"),
        // The setting is a list: quotes keep a comma in the path from splitting it.
        format!("unix_socket_directories=\"{}\"", home.socket_dir().display()),
    ];
    let mut arguments = vec!["-D".to_owned(), home.data().display().to_string()];
    arguments.extend(fixed.chain(placed).flat_map(|setting| ["-c".to_owned(), setting]));
    arguments
}
