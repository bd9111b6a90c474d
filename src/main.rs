//! The client: arguments in, exit status out.

use chinwag::client;
use chinwag::client::options::Options;
use chinwag::logging;
use chinwag::session::Ending;
use log::LevelFilter;
use std::process::ExitCode;

fn main() -> ExitCode {
    let options = Options::from_command_line();
    logging::init("chinwag", LevelFilter::Error, options.verbose);
    let status = match client::run(&options) {
        Ok(Ending::Left) => 0,
        Ok(Ending::Full) => 3,
        Err(failure) => {
            logging::say("chinwag", &failure);
            1
        }
    };
    logging::finish();
    ExitCode::from(status)
}
