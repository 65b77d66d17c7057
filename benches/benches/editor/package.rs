//! A package of 1,000 files as a company has it: 50 areas that share little, each with types, models, prompts,
//! tools, people, flows, a flow over all of them, and tests.

use std::fmt::Write as _;

/// How many areas there are; each has 20 files.
const AREAS: usize = 50;

/// Which roles there are, and where personal data may go.
pub(crate) const MANIFEST: &str = r#"[package]
name = "bench"
flow = "0.1"

[roles]
agent = { sees = ["pii"], trusted = true }

[labels.pii]
regions = ["eu"]
"#;

/// What everybody imports.
const COMMON: &str = r#"/// Who did it.
pub type Stamp { by: text in ..80  what: text in ..80 }

/// How something is signed.
pub fn stamped(what: text in ..80): Stamp = Stamp(by: "bench", what: what)
"#;

const TYPES: &str = r#"/// What comes in.
pub type Ticket { id: text in 1..40  customer: pii text in 1..80  body: text in ..400 tokens }

pub enum Kind { Question(topic: text in 1..80)  Complaint  Spam }
pub type Sorted { kind: Kind  note: text in ..80 tokens }
pub enum Verdict { Approve  Reject }
pub enum Outcome { Done(by: text in ..80)  Junk  Failed(why: text) }
"#;

const MODELS: &str = r#"pub model fast = openai("gpt-5-mini") {
  region: "eu"
  can: [Json]
  context: 128k tokens
  output: 1k tokens
  price_in: 0.25 USD / 1M tokens
  price_out: 2 USD / 1M tokens
  timeout: 8s
}
"#;

const PROMPTS: &str = r#"import AREA/types.{Sorted, Ticket}

/// What kind of ticket is it?
pub prompt sort_N(ticket: Ticket): Sorted {
  output: 200 tokens
  system: "Sort tickets. Doubtful ones are questions."
  user: "{{ticket.body}}"
}

/// Answers, knowing something.
pub prompt reply_N(ticket: Ticket, known: text in ..400): text in ..200 tokens {
  output: 200 tokens
  user: "Dear {{ticket.customer}}, answer {{ticket.body}}, knowing {{known}}"
}
"#;

const TOOLS: &str = r#"/// What is known about a ticket.
pub tool look_N(id: text in 1..40): text? in ..400 = http.get("https://crm.internal/{{id}}") {
  effect: Read
  timeout: 3s
}

/// Keeps an answer.
pub tool save_N(id: text in 1..40, line: text in ..200 tokens): text in ..80 = http.post("https://crm.internal/{{id}}") {
  effect: Write
  once: true
  timeout: 3s
}

/// Sends an answer.
pub tool send_N(line: text in ..200 tokens): text in ..80 = http.post("https://mail.internal/") {
  effect: Sensitive
  timeout: 3s
}
"#;

const PEOPLE: &str = r#"import AREA/types.{Verdict}

pub human review(line: text in ..200 tokens): Verdict {
  role: agent
  title: "Send this?"
  approves: [Approve]
}
"#;

const FLOW: &str = r#"import common.{stamped}
import AREA/models.{fast}
import AREA/people.{review}
import AREA/prompts_P.{reply_P, sort_P}
import AREA/tools_T.{look_T, save_T, send_T}
import AREA/types.{Outcome, Ticket}

/// Answers a ticket in one of several ways.
pub flow answer_N(ticket: Ticket): Outcome within 0.005 USD, 2d {
  -> sort
  -> return Failed(error.message) on Error

  node sort = sort_P(ticket) using fast
    -> return Junk when sort.kind is Spam
    -> look

  node look = look_T(ticket.id)
    -> write("nothing") when look is none
    -> write(look)

  node write(known: text in ..400) = reply_P(ticket, known) using fast
    -> ask(write)

  node ask(draft: text in ..200 tokens) = review(draft) within 1d
    -> send(draft) when ask is Approve
    -> keep(draft)
    -> return Failed("nobody answered") on Expired

  node keep(kept: text in ..200 tokens) = save_T(ticket.id, kept)
    -> return Done(stamped(keep).by)

  node send(final: text in ..200 tokens) = send_T(final)
    -> return Done(stamped(send).by)
}
"#;

const TESTS: &str = r#"import AREA/flow_0.{answer_0}
import AREA/prompts_0.{sort_0}
import AREA/types.{Sorted}

test "spam is left alone" {
  given sort_0 = Sorted(kind: Spam, note: "buy")
  when answer_0(sample("ticket"))
  need result is Junk
}
"#;

/// Path and text of every file.
pub(crate) fn files() -> Vec<(String, String)> {
    let mut files = vec![("common.flow".to_owned(), COMMON.to_owned())];
    for number in 0..AREAS {
        area(number, &mut files);
    }
    files
}

fn area(number: usize, files: &mut Vec<(String, String)>) {
    let area = format!("area_{number}");
    let mut add = |name: String, text: &str, n: usize| {
        let text = text.replace("AREA", &area).replace("_N", &format!("_{n}"));
        let text = text.replace("_P", &format!("_{}", n % 4)).replace("_T", &format!("_{}", n % 3));
        files.push((format!("{area}/{name}.flow"), text));
    };
    add("types".to_owned(), TYPES, 0);
    add("models".to_owned(), MODELS, 0);
    add("people".to_owned(), PEOPLE, 0);
    (0..4).for_each(|n| add(format!("prompts_{n}"), PROMPTS, n));
    (0..3).for_each(|n| add(format!("tools_{n}"), TOOLS, n));
    (0..8).for_each(|n| add(format!("flow_{n}"), FLOW, n));
    add("main".to_owned(), &over_all(number), 0);
    // The file that all share takes the place of one.
    if number > 0 {
        add("tests".to_owned(), TESTS, 0);
    }
}

/// A flow that tries all flows of its area, one after the other.
fn over_all(number: usize) -> String {
    let mut text = String::from("import AREA/types.{Outcome, Ticket}\n");
    for n in 0..8 {
        let _ = writeln!(text, "import AREA/flow_{n}.{{answer_{n}}}");
    }
    text.push_str("\npub flow handle(ticket: Ticket): Outcome {\n  -> try_0\n");
    for n in 0..8 {
        let next = if n < 7 { format!("-> try_{}", n + 1) } else { "-> return Junk".to_owned() };
        let _ = write!(
            text,
            "\n  node try_{n} = answer_{n}(ticket)\n    -> return try_{n} when try_{n} is Done\n    {next}\n"
        );
    }
    let _ = write!(
        text,
        "}}\n\non http.post(\"/tickets/{number}\", key: event.id, allow: [agent]) -> handle(event)\n"
    );
    text
}
