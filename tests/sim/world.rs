//! A run: clients, a server, links, faults and a clock, all from one seed; faults first, then a calm phase
//! in which all must come to rest.

use crate::checks;
use crate::client::Client;
use crate::host::{Host, Real};
use crate::link::{CLIENT, Clock, Events, Link, SERVER};
use crate::options::Options;
use crate::random::Random;
use crate::server::Naive;
use crate::stats::Stats;
use crate::stranger::Stranger;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

/// No run may take more turns than this.
const MOST_TURNS: usize = 1_000_000;

/// After the faults, all is at rest within this time, but for who tries to come back to a full server.
const REST: Duration = Duration::from_secs(1000);

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) options: Options,
    pub(crate) clock: Clock,
    pub(crate) clients: Vec<Client>,
    pub(crate) server: Host,
    pub(crate) stats: Stats,
    strangers: Vec<Stranger>,
    links: Vec<Rc<RefCell<Link>>>,
    random: Random,
    down_until: Duration,
    is_calm: bool,
}

impl World {
    pub(crate) fn new(options: Options, mut random: Random) -> Self {
        let clock: Clock = Rc::new(Cell::new(Duration::ZERO));
        let clients = options.clients.iter();
        let until = options.faults.until.as_millis() as usize;
        let mut stranger = |number| {
            let comes = random.millis(until);
            Stranger::draw(&mut random, number, comes, &clock)
        };
        let strangers = (0..options.strangers).map(&mut stranger).collect();
        Self {
            strangers,
            clients: clients.map(|client| Client::new(client.clone(), &mut random, &clock)).collect(),
            server: match options.host {
                Some(config) => Host::Real(Box::new(Real::new(config))),
                None => Host::Naive(Naive::new(options.server, random.split())),
            },
            options,
            clock,
            stats: Stats::default(),
            links: Vec::new(),
            random,
            down_until: Duration::ZERO,
            is_calm: false,
        }
    }

    /// The whole run, checked.
    pub(crate) fn run(&mut self) {
        self.run_until(self.options.faults.until);
        checks::check_messages(&self.clients, false);
        self.calm();
        self.run_until(self.clock.get() + REST);
        self.check_rest();
        for client in &mut self.clients {
            client.typing.borrow_mut().finish();
        }
        self.run_until(self.clock.get() + REST);
        self.check_all_have_ended();
        checks::check_messages(&self.clients, false);
        for client in &self.clients {
            self.stats.count_events(&client.events);
            self.stats.count_ending(client.ending.as_ref().map(|ending| ending.outcome));
        }
        self.stats.runs += 1;
    }

    /// Until this time, or until nothing will ever happen.
    pub(crate) fn run_until(&mut self, end: Duration) {
        loop {
            self.advance();
            if self.run_one() {
                continue;
            }
            match self.next_event().filter(|next| *next <= end) {
                Some(next) => self.clock.set(next.max(self.clock.get())),
                None => break,
            }
        }
        self.clock.set(end.max(self.clock.get()));
    }

    /// The faults stop: what is broken stays broken, all else works from now on.
    pub(crate) fn calm(&mut self) {
        self.is_calm = true;
        self.down_until = Duration::ZERO;
        self.links.iter().for_each(|link| link.borrow_mut().heal());
        self.clients.iter().for_each(|client| client.shown.borrow_mut().heal());
    }

    fn advance(&mut self) {
        self.links.retain(|link| !link.borrow().is_over());
        self.links.iter().for_each(|link| link.borrow_mut().advance());
        let now = self.clock.get();
        for at in 0..self.clients.len() {
            let client = &self.clients[at];
            client.typing.borrow_mut().advance();
            client.shown.borrow_mut().advance();
            if client.ending.is_none() && client.connecting.is_some_and(|at| at <= now) {
                self.connect(at);
            }
        }
        for at in 0..self.strangers.len() {
            let stranger = &self.strangers[at];
            if !stranger.has_come() && stranger.comes <= now && now >= self.down_until {
                let link = self.link();
                self.strangers[at].come(&link);
                self.server.accept(&link, now);
            }
        }
    }

    fn link(&mut self) -> Rc<RefCell<Link>> {
        let link = Link::new(self.options.link, self.random.split(), &self.clock);
        self.links.push(Rc::clone(&link));
        link
    }

    fn connect(&mut self, at: usize) {
        let is_down = self.clock.get() < self.down_until;
        let fails = !self.is_calm && self.random.percent(self.options.faults.connect_fails);
        if is_down || fails {
            self.stats.refused_connects += 1;
            return self.clients[at].connect(None);
        }
        let link = self.link();
        self.clients[at].connect(Some(Rc::clone(&link)));
        self.server.accept(&link, self.clock.get());
        self.stats.connects += 1;
    }

    /// Lets one of those who have something to do, do it; returns whether there was one.
    fn run_one(&mut self) -> bool {
        let now = self.clock.get();
        let server = self.clients.len();
        let mut due: Vec<_> = (0..server).filter(|&at| self.clients[at].is_due()).collect();
        if self.server.is_due(now) {
            due.push(server);
        }
        let strangers = self.strangers.iter().enumerate().filter(|(_, stranger)| stranger.is_due());
        due.extend(strangers.map(|(at, _)| server + 1 + at));
        if due.is_empty() {
            return false;
        }
        let at = *self.random.pick(&due);
        if at == server {
            self.server.turn(now);
        } else if at > server {
            self.strangers[at - server - 1].turn();
        } else {
            self.run_client(at);
        }
        self.stats.turns += 1;
        assert!(self.stats.turns < MOST_TURNS, "it does not come to rest");
        if !self.is_calm {
            self.bring_faults();
        }
        if self.random.percent(20) {
            self.clock.set(now + self.random.millis(2));
        }
        true
    }

    fn run_client(&mut self, at: usize) {
        let client = &mut self.clients[at];
        if client.run_turn() {
            client.connecting = Some(self.clock.get() + self.random.millis(300));
        }
        if client.ending.is_none() && !client.is_due() && self.random.percent(30) {
            client.check_no_event_is_missed();
        }
    }

    fn next_event(&self) -> Option<Duration> {
        let links = self.links.iter().filter_map(|link| link.borrow().next_arrival());
        let clients = self.clients.iter().filter(|client| client.ending.is_none());
        let clients = clients.flat_map(|client| {
            let typing = client.typing.borrow().next_arrival();
            let shown = client.shown.borrow().next_arrival();
            [typing, shown, client.connecting, client.next_deadline()].into_iter().flatten()
        });
        let comes = |stranger: &Stranger| {
            let at = stranger.next_deadline()?;
            Some(if stranger.has_come() { at } else { at.max(self.down_until) })
        };
        let strangers = self.strangers.iter().filter_map(comes);
        links.chain(clients).chain(strangers).chain(self.server.next_deadline()).min()
    }

    fn bring_faults(&mut self) {
        let faults = self.options.faults;
        let mut happens = |chance: usize| self.random.below(10_000) < chance;
        let (cut, stall) = (happens(faults.cut), happens(faults.stall));
        let (vanish, spurious) = (happens(faults.vanish), happens(faults.spurious));
        if vanish {
            let time = self.random.millis(10_000);
            self.vanish(time);
        }
        if spurious {
            self.pretend();
        }
        if self.links.is_empty() {
            return;
        }
        let at = self.random.below(self.links.len());
        if cut {
            let late = if self.random.percent(20) { 10_000 } else { 30 };
            let time = self.random.millis(late);
            self.cut(at, time);
        }
        if stall {
            self.links[at].borrow_mut().stall(self.random.millis(5000));
            self.stats.stalls += 1;
        }
    }

    /// The server ends all connections, and takes none for this time.
    pub(crate) fn vanish(&mut self, time: Duration) {
        self.server.vanish();
        self.down_until = self.clock.get() + time;
        self.stats.vanished += 1;
    }

    /// Breaks the link at this place; the server learns it after this time.
    pub(crate) fn cut(&mut self, at: usize, time: Duration) {
        self.links[at].borrow_mut().cut(time);
        self.stats.cuts += 1;
    }

    fn pretend(&mut self) {
        self.stats.spurious += 1;
        let mut flip = || self.random.percent(50);
        let events = Events { readable: flip(), writable: flip(), ending: flip() && flip(), broken: false };
        let side = if flip() { CLIENT } else { SERVER };
        let client = &self.clients[self.random.below(self.clients.len())];
        match self.random.below(4) {
            0 => client.typing.borrow_mut().pretend_readable(),
            1 => client.shown.borrow_mut().pretend_writable(),
            _ if self.links.is_empty() => {}
            _ => self.random.pick(&self.links).borrow_mut().pretend(side, events),
        }
    }

    /// Nothing waits that could move; what was acknowledged has arrived.
    fn check_rest(&mut self) {
        self.server.check_no_event_is_missed(self.clock.get());
        let is_heard = !self.server.is_deaf();
        for client in self.clients.iter().filter(|client| client.ending.is_none()) {
            let held = client.conversation.held();
            checks::check_shown_at_rest(client);
            assert!(client.typing.borrow().stays_open() || held.typed > 0, "the input has ended: {held:?}");
            // Whoever cannot show what the server says does not read it, and is then not read itself.
            let is_blocked = client.ends.output.is_blocked();
            assert!(held.to_show == 0 || is_blocked, "{held:?}");
            assert!(
                held.to_send == 0 && !client.is_talking()
                    || client.link().is_none()
                    || !is_heard
                    || is_blocked,
                "{held:?}\n{}\n{:?}",
                checks::dump(client),
                client.link().map(|link| link.borrow().state())
            );
        }
        checks::check_messages(&self.clients, is_heard);
    }

    fn check_all_have_ended(&self) {
        for (at, client) in self.clients.iter().enumerate() {
            let held = client.conversation.held();
            assert!(client.ending.is_some(), "client {at} is still there: {held:?}");
        }
        let may_be_thrown_out = self.stats.vanished > 0 || self.server.is_small();
        self.strangers.iter().for_each(|stranger| stranger.check_end(may_be_thrown_out));
    }
}
