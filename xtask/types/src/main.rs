//! Generates the TypeScript types and Zod schemas of the wire types, and samples of their values. A program of its own,
//! since it is compiled with every client crate and `cargo xtask` itself has to start at once.

mod contracts;
mod error;
mod model;
mod parameter;
mod registry;
mod render;
mod samples;
mod shape;

use std::{env, path::Path, process::ExitCode};

use crate::{error::Error, model::Model};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<(), Error> {
    match arguments {
        ["generate", folder] => render::write(&Model::load()?, Path::new(folder)),
        ["samples", count, seed, file] => {
            let count = count.parse().map_err(|_| Error::Usage)?;
            let seed = seed.parse().map_err(|_| Error::Usage)?;
            samples::write(&Model::load()?, count, seed, Path::new(file))
        }
        _ => Err(Error::Usage),
    }
}
