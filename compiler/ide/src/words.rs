//! What the words of the language mean, for hover and completion.

use flow_grammar::ast::SetupKind;

/// What a setting says.
pub(crate) fn setting(kind: SetupKind, name: &str) -> Option<&'static str> {
    let table: &[(&str, &str)] = match kind {
        SetupKind::Model => &MODEL,
        SetupKind::Prompt => &PROMPT,
        SetupKind::Tool => &TOOL,
        SetupKind::Human => &HUMAN,
        SetupKind::Resource => &RESOURCE,
    };
    table.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

const MODEL: [(&str, &str); 16] = [
    ("region", "where it runs; decides which labelled data it may see: `region: \"eu\"`"),
    ("can", "what it can do: `[Json, Stream, Tools, Logprobs, Image, Audio, File, Embed, Rerank]`"),
    ("context", "how much it holds, prompt and answer together: `128k tokens`"),
    ("output", "how long an answer can be: `16k tokens`"),
    ("price_in", "what reading costs: `0.25 USD / 1M tokens`"),
    ("price_out", "what writing costs: `2 USD / 1M tokens`"),
    ("latency", "how long one attempt takes: `Latency(p50: 500ms, p95: 2s, p99: 4s)`"),
    ("timeout", "how long one attempt may take: `20s`"),
    ("retry", "how many more attempts there are after `Timeout` and `Overload`: `1`"),
    ("fallback", "who answers when it does not: `[careful]`"),
    ("parallel", "how many calls run at once, over all runs: `8`"),
    ("token_factor", "its tokens for one token of the reference tokenizer: `1.35`"),
    ("breaker", "when it is left alone, and for how long: `Breaker(errors: 50%, window: 30s, rest: 5s)`"),
    ("hedge", "after so long without a token the next model is asked as well: `800ms`"),
    ("limit", "a minute's worth, over all runs: `Limit(requests: 600, tokens: 200k tokens)`"),
    ("auth", "where its key is: `env(\"OPENAI_API_KEY\")` or `vault(\"openai\")`"),
];

const PROMPT: [(&str, &str); 13] = [
    ("system", "the rules of the conversation; no text from outside belongs here"),
    ("user", "what is asked; holes `{{ }}` hold expressions"),
    ("assistant", "an earlier answer, as an example"),
    ("turns", "an earlier conversation: a `list(Message)`"),
    ("input", "with `registry(…)`: how much a version may send, arguments included: `600 tokens`"),
    ("output", "how long the answer may be: `300 tokens`"),
    ("confidence", "where `confidence(node)` comes from: `Logprob(field)`, `Vote(5)` or `Field(name)`"),
    ("repair", "how often an answer that does not fit its type is asked for again: `1`"),
    ("tools", "what the model may call by itself; only what reads: `[find_listing]`"),
    ("rounds", "how often it may call tools before it answers: `6`"),
    ("version", "what this text is called: `\"4\"`; `flow.lock` keeps it with the text"),
    ("temperature", "from 0 (always the likeliest word) to 2"),
    ("cache", "`Exact`: equal questions get the remembered answer"),
];

const TOOL: [(&str, &str); 11] = [
    ("effect", "what it does to the world: `Read`, `Write`, or `Sensitive` for what needs approval"),
    ("needs", "grants of `flow.toml` that a package must have to call it: `[crm_write]`"),
    ("timeout", "how long one attempt may take: `3s`"),
    ("retry", "how many more attempts there are: `2`"),
    ("once", "`true`: the server honours an idempotency key, so a retry cannot do it twice"),
    ("auth", "the token that is sent: `vault(\"mail_token\")`"),
    ("region", "where it runs; decides which labelled data it may see"),
    ("headers", "headers of the request"),
    ("body", "the body of the request; without it, the arguments as JSON"),
    ("cost", "what one call costs: `0.01 USD`"),
    ("parallel", "how many calls run at once, over all runs: `8`"),
];

const HUMAN: [(&str, &str); 7] = [
    ("role", "who may answer: a role of `flow.toml`"),
    ("who", "only this person may answer"),
    ("title", "what the person sees first"),
    ("approves", "the answers that approve what was shown: `[Approve, Edit]`"),
    ("quorum", "how many different people must answer: `2`"),
    ("remind", "when to remind: `1h`"),
    ("cost", "what an answer costs: `2 USD`"),
];

const RESOURCE: [(&str, &str); 7] = [
    ("keep", "how long entries live: `30d`"),
    ("match", "when a key is found: `Exact` or `Similar(0.96)`"),
    ("embed", "the model that embeds texts"),
    ("mode", "how it searches: `Keyword`, `Vector` or `Hybrid`"),
    ("text", "what is embedded: `c => \"{{c.title}} {{c.body}}\"`"),
    ("shared", "`true`: one for all tenants"),
    ("region", "where it is kept; decides which labelled data it may hold"),
];

/// What opens an item, with a pattern to fill in (`${1:name}` marks a place to type).
pub(crate) const ITEMS: [(&str, &str, &str); 15] = [
    ("import", "import ${1:module}.{${2:name}}", "names of another file"),
    ("type", "type ${1:Name} {\n  ${2:field}: ${3:text}\n}", "a record"),
    ("enum", "enum ${1:Name} {\n  ${2:One}\n  ${3:Two}\n}", "a choice"),
    ("fn", "fn ${1:name}(${2:x}: ${3:int}): ${4:int} = ${5:x}", "arithmetic"),
    (
        "check",
        "check ${1:name}(${2:x}: ${3:text}): ${4:trusted text} {\n  need ${5:x.length > 0} else \"${6:why not}\"\n}",
        "a rule",
    ),
    (
        "model",
        "model ${1:fast} = ${2:openai}(\"${3:gpt-5-mini}\") {\n  can: [${4:Json}]\n  context: ${5:128k} tokens\n  output: ${6:4k} tokens\n  price_in: ${7:0.25} USD / 1M tokens\n  price_out: ${8:2} USD / 1M tokens\n}",
        "who answers",
    ),
    (
        "prompt",
        "prompt ${1:name}(${2:x}: ${3:text}): ${4:text} {\n  output: ${5:300} tokens\n  system: \"${6}\"\n  user: \"{{${7:x}}}\"\n}",
        "asks a model",
    ),
    (
        "tool",
        "tool ${1:name}(${2:x}: ${3:text}): ${4:text} = http.${5:get}(\"${6:https://}\") {\n  effect: ${7:Read}\n  timeout: ${8:5s}\n}",
        "asks a system",
    ),
    (
        "human",
        "human ${1:name}(${2:x}: ${3:text}): ${4:Verdict} {\n  role: ${5:agent}\n  title: \"${6}\"\n  approves: [${7:Approve}]\n}",
        "asks a person",
    ),
    ("resource", "resource ${1:name}: ${2:Memory}(${3:text})", "what is kept"),
    (
        "split",
        "split ${1:name}(${2:x}: ${3:text}): ${4:text} {\n  key: ${2:x}\n  95%: ${5:one}(${2:x})\n  5%: ${6:two}(${2:x})\n}",
        "asks one of several",
    ),
    (
        "flow",
        "flow ${1:name}(${2:x}: ${3:text}): ${4:text} {\n  -> ${5:first}\n\n  node ${5:first} = ${6:call}(${2:x})\n    -> return ${5:first}\n}",
        "a graph",
    ),
    ("on", "on http.post(\"${1:/path}\", key: event.${2:id}) -> ${3:flow}(event)", "what starts a flow"),
    (
        "test",
        "test \"${1:what holds}\" {\n  given ${2:prompt} = ${3:answer}\n  when ${4:flow}(${5:input})\n  need ${6:result is Done}\n}",
        "a test of a flow",
    ),
    (
        "eval",
        "eval \"${1:how good it is}\" {\n  given row in ${2:labels}\n  when ${3:prompt}(row.${4:input}) using ${5:fast}\n  need mean(result == row.${6:expected}) >= ${7:90}%\n}",
        "rows of a dataset, judged together",
    ),
];

#[cfg(test)]
mod tests;
