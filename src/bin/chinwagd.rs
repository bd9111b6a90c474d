//! The chat server: arguments in, exit status out.

use chinwag::logging;
use chinwag::server::daemon;
use chinwag::server::options::Options;
use log::LevelFilter;
use std::process::ExitCode;

fn main() -> ExitCode {
    let options = match Options::parse(std::env::args_os()) {
        Ok(options) => options,
        Err(error) => error.exit(),
    };
    logging::init("chinwagd", LevelFilter::Warn, options.verbose);
    let result = daemon::run(&options);
    if let Err(error) = &result {
        logging::say("chinwagd", error);
    }
    logging::finish();
    if result.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
