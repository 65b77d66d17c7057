//! Our own bugs: a panic becomes a short message and exit code 3.
//!
//! The text of a panic may quote a value, and a value may be a prompt, a reply or a secret; so only the place
//! is shown unless `FLOWC_BACKTRACE` is set.

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, PanicHookInfo};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::exit::Exit;

/// Set by the hook, so that a panic on any thread decides the exit code.
static SEEN: AtomicBool = AtomicBool::new(false);

/// From now on a panic prints how to report it.
pub(crate) fn install() {
    std::panic::set_hook(Box::new(|info| {
        // One report is enough: what panics after the first is a consequence.
        if SEEN.swap(true, Ordering::SeqCst) {
            return;
        }
        let mut err = std::io::stderr().lock();
        // Nothing can be done if stderr is gone.
        drop(err.write_all(report(info).as_bytes()));
    }));
}

/// Runs `work`; a panic in it, or on a thread it started, is [`Exit::Bug`].
pub(crate) fn contain(work: impl FnOnce() -> Exit) -> Exit {
    let result = std::panic::catch_unwind(AssertUnwindSafe(work));
    match result {
        Ok(exit) if !SEEN.load(Ordering::SeqCst) => exit,
        Ok(_) | Err(_) => Exit::Bug,
    }
}

fn report(info: &PanicHookInfo<'_>) -> String {
    let place = info.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    let detail = if std::env::var_os("FLOWC_BACKTRACE").is_some() {
        let payload = info.payload_as_str().unwrap_or("no text");
        format!("\n{payload}\n{}", std::backtrace::Backtrace::force_capture())
    } else {
        String::new()
    };
    message(&place, &detail)
}

fn message(place: &str, detail: &str) -> String {
    format!(
        "error[FI9001]: flowc has a bug, at {place}\n  \
         your files are as they were; nothing was sent anywhere\n  \
         please report it with the command you typed and this line: flowc {} at {place}\n  \
         FLOWC_BACKTRACE=1 shows more, but may quote your data: read it before you share it{detail}\n",
        env!("CARGO_PKG_VERSION"),
    )
}

#[cfg(test)]
mod tests;
