//! Generates the JavaScript around a WebAssembly module. A program of its own, since its dependencies take minutes to
//! compile and `cargo xtask` itself has to start at once.

use std::{env, ffi::OsString, process::ExitCode};

use wasm_bindgen_cli_support::Bindgen;

const USAGE: &str = "usage: acd-bindgen nodejs|web MODULE.wasm FOLDER";

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("error: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[OsString]) -> Result<(), String> {
    let [host, module, folder] = arguments else { return Err(USAGE.to_owned()) };
    let mut bindgen = Bindgen::new();
    bindgen.input_path(module);
    let set = match host.to_str() {
        // CommonJS that reads the module from the file beside it.
        Some("nodejs") => bindgen.nodejs(true),
        // One ECMAScript module for every host: where the module comes from is the caller's to say.
        Some("web") => bindgen
            .web(true)
            .map(|bindgen| bindgen.typescript(true).omit_default_module_path(true).remove_producers_section(true)),
        _ => return Err(USAGE.to_owned()),
    };
    set.and_then(|bindgen| bindgen.generate(folder)).map_err(|error| format!("{error:#}"))
}
