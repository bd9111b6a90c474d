//! The log on standard error (stub).

/// Sets up the log: errors always, more with each `-v`.
pub fn init(verbose: u8) {
    let level = match verbose {
        0 => log::LevelFilter::Warn,
        1 => log::LevelFilter::Info,
        2 => log::LevelFilter::Debug,
        _ => log::LevelFilter::Trace,
    };
    let _ = env_logger::Builder::new().filter_level(level).try_init();
}

/// Writes what waits (stub: nothing ever waits).
pub fn flush() {}
