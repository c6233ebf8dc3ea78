//! A clock that a test moves while programs run: that of `mai` and those of the testbed's servers, together.

use std::cell::Cell;

use mai_testbed::Testbed;

use crate::support::Home;

/// Starts as the real one.
pub struct Clock<'a> {
    testbed: &'a Testbed,
    file: std::path::PathBuf,
    seconds: Cell<i64>,
}

impl<'a> Clock<'a> {
    /// From now on all programs of this home go by it.
    pub fn of(home: &mut Home, testbed: &'a Testbed) -> Clock<'a> {
        let clock = Clock {
            testbed,
            file: home.write("clock", "0"),
            seconds: Cell::new(0),
        };
        home.set("MAI_TEST_CLOCK", &clock.file.display().to_string());
        clock
    }

    /// Moves it on, or back.
    pub fn pass(&self, seconds: i64) {
        self.seconds.set(self.seconds.get() + seconds);
        self.testbed.clock(self.seconds.get());
        // In one piece: a program reads it at any moment.
        let new = self.file.with_extension("new");
        std::fs::write(&new, self.seconds.get().to_string()).expect("a file");
        std::fs::rename(&new, &self.file).expect("a name");
    }

    pub fn pass_minutes(&self, minutes: i64) {
        self.pass(60 * minutes);
    }
}
