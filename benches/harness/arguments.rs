//! What a benchmark program is told on its command line.

/// The arguments: words that select tables by their titles, and `--quick`.
#[derive(Debug)]
pub(crate) struct Arguments {
    quick: bool,
    words: Vec<String>,
}

impl Arguments {
    /// Reads the command line. `--bench`, which cargo adds, says nothing; any other option is an
    /// error, rather than a benchmark other than the one that was meant.
    pub(crate) fn read() -> Self {
        // What is built for debugging can be tried out, but measuring it says nothing.
        let mut arguments = Self { quick: cfg!(debug_assertions), words: Vec::new() };
        for argument in std::env::args().skip(1) {
            match argument.as_str() {
                "--bench" => {}
                "--quick" => arguments.quick = true,
                option if option.starts_with('-') => {
                    println!("{option}: there is --quick, and words that select tables by their titles");
                    std::process::exit(2);
                }
                word => arguments.words.push(word.to_lowercase()),
            }
        }
        arguments
    }

    /// Whether a table is to be measured.
    pub(crate) fn selects(&self, title: &str) -> bool {
        let title = title.to_lowercase();
        self.words.is_empty() || self.words.iter().any(|word| title.contains(word))
    }

    /// The one or the other, for `--quick`.
    pub(crate) fn either<T>(&self, thorough: T, quick: T) -> T {
        if self.quick { quick } else { thorough }
    }
}
