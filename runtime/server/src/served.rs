//! The bundle that is served, and what is worth computing once.

use std::collections::BTreeMap;

use flow_ir::flow::{Flow, Trigger, TriggerSource};
use flow_ir::setup::HttpMethod;
use flow_ir::{Bundle, FlowId};
use flow_runtime::home::durable::Host;
use serde_json::Value as Json;

use crate::cron::{self, Schedule};
use crate::shapes::chat_shape;
use crate::{Error, openapi, trigger};

/// The bundle that is served.
pub(crate) struct Served {
    host: Host,
    /// Positions of triggers by verb and path.
    http: BTreeMap<(&'static str, String), usize>,
    /// Positions of triggers by the queue's name.
    queues: BTreeMap<String, usize>,
    schedules: Vec<Schedule>,
    openapi: Json,
}

impl Served {
    pub(crate) fn new(host: Host) -> Result<Self, Error> {
        let (mut http, mut queues) = (BTreeMap::new(), BTreeMap::new());
        for (at, trigger) in host.program.bundle().triggers.iter().enumerate() {
            match &trigger.source {
                TriggerSource::Http(verb, path) => {
                    http.insert((verb_name(*verb), path.to_string()), at);
                }
                TriggerSource::Queue(name) => {
                    queues.insert(name.to_string(), at);
                }
                TriggerSource::Broker(_) | TriggerSource::Cron(..) | TriggerSource::Resource(_) => {}
            }
        }
        let openapi = openapi::document(host.program.bundle());
        let schedules = cron::schedules(host.program.bundle())?;
        Ok(Self { host, http, queues, schedules, openapi })
    }

    pub(crate) fn host(&self) -> &Host {
        &self.host
    }

    pub(crate) fn bundle(&self) -> &Bundle {
        self.host.program.bundle()
    }

    pub(crate) fn digest(&self) -> [u8; 32] {
        self.host.program.digest().0
    }

    pub(crate) fn schedules(&self) -> &[Schedule] {
        &self.schedules
    }

    pub(crate) fn openapi(&self) -> &Json {
        &self.openapi
    }

    pub(crate) fn http(&self, verb: &str, path: &str) -> Option<&Trigger> {
        let verb = VERBS.iter().find(|known| **known == verb)?;
        self.bundle().triggers.get(*self.http.get(&(*verb, path.to_owned()))?)
    }

    /// Verbs that this path has.
    pub(crate) fn verbs_of(&self, path: &str) -> Vec<&'static str> {
        self.http.keys().filter(|(_, other)| other == path).map(|(verb, _)| *verb).collect()
    }

    pub(crate) fn queue(&self, name: &str) -> Option<&Trigger> {
        self.bundle().triggers.get(*self.queues.get(name)?)
    }

    /// A flow that may be started from outside.
    pub(crate) fn public(&self, name: &str) -> Option<(FlowId, &Flow)> {
        let flows = self.bundle().flows.iter().enumerate();
        flows
            .filter(|(_, flow)| flow.public)
            .find(|(_, flow)| flow.name == name)
            .map(|(at, flow)| (FlowId(at as u32), flow))
    }

    /// Public flows that talk: text or messages in, text out.
    pub(crate) fn chats(&self) -> impl Iterator<Item = &Flow> {
        self.bundle().flows.iter().filter(|flow| flow.public && chat_shape(self.bundle(), flow).is_some())
    }

    pub(crate) fn summary(&self) -> Vec<String> {
        let mut lines: Vec<String> =
            self.bundle().triggers.iter().map(|trigger| trigger::line(self.bundle(), trigger)).collect();
        lines.extend(self.chats().map(|flow| format!("chat model {}", flow.name)));
        lines
    }
}

const VERBS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

pub(crate) const fn verb_name(verb: HttpMethod) -> &'static str {
    match verb {
        HttpMethod::Get => "GET",
        HttpMethod::Post => "POST",
        HttpMethod::Put => "PUT",
        HttpMethod::Patch => "PATCH",
        HttpMethod::Delete => "DELETE",
    }
}
