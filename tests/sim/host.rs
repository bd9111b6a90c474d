//! The server of a run: the real one without its sockets, or a plain one with odd habits.

use crate::link::{Link, SERVER};
use crate::server::Naive;
use crate::socket::SocketEnd;
use chinwag::server::Config;
use chinwag::server::hub::Id;
use chinwag::server::intake::Intake;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

#[derive(Debug)]
pub(crate) enum Host {
    Naive(Naive),
    Real(Box<Real>),
}

impl Host {
    pub(crate) fn accept(&mut self, link: &Rc<RefCell<Link>>, now: Duration) {
        match self {
            Self::Naive(naive) => naive.accept(link, now),
            Self::Real(real) => real.accept(link, now),
        }
    }

    pub(crate) fn is_due(&self, now: Duration) -> bool {
        match self {
            Self::Naive(naive) => naive.is_due(now),
            Self::Real(real) => real.is_due(now),
        }
    }

    pub(crate) fn next_deadline(&self) -> Option<Duration> {
        match self {
            Self::Naive(naive) => naive.next_deadline(),
            Self::Real(real) => real.intake.next_deadline(),
        }
    }

    /// Whether it does not read what is sent to it.
    pub(crate) fn is_deaf(&self) -> bool {
        matches!(self, Self::Naive(naive) if naive.is_deaf())
    }

    /// Whether somebody who has much to read may be thrown out.
    pub(crate) fn is_small(&self) -> bool {
        matches!(self, Self::Real(real) if real.is_small())
    }

    /// Everybody is thrown out.
    pub(crate) fn vanish(&mut self) {
        match self {
            Self::Naive(naive) => naive.vanish(),
            Self::Real(real) => real.vanish(),
        }
    }

    pub(crate) fn turn(&mut self, now: Duration) {
        match self {
            Self::Naive(naive) => naive.turn(now),
            Self::Real(real) => real.turn(now),
        }
    }

    /// Whatever could have been announced and was not: nothing may move for that.
    pub(crate) fn check_no_event_is_missed(&mut self, now: Duration) {
        if let Self::Real(real) = self {
            real.check_no_event_is_missed(now);
        }
    }
}

/// The intake, driven as the server's event loop drives it.
#[derive(Debug)]
pub(crate) struct Real {
    config: Config,
    intake: Intake<SocketEnd>,
    links: Vec<(Id, Rc<RefCell<Link>>)>,
}

impl Real {
    pub(crate) fn new(config: Config) -> Self {
        Self { config, intake: Intake::new(&config), links: Vec::new() }
    }

    fn accept(&mut self, link: &Rc<RefCell<Link>>, now: Duration) {
        let Some(id) = self.intake.admit(SocketEnd::new(link, SERVER), now) else { return };
        self.links.push((id, Rc::clone(link)));
    }

    fn is_due(&self, now: Duration) -> bool {
        let has_events = self.links.iter().any(|(_, link)| link.borrow().events(SERVER).any());
        has_events || self.intake.has_work() || self.next_deadline().is_some_and(|deadline| deadline <= now)
    }

    fn next_deadline(&self) -> Option<Duration> {
        self.intake.next_deadline()
    }

    fn vanish(&mut self) {
        std::mem::replace(&mut self.intake, Intake::new(&self.config)).shut_down();
        self.links.clear();
    }

    fn turn(&mut self, now: Duration) {
        let has_events = self.links.iter().any(|(_, link)| link.borrow().events(SERVER).any());
        let before = self.moved();
        for (id, link) in &self.links {
            let events = link.borrow_mut().take_events(SERVER);
            if events.readable {
                self.intake.handle_readable(*id);
            }
            if events.broken {
                self.intake.handle_broken(*id);
            } else if events.ending {
                self.intake.handle_ending(*id);
            }
            if events.writable {
                self.intake.handle_writable(*id);
            }
        }
        let work = (self.intake.has_work(), self.intake.next_deadline());
        self.intake.turn(now);
        let (memory, most) = (self.intake.memory(), self.config.limits.max_memory);
        assert!(memory <= most, "the server holds {memory} bytes of {most}");
        let is_same = before == self.moved() && work == (self.intake.has_work(), self.intake.next_deadline());
        assert!(has_events || !is_same || !work.0, "the server spins: {work:?}");
        self.links.retain(|(_, link)| !link.borrow().is_gone(SERVER));
        let is_at_rest = !self.intake.has_work();
        for (id, _) in self.links.iter().filter(|_| is_at_rest) {
            let end = self.intake.transport_mut(*id);
            assert!(end.is_none_or(|end| !end.has_pushable()), "the server does not push");
        }
    }

    /// Whether there is little memory, so that who has much to read may be thrown out.
    fn is_small(&self) -> bool {
        self.config.limits.max_memory < Config::default().limits.max_memory
    }

    fn check_no_event_is_missed(&mut self, now: Duration) {
        let before = self.moved();
        for (id, _) in &self.links {
            self.intake.handle_readable(*id);
            self.intake.handle_writable(*id);
        }
        while self.intake.has_work() {
            self.intake.turn(now);
        }
        assert_eq!(before, self.moved(), "the server has missed an event");
    }

    /// How many connections there are, and how many bytes each has read and written.
    fn moved(&self) -> Vec<[usize; 4]> {
        let moved = |link: &Rc<RefCell<Link>>| {
            let link = link.borrow();
            let [written, read] = link.moved(SERVER);
            [
                read + usize::from(link.is_gone(SERVER)),
                written,
                link.read_by(SERVER).len(),
                link.written(SERVER).len(),
            ]
        };
        self.links.iter().map(|(_, link)| moved(link)).collect()
    }
}
