//! Runs of many random histories, on two threads, each from a seed of its own; a failure is made as short as it gets.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, Once};

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest};

use crate::check;
use crate::op::{Op, Reference};
use crate::plant::Bug;
use crate::setup::Template;
use crate::world::World;

/// Operations of a run.
pub const OPERATIONS: usize = 100;

/// The name of the threads that run histories.
const THREAD: &str = "model";

thread_local! {
    static TEMPLATE: RefCell<Option<Rc<Template>>> = const { RefCell::new(None) };
    static BUG: RefCell<Option<Bug>> = const { RefCell::new(None) };
}

fn template() -> Rc<Template> {
    TEMPLATE.with_borrow_mut(|template| Rc::clone(template.get_or_insert_with(Template::new)))
}

static SEEN: Mutex<BTreeMap<String, u64>> = Mutex::new(BTreeMap::new());

/// How often what happened in all runs of this process so far.
pub fn seen() -> BTreeMap<String, u64> {
    SEEN.lock().unwrap().clone()
}

/// The state machine test: the world follows the generated operations.
#[derive(Debug)]
pub struct Model;

impl StateMachineTest for Model {
    type SystemUnderTest = World;
    type Reference = Reference;

    fn init_test(reference: &Reference) -> World {
        World::new(&template(), BUG.with_borrow(|bug| *bug), reference)
    }

    fn apply(mut world: World, _: &Reference, op: Op) -> World {
        if let Err(violation) = world.step(&op) {
            panic!("{violation}");
        }
        world
    }

    fn teardown(mut world: World, _: Reference) {
        if let Err(violation) = check::finish(&mut world) {
            panic!("{violation}");
        }
        let mut all = SEEN.lock().unwrap();
        for (what, count) in check::seen(&world) {
            *all.entry(what).or_default() += count;
        }
    }
}

/// A run that failed.
#[derive(Debug, Clone)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// What did not hold, after the shortest list of operations that was found.
    pub reason: String,
    /// That list.
    pub operations: Vec<String>,
}

impl Failure {
    fn new(seed: u64, reason: &str) -> Failure {
        Failure { seed, reason: reason.to_owned(), operations: Vec::new() }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "seed {}: {}", self.seed, self.reason)?;
        for (n, op) in self.operations.iter().enumerate() {
            writeln!(f, "  {n}: {op}")?;
        }
        Ok(())
    }
}

/// One run. `shrink` is how many shorter ones are tried when it fails.
pub fn run(seed: u64, bug: Option<Bug>, operations: usize, shrink: u32) -> Result<(), Failure> {
    BUG.set(bug);
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let config = Config {
        cases: 1,
        failure_persistence: None,
        max_shrink_iters: shrink,
        // In milliseconds.
        max_shrink_time: shrink.saturating_mul(50).min(150_000),
        max_local_rejects: u32::MAX,
        ..Config::default()
    };
    let mut runner = TestRunner::new_with_rng(config.clone(), rng);
    let strategy = Reference::sequential_strategy(operations..=operations);
    if shrink == 0 {
        let tree = strategy.new_tree(&mut runner).map_err(|reason| Failure::new(seed, &reason.to_string()))?;
        let (reference, operations, seen) = tree.current();
        let test = AssertUnwindSafe(|| Model::test_sequential(config, reference, operations, seen));
        return catch_unwind(test).map_err(|panic| {
            let reason = panic.downcast_ref::<String>().map_or("a panic", String::as_str);
            Failure::new(seed, reason)
        });
    }
    let done = runner.run(&strategy, |(reference, operations, seen)| {
        Model::test_sequential(config.clone(), reference, operations, seen);
        Ok(())
    });
    match done {
        Ok(()) => Ok(()),
        Err(TestError::Abort(reason)) => Err(Failure::new(seed, &reason.to_string())),
        Err(TestError::Fail(reason, (reference, operations, _))) => {
            let first = std::iter::once(format!("{reference:?}"));
            let operations = first.chain(operations.iter().map(|op| format!("{op:?}"))).collect();
            Err(Failure { seed, reason: reason.to_string(), operations })
        }
    }
}

/// A run that fails panics, and so do the shorter ones after it: what is printed is the shortest, once.
fn quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if std::thread::current().name() != Some(THREAD) {
                usual(panic);
            }
        }));
    });
}

/// Runs all these seeds on two threads; the failures, by seed. It ends at the first with `first`.
pub fn hunt(seeds: Range<u64>, bug: Option<Bug>, shrink: u32, first: bool) -> BTreeMap<u64, Failure> {
    let next = AtomicU64::new(seeds.start);
    let found = Mutex::new(BTreeMap::new());
    quiet();
    let work = || {
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end || (first && !found.lock().unwrap().is_empty()) {
                return;
            }
            if let Err(failure) = run(seed, bug, OPERATIONS, shrink) {
                found.lock().unwrap().insert(seed, failure);
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..2 {
            std::thread::Builder::new().name(THREAD.into()).spawn_scoped(scope, work).unwrap();
        }
    });
    found.into_inner().unwrap()
}
