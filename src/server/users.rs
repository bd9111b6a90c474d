//! Who is logged in: by name, and in the order in which they logged in.

use super::hub::Id;
use alloc::rc::Rc;
use alloc::vec::Vec;

/// Names are looked up by hash where the standard library is there, and by order elsewhere.
#[cfg(feature = "std")]
type ByName = std::collections::HashMap<Rc<[u8]>, User>;
#[cfg(not(feature = "std"))]
type ByName = alloc::collections::BTreeMap<Rc<[u8]>, User>;

#[derive(Debug, Clone, Copy)]
struct User {
    id: Id,
    /// Its index in `Users::order`; ids, and so users, fit 32 bits.
    place: u32,
}

/// Everybody who is logged in.
///
/// To come, to leave and to be found costs the same however many there are; to go through all of them
/// costs as many steps as there are users, twice that at most, however many there ever were.
#[derive(Debug, Default)]
pub(super) struct Users {
    by_name: ByName,
    /// In the order in which they logged in, with a gap for each who has left since; never more gaps
    /// than users.
    order: Vec<Option<Id>>,
}

impl Users {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Who has this name.
    #[inline]
    pub(super) fn find(&self, name: &[u8]) -> Option<Id> {
        self.by_name.get(name).map(|user| user.id)
    }

    /// All of them, in the order in which they logged in.
    pub(super) fn iter(&self) -> impl Iterator<Item = Id> {
        self.order.iter().filter_map(|id| *id)
    }

    /// `id` has logged in with a name that nobody has.
    pub(super) fn insert(&mut self, name: Rc<[u8]>, id: Id) {
        let place = self.order.len() as u32;
        self.order.push(Some(id));
        self.by_name.insert(name, User { id, place });
    }

    /// Whoever has this name has it no more.
    pub(super) fn remove(&mut self, name: &[u8]) {
        let Some(user) = self.by_name.remove(name) else { return };
        self.order[user.place as usize] = None;
        if self.order.len() > 2 * self.len() {
            self.close_gaps();
        }
    }

    /// As many steps as users have left since the last time.
    #[cold]
    fn close_gaps(&mut self) {
        let mut places = Vec::with_capacity(self.order.len());
        let mut place = 0;
        for id in &self.order {
            places.push(place);
            place += u32::from(id.is_some());
        }
        for user in self.by_name.values_mut() {
            user.place = places[user.place as usize];
        }
        self.order.retain(Option::is_some);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(index: usize) -> Id {
        Id::from_index(index).unwrap()
    }

    fn name(index: usize) -> Rc<[u8]> {
        format!("user{index}").into_bytes().into()
    }

    #[test]
    fn order_is_that_of_the_log_ins_whoever_leaves() {
        let mut users = Users::default();
        let mut expected = Vec::new();
        for index in 0..1000 {
            users.insert(name(index), id(index));
            expected.push(id(index));
            // Nine of ten leave, from the start, the end and the middle of those who are here.
            if index % 10 > 0 {
                let leaver = expected.remove(index * 7 % expected.len());
                users.remove(&name(leaver.index()));
            }
            assert_eq!((users.len(), users.iter().collect::<Vec<_>>()), (expected.len(), expected.clone()));
            assert!(users.order.len() <= 2 * users.len());
            assert!(expected.iter().all(|&id| users.find(&name(id.index())) == Some(id)));
        }
        assert_eq!(expected.len(), 100);
    }

    #[test]
    fn nobody_can_leave_twice() {
        let mut users = Users::default();
        users.insert(name(1), id(1));
        users.remove(&name(1));
        users.remove(&name(1));
        assert_eq!((users.len(), users.find(&name(1)), users.iter().next()), (0, None, None));
    }
}
