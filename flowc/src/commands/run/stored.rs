//! `flowc run --store FILE`: the same walk, kept in a file.

use std::path::Path;
use std::sync::Arc;

use flow_runtime::clock::SystemClock;
use flow_runtime::home::durable::{
    HARD_ENDS, Home, Host, Hosts, Keeper, KeeperOptions, Progress, Submission,
};
use flow_runtime::port::Watch;
use flow_store::runs::{BundleRow, Owner};
use serde_json::json;

use super::session::{End, Session};
use crate::durable;
use crate::exit::{Exit, Outcome, Stop};
use crate::terminal::{DIM, WARN, paint};

/// More than the one run that there is.
const RUNNING: usize = 2;

/// How a kept run left the process.
pub(super) enum Left {
    /// It has ended.
    Ended(End, String),
    /// It waits for people.
    Asks(Vec<String>),
    /// It goes on another day.
    Stopped,
}

/// The only bundle that this process walks. Others in the file wait for `flowc resume`.
struct OnlyThis(Host, [u8; 32]);

impl Hosts for OnlyThis {
    fn host(&self, bundle: &BundleRow) -> Result<Host, String> {
        match bundle.digest == self.1 {
            true => Ok(self.0.clone()),
            false => Err("it belongs to another bundle".to_owned()),
        }
    }
}

impl Session {
    /// Walks until the run ends or only people can move it on.
    pub(super) async fn walk_stored(&self, owner: Owner, row: BundleRow) -> Result<Left, Stop> {
        let host =
            Host { program: Arc::clone(&self.runner.program), effects: Arc::clone(&self.runner.effects) };
        let hosts = Arc::new(OnlyThis(host.clone(), row.digest));
        let clock = Arc::new(SystemClock);
        let options = KeeperOptions {
            hosts,
            clock,
            running: RUNNING,
            queued: RUNNING,
            shadows: durable::SHADOWS,
            only_new: true,
            hard_ends: HARD_ENDS,
            watch: None,
            decided: None,
        };
        let (home, keeper) = Keeper::open(owner, options).map_err(|error| durable::stop(&error))?;
        let keeper = tokio::spawn(keeper.run());
        let left = self.follow(&home, row, host).await;
        // The run is where it can be; what is under way is shadows.
        tokio::select! {
            () = home.drain() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        home.stop();
        match keeper.await {
            Ok(Ok(())) => left,
            Ok(Err(error)) => Err(durable::stop(&error)),
            Err(_) => left,
        }
    }

    async fn follow(&self, home: &Home, row: BundleRow, host: Host) -> Result<Left, Stop> {
        let digest = row.digest;
        home.introduce(row, host).await.map_err(|error| durable::stop(&error))?;
        let watch = Arc::clone(&self.watch) as Arc<dyn Watch>;
        let submission = Submission {
            run: Some(self.header.run.clone()),
            tenant: self.header.tenant.clone(),
            user: self.header.user.clone(),
            bundle: digest,
            flow: self.header.flow,
            args: self.header.args.clone(),
            lane: None,
            once: None,
            watch: Some(watch),
        };
        let accepted = home.submit(submission).await;
        let accepted =
            accepted.map_err(|refused| Stop::run_failed(format!("the run was not begun: {refused}")))?;
        let progress = tokio::select! {
            progress = home.follow(&accepted.run) => progress,
            _ = tokio::signal::ctrl_c() => {
                self.leave(home).await;
                return Ok(Left::Stopped);
            }
        };
        let streamed = self.live.as_ref().map(|live| live.finish()).unwrap_or_default();
        match progress {
            Progress::Ended(ended) => {
                Ok(Left::Ended(End { result: ended.result, usage: ended.usage }, streamed))
            }
            Progress::Asks(questions) => Ok(Left::Asks(questions)),
            Progress::Parked(reason) => Err(Stop::run_failed(format!("the run was set aside: {reason}"))),
            Progress::Queued | Progress::Unknown => {
                Err(Stop::run_failed("the store was closed while the run went on"))
            }
        }
    }

    /// What is in flight is awaited, unless Ctrl-C is pressed again.
    async fn leave(&self, home: &Home) {
        let text = "stopping: what is in flight is awaited; press Ctrl-C again to leave at once";
        self.terminal.err(&format!("\n{}\n", paint(WARN, text)));
        tokio::select! {
            () = home.drain() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    }

    /// Tells where the run is.
    pub(super) fn report_left(&self, as_json: bool, store: &Path, left: Left) -> Outcome {
        let run = &self.header.run;
        let file = store.display();
        match left {
            Left::Ended(end, streamed) => self.report(as_json, &end, &streamed),
            Left::Asks(questions) if as_json => {
                self.terminal.line(json!({ "run": run, "status": "waiting", "questions": questions }))?;
                Ok(Exit::Ok)
            }
            Left::Asks(questions) => {
                self.terminal.line(format!("waiting for a person · run {run}"))?;
                for question in questions {
                    let command = format!("flowc questions answer {question} JSON --store {file}");
                    self.terminal.line(paint(DIM, format!("  {command}")))?;
                }
                self.terminal.line(paint(DIM, format!("  flowc resume {run} --store {file}")))?;
                Ok(Exit::Ok)
            }
            Left::Stopped => Err(Stop::run_failed(format!("stopped; run {run} is kept"))
                .help(format!("flowc resume {run} --store {file}"))),
        }
    }
}
