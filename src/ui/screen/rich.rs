//! What the feature `rich` has the screen do beyond the contract: marks instead of sentences, calls, errands.

use super::{Screen, learn_names};
use crate::client::notice::Notice;
use crate::ui::rich::own::{Sent, Shown, Waiting};
use crate::ui::rich::pretty::{Pen, Verdict};
use crate::ui::rich::{Message, Rich, Wishes};
use crate::wire::copy::insert;
use crate::wire::escape::Printable;
use crate::wire::format::note;
use crate::wire::protocol::Request;
use alloc::vec::Vec;
use core::time::Duration;

impl Screen {
    /// Fulfils these wishes from now on, on a terminal of so many columns; 0 stands for a number nobody knows.
    pub fn enrich(&mut self, wishes: Wishes, columns: u16) {
        self.rich = Rich::new(wishes, columns);
    }

    /// The terminal can say when its user looks at it, and is to.
    pub fn watch_focus(&mut self) {
        if self.is_pretty() || self.rich.wishes.alert.is_some() {
            self.rich.alerts.want_reports();
        }
    }

    /// The next message for the user's command.
    pub fn next_message(&mut self) -> Option<Message> {
        self.rich.errands.next()
    }

    /// Whether a message waits for the user's command.
    pub fn has_messages(&self) -> bool {
        !self.rich.errands.is_empty()
    }

    /// How many messages will not get to the user's command: there was no room for them.
    pub fn left_out(&self) -> u64 {
        self.rich.errands.left_out()
    }

    pub(super) fn is_pretty(&self) -> bool {
        self.rich.wishes.pretty
    }

    /// Shows a notice, or the next piece of it, in another way than the contract's; `None` if that is the
    /// way to show it.
    pub(super) fn show_richly(&mut self, notice: &Notice<'_>, from: usize) -> Option<Option<usize>> {
        if from == 0
            && let Notice::From { name, text } = notice
        {
            if self.rich.ignores(name) {
                note!(Info, "a message of {} was ignored", Printable(name));
                return Some(None);
            }
            self.tell_of(name, text);
        }
        self.is_pretty().then(|| self.show_prettily(notice, from))
    }

    /// Calls the user, and has something to do for the user's command.
    fn tell_of(&mut self, name: &[u8], text: &[u8]) {
        self.rich.alerts.call(name, text, self.rich.now, self.waiting.tail());
        if self.rich.wishes.errands {
            self.rich.errands.add(name, text);
        }
    }

    fn show_prettily(&mut self, notice: &Notice<'_>, from: usize) -> Option<usize> {
        if from > 0 {
            return self.write_notice(notice, from);
        }
        if let Notice::LoggedIn(_) = notice {
            self.rich.is_chatting = true;
        }
        if let Some(editor) = &mut self.editor {
            learn_names(notice, editor);
        }
        let is_answer = match notice {
            Notice::Sent | Notice::NoSuchUser | Notice::Online(_) => true,
            Notice::BadHeader | Notice::BadBody => self.rich.is_chatting,
            _ => false,
        };
        if !is_answer {
            self.show_own(None);
        } else if let Some(Waiting::Known(sent)) = self.rich.own.take_oldest()
            && !(sent.is_question() && matches!(notice, Notice::Online(_)))
        {
            if let Some(verdict) = Verdict::of(notice, &sent.text).filter(|_| !sent.is_question()) {
                self.judge(&sent, verdict);
                self.record_piece(notice, 0);
                return None;
            }
            // The server does not answer what it was asked.
            if sent.shown == Shown::No {
                self.write_line(|pen| pen.own(&sent.to, &sent.text));
            }
        }
        self.make_way();
        if self.look.bell && matches!(notice, Notice::From { .. }) {
            self.waiting.tail().push(b'\x07');
        }
        if let Notice::From { .. } = notice
            && let Some(since) = self.rich.alerts.take_unseen_since()
        {
            self.pen().unread_mark(since);
        }
        self.margin();
        self.write_notice(notice, 0)
    }

    fn write_notice(&mut self, notice: &Notice<'_>, from: usize) -> Option<usize> {
        let next = self.pen().notice(notice, from);
        self.record_piece(notice, from);
        self.inside_line = next.is_some();
        next
    }

    /// Shows what became of a message: behind it, if that is possible.
    fn judge(&mut self, sent: &Sent, verdict: Verdict) {
        match sent.shown {
            Shown::At(place) => self.put_behind(place, verdict),
            Shown::No => self.write_line(|pen| {
                pen.own(&sent.to, &sent.text);
                pen.verdict(verdict);
            }),
            Shown::Yes => {
                self.make_way();
                self.margin();
                self.pen().late_verdict(sent, verdict);
            }
        }
    }

    /// Nothing of what waits has been written since the place in it was noted.
    fn put_behind(&mut self, place: usize, verdict: Verdict) {
        let mut mark = Vec::new();
        Pen { out: &mut mark, ..self.pen() }.verdict(verdict);
        let behind = self.waiting.len() - place;
        let out = self.waiting.tail();
        let at = out.len() - behind;
        self.rich.own.move_places(place, mark.len());
        insert(out, at, &mark);
    }

    /// Shows the messages of the user that wait for their answers and are not shown; or only those that have
    /// waited long enough by this time.
    pub(super) fn show_own(&mut self, by: Option<Duration>) {
        if !self.can_show_own() {
            return;
        }
        while let Some((number, to, text)) = self.rich.own.show_next(by) {
            self.write_line(|pen| pen.own(&to, &text));
            self.rich.own.set_place(number, self.waiting.len() - 1);
            if !self.can_show_own() {
                return;
            }
        }
    }

    fn can_show_own(&self) -> bool {
        self.is_pretty() && !self.inside_line && !super::Frontend::is_full(self)
    }

    fn write_line(&mut self, write: impl FnOnce(&mut Pen<'_>)) {
        self.make_way();
        self.margin();
        let mut pen = self.pen();
        write(&mut pen);
        pen.out.push(b'\n');
    }

    fn margin(&mut self) {
        let (now, before) = (self.now, self.rich.stamped);
        self.pen().margin(now, before);
        self.rich.stamped = now;
    }

    fn pen(&mut self) -> Pen<'_> {
        Pen {
            out: self.waiting.tail(),
            colored: self.rich.wishes.colored,
            escape: self.look.style.escape,
            columns: self.rich.columns,
        }
    }

    pub(super) fn note_request(&mut self, request: Request<'_>) {
        if !self.is_pretty() {
            return;
        }
        let (is_echoed, now) = (self.rich.wishes.is_echoed, self.rich.now);
        if self.rich.own.add(request, is_echoed, now) {
            return;
        }
        if let Request::Send { to, text } = request
            && !is_echoed
        {
            self.show_own(None);
            if self.can_show_own() && crate::ui::rich::own::is_shown_later(text) {
                self.write_line(|pen| pen.own(to, text));
            }
        }
    }

    pub(super) fn lose_requests(&mut self, lost: u64, kept: u64) {
        self.stop_chatting();
        self.rich.own.lose(lost, kept);
    }

    /// What was entered is on its way at once, and shown as soon as it is answered.
    pub(super) fn prepare_for_keys(&mut self) {
        let vanishing = self.is_pretty() && self.rich.is_chatting;
        if let Some(editor) = &mut self.editor {
            editor.set_vanishing(vanishing);
        }
    }

    pub(super) fn note_focus(&mut self) {
        if let Some(has_focus) = self.editor.as_mut().and_then(|editor| editor.take_focus()) {
            self.rich.alerts.handle_focus(has_focus, self.now);
        }
    }

    /// Something is about to be written.
    pub(super) fn finish_richly(&mut self) {
        self.rich.own.forget_places();
        if self.rich.alerts.is_asking() && !self.inside_line && !super::Frontend::is_full(self) {
            self.rich.alerts.ask_for_reports(self.waiting.tail());
            let is_pretty = self.is_pretty();
            if let Some(editor) = self.editor.as_mut().filter(|_| is_pretty) {
                editor.mark_pastes(self.waiting.tail());
            }
        }
    }

    pub(super) fn note_columns(&mut self, columns: u16) {
        self.rich.columns = columns;
    }

    pub(super) fn note_time(&mut self, now: Duration) {
        self.rich.now = now;
        self.show_own(Some(now));
    }

    /// The server takes no requests until the next log-in is answered.
    pub(super) fn stop_chatting(&mut self) {
        self.rich.is_chatting = false;
        self.show_own(None);
    }

    pub(super) fn suspend_richly(&mut self) {
        self.show_own(None);
        self.rich.alerts.end_reports(self.waiting.tail());
    }

    pub(super) fn leave_richly(&mut self) {
        self.show_own(None);
        self.rich.alerts.leave(self.waiting.tail());
    }

    /// Not while it could not be shown: the loop would wake up for nothing.
    pub(super) fn own_deadline(&self) -> Option<Duration> {
        self.rich.own.next_deadline().filter(|_| self.can_show_own())
    }
}

#[cfg(test)]
mod tests;
