//! Pieces of code against each other: nanoseconds per line, and gigabytes per second.

use super::{Arguments, Table, in_turn, median, minimum, number, ratio};
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Contenders that do the same work; the first one is the baseline.
pub(crate) struct Contest<'a> {
    title: String,
    unit: &'static str,
    contenders: Vec<Contender<'a>>,
}

struct Contender<'a> {
    name: String,
    /// How much one run does: lines, and bytes that come in.
    lines: usize,
    bytes: usize,
    /// Does so many runs, and says how long they took.
    work: Box<dyn FnMut(u32) -> Duration + 'a>,
    /// So many runs are one sample.
    runs: u32,
}

impl<'a> Contest<'a> {
    /// Nobody contends yet. The unit is what a line is called in the table.
    pub(crate) fn new(title: &str, unit: &'static str) -> Self {
        Self { title: title.to_owned(), unit, contenders: Vec::new() }
    }

    /// Adds a contender. Each run must return what is `expected`, so that one that skips its work is
    /// found out.
    pub(crate) fn add(
        &mut self,
        name: &str,
        amount: (usize, usize),
        expected: usize,
        mut work: impl FnMut() -> usize + 'a,
    ) {
        let checked = checked(name, expected);
        self.push(name, amount, move |runs| {
            let start = Instant::now();
            (0..runs).for_each(|_| checked(work()));
            start.elapsed()
        });
    }

    /// The same for work on something that is prepared for each run; that is not measured.
    pub(crate) fn add_prepared<T: 'a>(
        &mut self,
        name: &str,
        amount: (usize, usize),
        expected: usize,
        mut state: T,
        mut prepare: impl FnMut(&mut T) + 'a,
        mut work: impl FnMut(&mut T) -> usize + 'a,
    ) {
        let checked = checked(name, expected);
        self.push(name, amount, move |runs| {
            let run = |_| {
                prepare(&mut state);
                let start = Instant::now();
                checked(work(&mut state));
                start.elapsed()
            };
            (0..runs).map(run).sum()
        });
    }

    fn push(&mut self, name: &str, (lines, bytes): (usize, usize), work: impl FnMut(u32) -> Duration + 'a) {
        let work = Box::new(work);
        self.contenders.push(Contender { name: name.to_owned(), lines, bytes, work, runs: 1 });
    }

    /// Measures and prints, if the arguments select it.
    pub(crate) fn run(mut self, arguments: &Arguments) {
        if !arguments.selects(&self.title) {
            return;
        }
        let sample = Duration::from_micros(arguments.either(4000, 500));
        self.contenders.iter_mut().for_each(|contender| contender.warm_up(sample));
        let samples = in_turn(arguments.either(51, 3), &mut self.contenders, Contender::measure);
        self.table(&samples).print();
    }

    fn table(&self, samples: &[Vec<f64>]) -> Table {
        let baseline = format!("x {}", self.contenders[0].name);
        let minimum_heading = format!("ns/{} min", self.unit);
        let headings = ["", &minimum_heading, "median", "GB/s", &baseline];
        let mut table = Table::new(&self.title, 1, &headings);
        for (contender, samples_of_it) in self.contenders.iter().zip(samples) {
            let per_line: Vec<f64> = samples_of_it.iter().map(|ns| ns / contender.lines as f64).collect();
            let base: Vec<f64> = samples[0].iter().map(|ns| ns / self.contenders[0].lines as f64).collect();
            table.row(vec![
                contender.name.clone(),
                number(minimum(&per_line)),
                number(median(&per_line)),
                number(contender.bytes as f64 / median(samples_of_it)),
                number(ratio(&per_line, &base)),
            ]);
        }
        table
    }
}

impl Contender<'_> {
    /// Fills the caches, and finds out how many runs make a sample long enough to be measured.
    fn warm_up(&mut self, sample: Duration) {
        self.measure();
        let run = Duration::from_nanos(self.measure() as u64).max(Duration::from_nanos(1));
        self.runs = sample.div_duration_f64(run).ceil().max(1.0) as u32;
    }

    /// The nanoseconds of one run, on average over one sample.
    fn measure(&mut self) -> f64 {
        (self.work)(self.runs).as_nanos() as f64 / f64::from(self.runs)
    }
}

/// Takes what a run returns.
fn checked(name: &str, expected: usize) -> impl Fn(usize) + use<> {
    let name = name.to_owned();
    move |done| assert_eq!(black_box(done), expected, "{name} did not do its work")
}
