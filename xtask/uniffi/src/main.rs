//! Generates the Kotlin, Swift and Python of the mobile library. A program of its own, since its dependencies take long to
//! compile and `cargo xtask` itself has to start at once.

fn main() {
    uniffi::uniffi_bindgen_main();
}
