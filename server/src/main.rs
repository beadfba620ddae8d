//! `switchboard`: the server and its command line.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    // One provider for the whole process, chosen here and not by whichever crate comes first. An error means that one is
    // installed already, which nobody but this line does.
    drop(rustls::crypto::ring::default_provider().install_default());
    cli::main()
}
