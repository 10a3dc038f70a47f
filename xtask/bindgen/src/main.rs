//! Generates the JavaScript around a WebAssembly module, for Node. A program of its own, since its dependencies take
//! minutes to compile and `cargo xtask` itself has to start at once.

use std::{env, process::ExitCode};

use wasm_bindgen_cli_support::Bindgen;

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args_os().skip(1).collect();
    let [module, folder] = arguments.as_slice() else {
        eprintln!("usage: acd-bindgen MODULE.wasm FOLDER");
        return ExitCode::FAILURE;
    };
    let generated = Bindgen::new().input_path(module).nodejs(true).and_then(|bindgen| bindgen.generate(folder));
    match generated {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
