//! The chat server: arguments in, exit status out.

use std::process::ExitCode;

fn main() -> ExitCode {
    chinwag::cli::server::main()
}
