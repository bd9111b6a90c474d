//! The words of a command line, for a build without clap: which options they are, and with which values (POSIX,
//! "Utility Syntax Guidelines", and the long options of GNU).
//!
//! What it makes of any words is what clap makes of them; but of many things that are wrong it names the first.

use super::table::{OPERAND, Program, Row, Wrong};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

/// What was given.
#[derive(Debug)]
pub(crate) struct Words {
    /// The options, each with one value, or an empty one if it takes none; in the order in which they came.
    found: Vec<(&'static str, OsString)>,
}

impl Words {
    /// Takes a command line apart, the program's name first.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub(crate) fn parse(program: &'static Program, words: &[OsString]) -> Result<Self, Wrong> {
        let rows = program.rows();
        let named =
            |name: &[u8]| rows.iter().find(|row| row.name.as_bytes() == name).ok_or(Wrong::Unexpected);
        let lettered =
            |letter| rows.iter().find(|row| row.letter.as_bytes() == [letter]).ok_or(Wrong::Unexpected);
        let mut given = Self { found: Vec::new() };
        let mut rest = words.get(1..).unwrap_or_default().iter();
        while let Some(word) = rest.next() {
            match word.as_bytes() {
                b"--" => {
                    rest.by_ref().try_for_each(|word| given.take_operand(program, word))?;
                }
                [b'-', b'-', long @ ..] => {
                    let (name, value) = match long.iter().position(|&byte| byte == b'=') {
                        Some(at) => (&long[..at], Some(&long[at + 1..])),
                        None => (long, None),
                    };
                    given.take(named(name)?, value, &mut rest)?;
                }
                [b'-', letters @ ..] if !letters.is_empty() => {
                    let mut letters = letters;
                    while let [letter, behind @ ..] = letters {
                        let row = lettered(*letter)?;
                        letters = if row.is_flag() { behind } else { &[] };
                        let value = behind.strip_prefix(b"=").unwrap_or(behind);
                        let has_value = behind.len() > letters.len();
                        given.take(row, has_value.then_some(value), &mut rest)?;
                    }
                }
                _ => given.take_operand(program, word)?,
            }
        }
        Ok(given)
    }

    /// Whether there was such an option.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.first(name).is_some()
    }

    /// Its value, the first if there are many.
    pub(crate) fn first(&self, name: &str) -> Option<&OsString> {
        self.all(name).next()
    }

    /// Its values.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &OsString> {
        self.found.iter().filter(move |(found, _)| *found == name).map(|(_, value)| value)
    }

    /// How often it was given, as a flag.
    pub(crate) fn count(&self, name: &str) -> u8 {
        u8::try_from(self.all(name).count()).unwrap_or(u8::MAX)
    }

    fn take_operand(&mut self, program: &Program, word: &OsStr) -> Result<(), Wrong> {
        if program.operand.is_empty() || self.has(OPERAND) {
            return Err(Wrong::Unexpected);
        }
        self.found.push((OPERAND, word.to_owned()));
        Ok(())
    }

    /// An option, with the value in its own word or those in the next ones.
    fn take<'a>(
        &mut self,
        row: &Row,
        value: Option<&[u8]>,
        rest: &mut (impl Iterator<Item = &'a OsString> + Clone),
    ) -> Result<(), Wrong> {
        let before = self.found.len();
        let is_second = !row.can_be_repeated() && self.has(row.name);
        match value {
            Some(_) if row.is_flag() => return Err(Wrong::TakesNoValue),
            Some(value) => self.found.push((row.name, OsStr::from_bytes(value).to_owned())),
            None if row.is_flag() => self.found.push((row.name, OsString::new())),
            None => {
                let is_value = |word: &&OsString| word.len() < 2 || word.as_bytes()[0] != b'-';
                let values = rest.clone().take(row.most_values()).take_while(is_value).count();
                self.found.extend(rest.take(values).map(|word| (row.name, word.clone())));
            }
        }
        match self.found.len() - before {
            0 => Err(Wrong::NeedsValue),
            _ if is_second => Err(Wrong::GivenTwice),
            _ => Ok(()),
        }
    }
}

#[cfg(all(test, feature = "clap"))]
mod tests {
    use super::super::clap_words;
    use super::*;
    use crate::cli::table::COMMON;
    use std::os::unix::ffi::OsStringExt as _;

    const PROGRAM: Program = Program {
        name: "program",
        about: "",
        operand: "WHAT",
        prefix: "PRO_",
        options: &[
            "port|p|PORT|5378|\nname||NAME||\nquiet|q|||\nsend||NAME [TEXT]||\nskip|s|NAME...||\n",
            COMMON,
        ],
        brief: "",
        before: "",
        after: "",
    };
    static WITH_OPERAND: Program = PROGRAM;
    static WITHOUT: Program = Program { operand: "", ..PROGRAM };

    /// Whatever the words are.
    #[test]
    fn words_mean_what_clap_takes_them_for() {
        let known: Vec<OsString> = "-p -p1 -p=1 -p= -pq -q -qp -qp2 -vv -vqv -qq -q=1 -vp3 -sx -s -hV --port --port= --port=1 \
            --port=-1 --name --name=x=y --quiet --quiet=1 --quiet= --send --send=a --skip --skip=a --nam --namer --send= \
            -- - --- -x a b a=b -1 -- -é é"
            .split(' ')
            .map(OsString::from)
            .chain([OsString::new(), OsString::from_vec(b"\xff".into()), OsString::from_vec(b"--name=\xff".into())])
            .chain([OsString::from_vec(b"-p\xff".into()), OsString::from_vec(b"-\xff".into()), OsString::from_vec(b"--\xff".into())])
            .collect();
        // xorshift, Marsaglia 2003.
        let mut state = 7_u32;
        let mut below = |count: usize| {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state as usize % count
        };
        for run in 0..20_000 {
            let program = if run % 4 == 0 { &WITHOUT } else { &WITH_OPERAND };
            let mut words = vec![OsString::from("program")];
            words.extend((0..below(6)).map(|_| known[below(known.len())].clone()).collect::<Vec<_>>());
            let (ours, theirs) = (Words::parse(program, &words), clap_words::Words::parse(program, &words));
            match (ours, theirs) {
                (Ok(ours), Ok(theirs)) => {
                    for name in program.rows().iter().map(|row| row.name) {
                        assert_eq!(ours.has(name), theirs.has(name), "{name} of {words:?}");
                        match name {
                            "quiet" | "verbose" | "help" | "version" => {
                                assert!(
                                    name == "quiet" || ours.count(name) == theirs.count(name),
                                    "{name} of {words:?}"
                                );
                            }
                            _ => assert!(ours.all(name).eq(theirs.all(name)), "{name} of {words:?}"),
                        }
                    }
                    if !program.operand.is_empty() {
                        assert_eq!(ours.first(OPERAND), theirs.first(OPERAND), "{words:?}");
                    }
                }
                // Of many things that are wrong, clap may name another one.
                (Err(ours), Err(theirs)) => {
                    assert!(ours == theirs || words.len() > 2, "{ours:?} {theirs:?}: {words:?}")
                }
                (ours, theirs) => panic!("{ours:?} {theirs:?}: {words:?}"),
            }
        }
    }
}
