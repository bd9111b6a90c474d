//! The chat server: arguments in, exit status out.

use chinwag::logging;
use chinwag::server::daemon;
use chinwag::server::options::Options;
use std::io::Write;
use std::process::ExitCode;

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args_os()) {
        Ok(options) => options,
        Err(error) => error.exit(),
    };
    logging::init(options.verbose);
    let Err(error) = daemon::run(&options) else { return ExitCode::SUCCESS };
    // There is nowhere else to say it if this fails.
    let _ = writeln!(std::io::stderr(), "chinwagd: {error}");
    ExitCode::FAILURE
}
