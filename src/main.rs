//! The client: arguments in, exit status out.

use chinwag::client::options::Options;
use chinwag::client::{self, Outcome};
use chinwag::logging;
use chinwag::signals;
use log::LevelFilter;
use std::process::ExitCode;

fn main() -> ExitCode {
    let options = Options::from_command_line();
    logging::init("chinwag", LevelFilter::Error, options.verbose);
    let result = client::run(&options);
    if let Err(failure) = &result {
        logging::say("chinwag", failure);
    }
    logging::finish();
    match result {
        Ok(Outcome::Left) => ExitCode::SUCCESS,
        Ok(Outcome::Full) => ExitCode::from(3),
        Ok(Outcome::Killed(signal)) => {
            // The terminal is as it was: end as any program does, with status 130 for SIGINT.
            signals::obey(signal);
            ExitCode::FAILURE
        }
        Err(_) => ExitCode::FAILURE,
    }
}
