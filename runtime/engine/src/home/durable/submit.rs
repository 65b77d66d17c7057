//! From a submission to a run that has begun.

use std::sync::Arc;

use flow_store::runs::{Change, Error, NewRun, RunNo, Status};
use smol_str::SmolStr;

use super::keeper::Keeper;
use super::order::Reply;
use super::record::{RECORDS, header_bytes, header_of};
use super::run::Run;
use super::{Accepted, Host, Refused, Submission};
use crate::ids::{new_run_id, seed_of};
use crate::machine::Machine;
use crate::protocol::RunHeader;

impl Keeper {
    pub(super) fn submit(
        &mut self,
        submission: Submission,
        reply: Reply<Result<Accepted, Refused>>,
    ) -> Result<(), Error> {
        let accepted = self.accept(submission)?;
        self.then(move |kept| {
            let told = match (kept, accepted) {
                (Ok(()), accepted) => accepted,
                (Err(error), _) => Err(Refused::Store(error.clone())),
            };
            // Whoever asked is gone; the run is not.
            drop(reply.send(told));
        });
        Ok(())
    }

    /// Runs the flow of a run again, with its arguments, on its bundle. One that cannot be is told in the log.
    pub(super) fn retry(&mut self, old: &str, new: SmolStr) -> Result<(), Error> {
        let Some(row) = self.reader.run(old)?.filter(|_| !new.is_empty()) else { return Ok(()) };
        // A message may be read twice: once before a crash and once after.
        if self.reader.run(&new)?.is_some() || self.numbers.contains_key(&new) {
            return Ok(());
        }
        let Some(header) = header_of(&row.header) else { return Ok(()) };
        let submission = Submission {
            run: Some(new),
            tenant: header.tenant.clone(),
            user: header.user.clone(),
            bundle: row.bundle,
            flow: header.flow,
            args: header.args.clone(),
            lane: row.lane,
            once: None,
            watch: None,
        };
        if let Err(refused) = self.accept(submission)? {
            tracing::warn!(run = old, %refused, "a run was not begun again");
        }
        Ok(())
    }

    fn accept(&mut self, submission: Submission) -> Result<Result<Accepted, Refused>, Error> {
        if self.is_draining {
            return Ok(Err(Refused::Draining));
        }
        if let Some(existing) = self.existing(&submission)? {
            return Ok(Ok(Accepted { run: existing, existing: true }));
        }
        let host = match self.host_of(&submission.bundle)? {
            Ok(host) => host,
            Err(reason) => return Ok(Err(Refused::Bundle(reason))),
        };
        if !self.admission.has_room(&submission.tenant) {
            return Ok(Err(Refused::Full));
        }
        let run = submission.run.clone().unwrap_or_else(new_run_id);
        self.begin_or_queue(submission, &host, run.clone());
        Ok(Ok(Accepted { run, existing: false }))
    }

    /// The run that was accepted under the same `once`.
    fn existing(&self, submission: &Submission) -> Result<Option<SmolStr>, Error> {
        let Some(once) = &submission.once else { return Ok(None) };
        if let Some(unkept) = self.once.get(&(submission.tenant.clone(), once.clone())) {
            return Ok(Some(unkept.clone()));
        }
        Ok(self.reader.once(&submission.tenant, once)?.map(|(_, id)| id.into()))
    }

    fn begin_or_queue(&mut self, submission: Submission, host: &Arc<Host>, run: SmolStr) {
        let Submission { run: _, tenant, user, bundle, flow, args, lane, once, watch } = submission;
        self.last_no = RunNo(self.last_no.0 + 1);
        let no = self.last_no;
        let started_ms = self.options.clock.now_ms();
        let seed = seed_of(&run);
        let (paused, _) = self.paused_for(&host.program);
        let header = RunHeader { run: run.clone(), tenant, user, flow, args, started_ms, seed, paused };
        let header = Arc::new(header);
        let begins = self.admission.is_free(&header.tenant, lane.as_deref(), self.runs.len());
        let name = host.program.flow(flow).map(|flow| flow.name.to_string()).unwrap_or_default();
        if let Some(once) = &once {
            let key = (header.tenant.clone(), once.clone());
            self.after.once.push(key.clone());
            self.once.insert(key, run.clone());
        }
        self.changes.push(Change::Run(Box::new(NewRun {
            no,
            id: run.to_string(),
            tenant: header.tenant.to_string(),
            flow: name,
            bundle,
            records: RECORDS,
            status: if begins { Status::Active } else { Status::Queued },
            started_ms,
            lane: lane.clone(),
            once,
            header: header_bytes(&header),
        })));
        self.numbers.insert(run, no);
        if let Some(watch) = watch {
            self.watchers.insert(no, watch);
        }
        if begins {
            self.admission.occupy(&header.tenant, lane.as_deref(), no);
            self.begin(no, Arc::clone(host), header, lane);
        } else {
            self.admission.enqueue(&header.tenant, lane.as_deref(), no);
            self.after.queued += 1;
            self.queued_unkept += 1;
        }
    }

    /// Walks a run to its first wait.
    fn begin(&mut self, no: RunNo, host: Arc<Host>, header: Arc<RunHeader>, lane: Option<String>) {
        let watch = self.watcher(no);
        let (mut commands, now_ms) = (Vec::new(), header.started_ms);
        let program = Arc::clone(&host.program);
        let machine = Machine::start_into(program, header, watch.is_some(), &mut commands);
        let (_, guards_seen) = self.paused_for(&host.program);
        let mut run = Box::new(Run { watch, guards_seen, ..Run::new(no, host, machine, lane) });
        self.plan(&mut run, commands, now_ms);
        self.put_back(run);
    }

    /// Begins queued runs while there is room.
    pub(super) fn admit(&mut self) -> Result<(), Error> {
        while !self.is_draining
            && self.queued_unkept == 0
            && let Some(no) = self.admission.next(self.runs.len())
        {
            self.begin_queued(no)?;
        }
        Ok(())
    }

    fn begin_queued(&mut self, no: RunNo) -> Result<(), Error> {
        let Some(row) = self.reader.run_no(no)? else { return Ok(()) };
        let host = match self.host_of(&row.bundle)? {
            Ok(host) => host,
            Err(reason) => {
                self.pass_over(&row, &reason);
                return Ok(());
            }
        };
        let Some(header) = header_of(&row.header).filter(|_| row.records == RECORDS) else {
            return self.park(&row, super::load::other_version(row.records));
        };
        let started_ms = self.options.clock.now_ms();
        let (paused, _) = self.paused_for(&host.program);
        let header = Arc::new(RunHeader { started_ms, paused, ..(*header).clone() });
        self.changes.push(Change::Begin { run: no, header: header_bytes(&header), started_ms });
        self.numbers.insert(header.run.clone(), no);
        self.begin(no, host, header, row.lane);
        Ok(())
    }

    /// Ends a run that has not begun, or was set aside; `false` if there is none.
    pub(super) fn cancel_still(&mut self, no: RunNo) -> bool {
        let row = self.reader.run_no(no).ok().flatten();
        let Some(row) = row.filter(|row| matches!(row.status, Status::Queued | Status::Parked)) else {
            return false;
        };
        if row.status == Status::Queued {
            self.admission.withdraw(&row.tenant, row.lane.as_deref(), no);
        }
        self.end_unbegun(&row);
        true
    }
}
