//! What was given on a program's command line and, where that says nothing, in its environment: what the words
//! mean, and what is wrong with them.

#[cfg(feature = "clap")]
use super::clap_words::Words;
use super::destination::Destination;
use super::table::{OPERAND, Program, Wrong};
use super::tls;
use super::units::{self, Number};
#[cfg(not(feature = "clap"))]
use super::words::Words;
use crate::net::endpoint::Place;
use crate::net::{log, stdio};
use crate::wire::escape;
use crate::wire::protocol::DEFAULT_PORT;
use std::ffi::{OsStr, OsString};
use std::process::{self, ExitCode};

/// Which of a command line's words is wrong is found among so many.
const MOST_WORDS: usize = 100;

/// What is said of an option of builds with that feature.
pub(super) const ONLY_WITH_TLS: &str = "is only in builds with `--features tls`";

/// A command line that can be understood.
#[derive(Debug)]
pub(crate) struct Given {
    program: &'static Program,
    words: Words,
}

impl Given {
    /// Takes a command line apart, the program's name first.
    ///
    /// # Errors
    /// A sentence for the user.
    pub(crate) fn parse(program: &'static Program, words: &[OsString]) -> Result<Self, String> {
        match Words::parse(program, words) {
            Ok(words) => Self { program, words }.checked(),
            Err(wrong) => Err(complaint(program, words, wrong)),
        }
    }

    /// What the word without an option says is not to be said by an option, too.
    fn checked(self) -> Result<Self, String> {
        let Some(word) = self.operand() else { return Ok(self) };
        let text = harmless(word);
        let said = word.to_str().ok_or("not UTF-8").and_then(Destination::parse);
        let said = said.map_err(|why| format!("error: '{text}': {why}"))?;
        for option in ["name", "address", "port"] {
            if said.part(option).is_some() && self.words.has(option) {
                return Err(format!("error: '{text}' and --{option} say the same thing: leave one out"));
            }
        }
        Ok(self)
    }

    /// The word without an option.
    fn operand(&self) -> Option<&OsString> {
        if self.program.operand.is_empty() { None } else { self.words.first(OPERAND) }
    }

    /// What the word without an option says of this option.
    fn part(&self, name: &str) -> Option<&str> {
        Destination::parse(self.operand()?.to_str()?).ok()?.part(name)
    }

    /// Whether a flag is set. In its environment variable `0`, `no`, `off`, `false` and nothing mean that
    /// it is not.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.words.has(name)
            || std::env::var_os(self.program.variable(name)).is_some_and(|value| means_yes(&value))
    }

    /// The environment variable of an option, if it is set and says yes.
    #[cfg(not(feature = "tls"))]
    pub(super) fn asks_by_variable(&self, name: &str) -> Option<String> {
        let variable = self.program.variable(name);
        std::env::var_os(&variable).is_some_and(|value| means_yes(&value)).then_some(variable)
    }

    /// How often `-v` was given.
    pub(crate) fn verbosity(&self) -> u8 {
        self.words.count("verbose")
    }

    /// The value of an option: the one given, that of its environment variable, or the default.
    pub(crate) fn value(&self, name: &str) -> Option<OsString> {
        let given = self.part(name).map(OsString::from).or_else(|| self.words.first(name).cloned());
        given.or_else(|| std::env::var_os(self.program.variable(name))).or_else(|| {
            let default = self.program.rows().into_iter().find(|row| row.name == name)?.default;
            (!default.is_empty()).then(|| default.into())
        })
    }

    /// All values of an option that can have many, or that of its environment variable.
    pub(crate) fn values(&self, name: &str) -> Vec<OsString> {
        if self.words.has(name) {
            return self.words.all(name).cloned().collect();
        }
        std::env::var_os(self.program.variable(name)).into_iter().collect()
    }

    /// Whether anything was said of an option.
    pub(crate) fn is_said(&self, name: &str) -> bool {
        self.words.has(name) || std::env::var_os(self.program.variable(name)).is_some()
    }

    /// The same as a text.
    ///
    /// # Errors
    /// A sentence for the user, as with those below.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, String> {
        let Some(value) = self.value(name) else { return Ok(None) };
        value.into_string().map(Some).map_err(|value| self.wrong(name, &value, "not UTF-8"))
    }

    /// The same as a number.
    pub(crate) fn number(&self, name: &str, read: Number) -> Result<Option<u64>, String> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        read(&text).map(Some).map_err(|why| self.wrong(name, text.as_ref(), why))
    }

    /// Where the server is, or is to be: one place, if the option cannot be given again.
    pub(crate) fn places(&self) -> Result<Vec<Place>, String> {
        let port = self.number("port", units::port)?.map_or(DEFAULT_PORT, |port| port as u16);
        let mut values = self.values("address");
        if values.is_empty() || self.part("address").is_some() {
            values = Vec::from_iter(self.value("address"));
        }
        let mut places = Vec::new();
        for value in values {
            let text = value.to_str().ok_or("not UTF-8").and_then(tls::place);
            let place = text.and_then(|text| Place::parse(text, port));
            places.push(place.map_err(|why| self.wrong("address", &value, why))?);
        }
        Ok(places)
    }

    /// The sentence that says so.
    #[cold]
    pub(crate) fn wrong(&self, name: &str, value: &OsStr, why: &str) -> String {
        let value = harmless(value);
        if self.part(name).is_some() || self.words.has(name) {
            format!("error: invalid value '{value}' for --{name}: {why}")
        } else {
            format!("error: invalid value '{value}' for {}: {why}", self.program.variable(name))
        }
    }
}

/// Says which word is wrong: the first from which on, without those behind it, nothing is right any more.
/// (One that needs another is right again with the next.)
#[cold]
fn complaint(program: &'static Program, words: &[OsString], mut what: Wrong) -> String {
    let mut wrong = None;
    for end in 2..=words.len().min(MOST_WORDS) {
        match Words::parse(program, &words[..end]) {
            Ok(_) => wrong = None,
            Err(error) if wrong.is_some() => {
                what = error;
                break;
            }
            Err(error) => (what, wrong) = (error, words.get(end - 1)),
        }
    }
    let what = match what {
        Wrong::NeedsValue => "needs a value",
        Wrong::GivenTwice => "was given twice",
        Wrong::TakesNoValue => "takes no value",
        Wrong::Unexpected => wrong.and_then(|word| feature_of(word)).unwrap_or("was not expected"),
    };
    let word = wrong.map_or_else(|| "a word".to_owned(), |word| format!("'{}'", harmless(word)));
    format!("error: {word} {what}")
}

/// What is said of an option of a larger build.
fn feature_of(word: &OsStr) -> Option<&'static str> {
    let is_one_of = |options: &str| {
        let mut options = options.split(' ');
        options.any(|option| word.as_encoded_bytes().starts_with(option.as_bytes()))
    };
    if !cfg!(feature = "rich") && is_one_of("--pretty --notify --on-message --ignore") {
        return Some("is only in builds with `--features rich`");
    }
    if !cfg!(feature = "tls") && is_one_of("--tls") {
        return Some(ONLY_WITH_TLS);
    }
    (!cfg!(feature = "host") && is_one_of("--host")).then_some("is only in builds with `--features host`")
}

/// The answer to what is no call for the program itself, be the other arguments wrong: for help, or the
/// version.
pub(crate) fn answer(program: &'static Program, words: &[OsString]) -> Option<String> {
    words.iter().skip(1).take_while(|word| *word != "--").find_map(|word| {
        let word = word.as_encoded_bytes();
        let letters =
            word.strip_prefix(b"-").filter(|rest| rest.iter().all(|letter| b"hvV".contains(letter)));
        let has = |letter| letters.is_some_and(|letters| letters.contains(letter));
        if has(&b'h') {
            return Some(program.help(false));
        }
        if word == b"--help" {
            return Some(program.help(true));
        }
        (has(&b'V') || word == b"--version")
            .then(|| format!("{} {}\n", program.name, env!("CARGO_PKG_VERSION")))
    })
}

/// Prints an answer. Who has closed standard output does not want to read it.
pub(crate) fn print(answer: &str) -> ExitCode {
    stdio::print(rustix::stdio::stdout(), answer.as_bytes());
    ExitCode::SUCCESS
}

/// Says what is wrong with a command line, and ends the program.
pub(crate) fn leave(program: &'static Program, sentence: &str) -> ! {
    log::say_lines(
        "",
        &format_args!("{sentence}\n\n{}\nFor more information, try '--help'.\n", program.usage()),
    );
    log::finish();
    process::exit(2);
}

/// The line ends of what was given are not those of the message.
fn harmless(word: &OsStr) -> String {
    escape::harmless(&word.to_string_lossy())
}

/// Whether a flag's environment variable says yes.
fn means_yes(value: &OsStr) -> bool {
    !["", "0", "n", "no", "f", "false", "off"].iter().any(|no| value.eq_ignore_ascii_case(no))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::table::COMMON;
    use crate::cli::units::port;

    static PROGRAM: Program = Program {
        name: "program",
        about: "",
        operand: "[NAME@]HOST[:PORT]",
        prefix: "NO_SUCH_PROGRAM_",
        options: &["address||HOST|h\nname||NAME\nport|p|PORT|5378|The port\nquiet||||Say nothing\n", COMMON],
        brief: "",
        before: "",
        after: "",
    };

    fn words(line: &str) -> Vec<OsString> {
        ["program"].into_iter().chain(line.split_whitespace()).map(OsString::from).collect()
    }

    #[test]
    fn help_and_version_are_answers_whatever_else_is_asked() {
        let version = format!("program {}\n", env!("CARGO_PKG_VERSION"));
        for (line, expected) in [
            ("--help", PROGRAM.help(true)),
            ("--port x --help -h", PROGRAM.help(true)),
            ("-h", PROGRAM.help(false)),
            ("-vvh", PROGRAM.help(false)),
            ("-hv stray --help", PROGRAM.help(false)),
            ("-V", version.clone()),
            ("--bogus --version", version),
        ] {
            assert_eq!(answer(&PROGRAM, &words(line)), Some(expected), "{line}");
        }
        for line in ["", "-v", "-ahost", "--host", "-- --help", "--helper", "-"] {
            assert_eq!(answer(&PROGRAM, &words(line)), None, "{line}");
        }
    }

    #[test]
    fn word_that_is_wrong_is_named() {
        for (line, expected) in [
            ("--bogus", "'--bogus' was not expected"),
            ("--port 1 --bogus --port", "'--bogus' was not expected"),
            ("--bogus --port 1", "'--bogus' was not expected"),
            ("-v stray second --quiet", "'second' was not expected"),
            ("--quiet --port", "'--port' needs a value"),
            ("--port --quiet", "'--port' needs a value"),
            ("-p 1 -p 2", "'-p' was given twice"),
            ("-p 1 --port=2 -v", "'--port=2' was given twice"),
            ("--quiet=yes -v", "'--quiet=yes' takes no value"),
            ("-vx", "'-vx' was not expected"),
            ("--\x1b", "'--^[' was not expected"),
            #[cfg(not(feature = "rich"))]
            ("-v --pretty", "'--pretty' is only in builds with `--features rich`"),
            #[cfg(not(feature = "rich"))]
            ("--notify=bell", "'--notify=bell' is only in builds with `--features rich`"),
        ] {
            assert_eq!(
                Given::parse(&PROGRAM, &words(line)).unwrap_err(),
                format!("error: {expected}"),
                "{line}"
            );
        }
        let many = words(&"-v ".repeat(MOST_WORDS));
        let many = [&many[..], &words("--bogus")[1..]].concat();
        assert_eq!(Given::parse(&PROGRAM, &many).unwrap_err(), "error: a word was not expected");
    }

    #[test]
    fn value_that_is_wrong_is_named() {
        let given = Given::parse(&PROGRAM, &words("-p 1\x1b")).unwrap();
        let sentence = "error: invalid value '1^[' for --port: not a number from 0 to 65535";
        assert_eq!(given.number("port", port).unwrap_err(), sentence);
        let given = Given::parse(&PROGRAM, &words("-vv")).unwrap();
        assert_eq!((given.number("port", port), given.verbosity()), (Ok(Some(5378)), 2));
        let sentence = "error: invalid value 'x' for NO_SUCH_PROGRAM_PORT: why";
        assert_eq!(given.wrong("port", "x".as_ref(), "why"), sentence);
    }

    #[test]
    fn word_without_an_option_says_what_options_say() {
        let text = |given: &Given, name| given.text(name).unwrap();
        let places = |given: &Given| given.places().unwrap().iter().map(Place::to_string).collect::<Vec<_>>();
        let given = Given::parse(&PROGRAM, &words("--quiet ann@[::1]:7")).unwrap();
        assert_eq!(text(&given, "name").as_deref(), Some("ann"));
        assert_eq!((places(&given), given.number("port", port)), (vec!["[::1]:7".to_owned()], Ok(Some(7))));
        let given = Given::parse(&PROGRAM, &words("-p 9 --name ann -- chat")).unwrap();
        assert_eq!((places(&given), given.number("port", port)), (vec!["chat:9".to_owned()], Ok(Some(9))));
        let given = Given::parse(&PROGRAM, &words("-v")).unwrap();
        assert_eq!((places(&given), text(&given, "name")), (vec!["h:5378".to_owned()], None));
        let given = Given::parse(&PROGRAM, &words("ann@/run/chat")).unwrap();
        assert_eq!(
            (places(&given), text(&given, "name").as_deref()),
            (vec!["/run/chat".to_owned()], Some("ann"))
        );
        let given = Given::parse(&PROGRAM, &words("chat:65536")).unwrap();
        let sentence = "error: invalid value '65536' for --port: not a number from 0 to 65535";
        assert_eq!(given.number("port", port).unwrap_err(), sentence);
        for (line, expected) in [
            ("chat:1 -p 2", "error: 'chat:1' and --port say the same thing: leave one out"),
            ("--name bob ann@chat", "error: 'ann@chat' and --name say the same thing: leave one out"),
            ("--address chat chat", "error: 'chat' and --address say the same thing: leave one out"),
            ("chat:", "error: 'chat:': a part of HOST[:PORT] is empty"),
            ("a:b:\x1b", "error: 'a:b:^[': not HOST[:PORT]"),
        ] {
            assert_eq!(Given::parse(&PROGRAM, &words(line)).unwrap_err(), expected);
        }
    }

    #[test]
    fn environment_means_no_in_many_ways() {
        for (value, expected) in [
            ("", false),
            ("0", false),
            ("No", false),
            ("FALSE", false),
            ("off", false),
            ("1", true),
            ("yes", true),
        ] {
            assert_eq!(means_yes(value.as_ref()), expected, "{value}");
        }
    }
}
