//! Programs against each other: several measures of one run each.

use super::{Arguments, Table, in_turn, median, minimum, number, ratio};

/// Contenders that are measured in the same ways; the first one is the baseline.
pub(crate) struct Trial<'a> {
    title: String,
    measures: &'static [&'static str],
    contenders: Vec<Contender<'a>>,
    notes: Vec<String>,
}

struct Contender<'a> {
    name: String,
    work: Box<dyn FnMut() -> Vec<f64> + 'a>,
}

impl<'a> Trial<'a> {
    /// Nobody contends yet. Less is better in all measures.
    pub(crate) fn new(title: &str, measures: &'static [&'static str]) -> Self {
        Self { title: title.to_owned(), measures, contenders: Vec::new(), notes: Vec::new() }
    }

    /// Adds a contender; each run returns as many values as there are measures.
    pub(crate) fn add(&mut self, name: &str, work: impl FnMut() -> Vec<f64> + 'a) {
        self.contenders.push(Contender { name: name.to_owned(), work: Box::new(work) });
    }

    /// Adds a line of words below the table, about somebody who does not contend.
    pub(crate) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// Measures and prints, if the arguments select it.
    pub(crate) fn run(mut self, arguments: &Arguments, rounds: usize) {
        if !arguments.selects(&self.title) {
            return;
        }
        let measures = self.measures.len();
        let samples = in_turn(rounds, &mut self.contenders, |contender| {
            let values = (contender.work)();
            assert_eq!(values.len(), measures, "{} was not measured in all ways", contender.name);
            values
        });
        self.table(&samples).print();
    }

    fn table(&self, samples: &[Vec<Vec<f64>>]) -> Table {
        let baseline = format!("x {}", self.contenders[0].name);
        let mut table = Table::new(&self.title, 2, &["", "", "min", "median", &baseline]);
        for (index, measure) in self.measures.iter().enumerate() {
            let of = |rounds: &[Vec<f64>]| rounds.iter().map(|values| values[index]).collect::<Vec<f64>>();
            let base = of(&samples[0]);
            for (turn, (contender, rounds)) in self.contenders.iter().zip(samples).enumerate() {
                let values = of(rounds);
                let label = if turn == 0 { measure } else { "" };
                table.row(vec![
                    label.to_owned(),
                    contender.name.clone(),
                    number(minimum(&values)),
                    number(median(&values)),
                    number(ratio(&values, &base)),
                ]);
            }
        }
        self.notes.iter().for_each(|note| table.note(note.clone()));
        table
    }
}
