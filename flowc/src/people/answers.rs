//! `--answers FILE`: `{"review": ["Approve", {"Reject": {"reason": "too long"}}]}`, in the order asked.

use std::collections::VecDeque;
use std::path::Path;

use flow_eval::{Value, json};
use flow_ir::{Bundle, HumanId};
use rustc_hash::FxHashMap;
use serde_json::{Map, Value as Json};

use crate::commands::explain::closest;
use crate::exit::Stop;
use crate::load;

/// What people will say, by person.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    left: FxHashMap<HumanId, VecDeque<Value>>,
}

impl Answers {
    /// Reads and checks the whole file, so that a wrong third answer is told before the first call.
    ///
    /// # Errors
    /// When the file cannot be read, is no JSON, names nobody, or an answer does not fit.
    pub(crate) fn read(path: &Path, bundle: &Bundle) -> Result<Self, Stop> {
        let name = load::shown(&path.canonicalize().unwrap_or_else(|_| path.to_owned()));
        let text = load::read_text(path)?;
        let json: Json = serde_json::from_str(&text)
            .map_err(|error| Stop::usage(format!("`{name}` is not JSON: {error}")))?;
        let Json::Object(people) = json else {
            return Err(Stop::usage(format!("`{name}` is no JSON object")).help(SHAPE));
        };
        Self::of(&people, bundle, &name)
    }

    fn of(people: &Map<String, Json>, bundle: &Bundle, file: &str) -> Result<Self, Stop> {
        let mut left = FxHashMap::default();
        for (name, answers) in people {
            let (id, human) = person(bundle, name, file)?;
            let Json::Array(answers) = answers else {
                return Err(Stop::usage(format!("`{file}`: the answers of `{name}` are no list")).help(SHAPE));
            };
            let decoded: Result<VecDeque<Value>, Stop> = answers
                .iter()
                .enumerate()
                .map(|(at, answer)| {
                    json::decode(bundle, human.ret, answer).map_err(|error| {
                        let place = error.path.replacen('$', &format!("{name}[{at}]"), 1);
                        Stop::usage(format!("`{file}`: at `{place}`: {}", error.message))
                    })
                })
                .collect();
            left.insert(id, decoded?);
        }
        Ok(Self { left })
    }

    /// The next answer of a person.
    pub(crate) fn next(&mut self, human: HumanId) -> Option<Value> {
        self.left.get_mut(&human)?.pop_front()
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
