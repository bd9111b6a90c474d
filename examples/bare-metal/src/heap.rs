//! The heap, and how much of it was ever in use.

use core::mem::MaybeUninit;
use core::sync::atomic::{AtomicUsize, Ordering};
use linked_list_allocator::LockedHeap;

#[global_allocator]
static HEAP: LockedHeap = LockedHeap::empty();

static MOST: AtomicUsize = AtomicUsize::new(0);

/// From now on memory can be allocated: this.
pub fn start(memory: &'static mut [MaybeUninit<u8>]) {
    HEAP.lock().init_from_slice(memory);
}

/// How many bytes are in use.
pub fn used() -> usize {
    HEAP.lock().used()
}

/// Notes how many are; called in the middle of turns, where most are, and after them.
pub fn measure() {
    MOST.fetch_max(used(), Ordering::Relaxed);
}

/// The most that was ever noted.
pub fn most() -> usize {
    MOST.load(Ordering::Relaxed)
}
