//! Where in a text the JSON is.

use serde_json::Value as Json;

use super::syntax::{self, Mistake, Parsed};
use super::tolerance::{Tolerance, Tolerances};

/// Places where JSON might start but does not; more of them is no answer with words around, it is something else.
const MOST_FALSE_STARTS: usize = 32;

/// Values in one text; more of them is no answer.
const MOST_VALUES: usize = 16;

/// A value that was found.
pub(super) struct Candidate {
    pub(super) json: Json,
    pub(super) tolerances: Tolerances,
    /// Objects without their closing brace.
    pub(super) open: usize,
}

/// What a text holds.
pub(super) enum Found<'t> {
    One(Candidate),
    Several(Vec<Candidate>),
    /// No bracket at all: one word, maybe.
    Bare(&'t str),
}

/// Finds the JSON of a text.
pub(super) fn find(text: &str) -> Result<Found<'_>, String> {
    let trimmed = text.trim_start_matches('\u{feff}').trim();
    if trimmed.is_empty() {
        return Err("it is empty, not JSON".to_owned());
    }
    let mistake = match whole(trimmed) {
        Ok(candidate) => return Ok(Found::One(candidate)),
        Err(mistake) => mistake,
    };
    if let Some(found) = fenced(trimmed) {
        return found;
    }
    among_words(trimmed, &mistake)
}

/// The text is one value from its first to its last byte.
fn whole(text: &str) -> Result<Candidate, Mistake> {
    let Parsed { json, mut tolerances, open, end } = syntax::parse(text, 0)?;
    let (end, after) = syntax::skip(text, end)?;
    tolerances.add(after);
    match end == text.len() {
        true => Ok(Candidate { json, tolerances, open }),
        false => Err(Mistake::behind(end)),
    }
}

/// The blocks between fences. `None` if there is no fence around anything; what is in one but no JSON is the error.
fn fenced(text: &str) -> Option<Result<Found<'_>, String>> {
    let blocks = blocks(text);
    let outside = blocks.iter().map(|block| block.whole_len).sum::<usize>() < text.len();
    let mut found = Vec::new();
    let mut bare = None;
    let mut first_mistake = None;
    for block in &blocks {
        match whole(block.inner.trim()) {
            Ok(mut candidate) => {
                candidate.tolerances.note(Tolerance::Fence);
                if outside {
                    candidate.tolerances.note(Tolerance::Prose);
                }
                found.push(candidate);
            }
            Err(_) if is_bare(block.inner) => bare = bare.or(Some(block.inner.trim())),
            Err(mistake) => first_mistake = first_mistake.or_else(|| Some(mistake.told(block.inner.trim()))),
        }
    }
    match (found.len(), bare, first_mistake) {
        (0, None, None) => None,
        // A block in another language, and JSON among the words perhaps.
        (0, None, Some(mistake)) if blocks.len() == 1 && !outside => Some(Err(mistake)),
        (0, None, Some(_)) => None,
        (0, Some(word), _) if !outside => Some(Ok(Found::Bare(word))),
        (0, Some(_), _) => None,
        _ => Some(Ok(one_or_several(found))),
    }
}

struct Block<'t> {
    inner: &'t str,
    whole_len: usize,
}

/// Fences of three backticks. The word behind the opening one is the language. A missing closing fence ends at
/// the end of the text.
fn blocks(text: &str) -> Vec<Block<'_>> {
    const FENCE: &str = "```";
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find(FENCE) {
        let after = rest.get(start + FENCE.len()..).unwrap_or_default();
        let language = after.bytes().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        let is_language = matches!(after.as_bytes().get(language), Some(b'\n' | b'\r' | b' ' | b'{' | b'['));
        let skipped = if is_language { language } else { 0 };
        let body = after.get(skipped..).unwrap_or_default();
        let (inner, closed) = match body.find(FENCE) {
            Some(end) => (body.get(..end).unwrap_or_default(), FENCE.len()),
            None => (body, 0),
        };
        blocks.push(Block { inner, whole_len: FENCE.len() + skipped + inner.len() + closed });
        rest = body.get(inner.len() + closed..).unwrap_or_default();
    }
    blocks
}

/// Every `{…}` and `[…]` that is JSON, whatever stands around it.
fn among_words<'t>(text: &'t str, first: &Mistake) -> Result<Found<'t>, String> {
    if is_bare(text) {
        return Ok(Found::Bare(text.trim_matches(['`', '*'])));
    }
    let mut search = Search { text, found: Vec::new(), furthest: None, false_starts: 0, has_words: false };
    search.run()?;
    // A broken object may be the very one that was meant: then none of the others is the answer for sure.
    match (search.found.is_empty(), search.furthest) {
        (true, mistake) => Err(mistake.as_ref().unwrap_or(first).told(text)),
        (false, Some(mistake)) if mistake.is_inside() => Err(mistake.told(text)),
        (false, _) => Ok(one_or_several(search.found)),
    }
}

struct Search<'t> {
    text: &'t str,
    found: Vec<Candidate>,
    furthest: Option<Mistake>,
    false_starts: usize,
    has_words: bool,
}

impl Search<'_> {
    fn run(&mut self) -> Result<(), String> {
        let (mut at, mut end_of_last) = (0, 0);
        while let Some(start) = next_bracket(self.text, at) {
            match syntax::parse(self.text, start) {
                Ok(Parsed { json, tolerances, open, end }) => {
                    self.words(end_of_last, start);
                    (at, end_of_last) = (end, end);
                    self.found.push(Candidate { json, tolerances, open });
                }
                Err(mistake) => {
                    self.wrong(mistake);
                    at = start + 1;
                }
            }
            if self.false_starts > MOST_FALSE_STARTS || self.found.len() > MOST_VALUES {
                return Err("it holds too many brackets to say which of them is the answer".to_owned());
            }
        }
        self.words(end_of_last, self.text.len());
        if self.has_words {
            self.found.iter_mut().for_each(|candidate| candidate.tolerances.note(Tolerance::Prose));
        }
        Ok(())
    }

    fn words(&mut self, from: usize, to: usize) {
        let between = self.text.get(from..to).unwrap_or_default();
        self.has_words |= !between.trim_matches([' ', '\n', '\r', '\t', ',', ';']).is_empty();
    }

    fn wrong(&mut self, mistake: Mistake) {
        self.false_starts += 1;
        if self.furthest.as_ref().is_none_or(|known| mistake.at > known.at) {
            self.furthest = Some(mistake);
        }
    }
}

fn next_bracket(text: &str, from: usize) -> Option<usize> {
    let rest = text.as_bytes().get(from..)?;
    rest.iter().position(|byte| matches!(byte, b'{' | b'[')).map(|at| from + at)
}

fn is_bare(text: &str) -> bool {
    const LONGEST: usize = 200;
    let text = text.trim();
    !text.is_empty() && text.len() <= LONGEST && !text.contains(['{', '[', '}', ']'])
}

fn one_or_several(mut found: Vec<Candidate>) -> Found<'static> {
    match (found.len(), found.pop()) {
        (1, Some(only)) => Found::One(only),
        (_, Some(last)) => {
            found.push(last);
            Found::Several(found)
        }
        (_, None) => Found::Several(found),
    }
}
