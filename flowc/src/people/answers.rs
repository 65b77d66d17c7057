//! `--answers FILE`: `{"review": ["Approve", {"Reject": {"reason": "too long"}}]}`, in the order asked.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use flow_eval::{Value, json};
use flow_ir::units::ErrorClass;
use flow_ir::{Bundle, HumanId};
use flow_runtime::effects::{People, PersonAnswer, PersonError, Question};
use futures_util::future::BoxFuture;
use rustc_hash::FxHashMap;
use serde_json::Value as Json;
use smol_str::SmolStr;

use crate::commands::explain::closest;
use crate::exit::Stop;
use crate::load;
use crate::terminal::count;

/// What people will say.
#[derive(Debug)]
pub(crate) struct Answers {
    bundle: Arc<Bundle>,
    said: FxHashMap<HumanId, Said>,
    given: Mutex<FxHashMap<HumanId, usize>>,
}

/// A list answers one question after another, anything else answers every question.
#[derive(Debug)]
enum Said {
    Always(Value),
    InOrder(Vec<Value>),
}

impl Answers {
    /// Reads and checks the whole file, so that a wrong third answer is told before the first call.
    ///
    /// # Errors
    /// When the file cannot be read, is no JSON, names nobody, or an answer does not fit.
    pub(crate) fn read(path: &Path, bundle: &Arc<Bundle>) -> Result<Self, Stop> {
        let name = load::shown(&path.canonicalize().unwrap_or_else(|_| path.to_owned()));
        let text = load::read_text(path)?;
        let json: Json = serde_json::from_str(&text)
            .map_err(|error| Stop::usage(format!("`{name}` is not JSON: {error}")))?;
        let Json::Object(people) = json else {
            return Err(Stop::usage(format!("`{name}` is no JSON object")).help(SHAPE));
        };
        let mut said = FxHashMap::default();
        for (human, answers) in &people {
            let (id, declared) = person(bundle, human, &name)?;
            let fits = |answer: &Json, place: String| {
                json::decode(bundle, declared.ret, answer).map_err(|error| {
                    let place = error.path.replacen('$', &place, 1);
                    Stop::usage(format!("`{name}`: at `{place}`: {}", error.message))
                })
            };
            let answers = match answers {
                Json::Array(answers) => {
                    let each = answers.iter().enumerate();
                    let decoded: Result<_, Stop> =
                        each.map(|(at, answer)| fits(answer, format!("{human}[{at}]"))).collect();
                    Said::InOrder(decoded?)
                }
                answer => Said::Always(fits(answer, human.clone())?),
            };
            said.insert(id, answers);
        }
        Ok(Self { bundle: Arc::clone(bundle), said, given: Mutex::default() })
    }

    fn next(&self, human: HumanId) -> Result<Value, String> {
        let name = self.bundle.humans.get(human.index()).map_or("?", |human| human.name.as_str());
        let answers = match self.said.get(&human) {
            None => return Err(format!("the answers file has no answer for `{name}`")),
            Some(Said::Always(value)) => return Ok(value.clone()),
            Some(Said::InOrder(answers)) => answers,
        };
        // A counter cannot be left half-way.
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = given.entry(human).or_insert(0);
        let answer = answers.get(*turn).cloned();
        *turn += 1;
        let n = count(answers.len(), "answer");
        answer.ok_or_else(|| format!("`{name}` is asked once more, and the answers file has only {n} for it"))
    }

    /// Whoever may answer; people of a quorum have numbers.
    fn by(&self, question: &Question) -> SmolStr {
        let human = self.bundle.humans.get(question.human.index());
        let role = human.and_then(|human| human.role.clone());
        let by = question.who.clone().or(role).unwrap_or_else(|| "answers file".into());
        match question.before.len() {
            0 => by,
            before => format!("{by} {}", before + 1).into(),
        }
    }
}

impl People for Answers {
    fn ask<'a>(&'a self, question: &'a Question) -> BoxFuture<'a, Result<PersonAnswer, PersonError>> {
        let answer = match self.next(question.human) {
            Ok(value) => Ok(PersonAnswer { value, by: Some(self.by(question)) }),
            Err(message) => Err(PersonError { class: ErrorClass::Failed, message }),
        };
        Box::pin(std::future::ready(answer))
    }
}

const SHAPE: &str = r#"write {"review": ["Approve", …]}: a list of answers by person, in the order asked"#;

fn person<'a>(
    bundle: &'a Bundle,
    name: &str,
    file: &str,
) -> Result<(HumanId, &'a flow_ir::setup::Human), Stop> {
    let found = bundle.humans.iter().enumerate().find(|(_, human)| human.name == name);
    if let Some((at, human)) = found {
        return Ok((HumanId(at as u32), human));
    }
    let stop = Stop::usage(format!("`{file}`: nobody is called `{name}`"));
    let names: Vec<&str> = bundle.humans.iter().map(|human| human.name.as_str()).collect();
    Err(match closest(name, names.iter().copied()) {
        Some(near) => stop.help(format!("did you mean `{near}`?")),
        None if names.is_empty() => stop.help("this package asks nobody"),
        None => stop.help(format!("this package asks {}", names.join(", "))),
    })
}
