//! The error index: every code the compiler can say, once and for ever.
//!
//! Numbers are never reused. Each row has a page `docs/errors/FLxxxx.md`, a constructor in the compiler and a
//! literate test; `tests` refuse a row without them.

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Severity {
    /// The program is refused.
    Error,
    /// The program may run, but probably not as meant.
    Warning,
    /// Something worth knowing.
    Hint,
}

impl Severity {
    /// As shown.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Hint => "hint",
        }
    }
}

/// One row of the index.
#[derive(PartialEq, Eq, Hash, Debug)]
pub struct Code {
    /// `FL0203`.
    pub number: &'static str,
    /// `unreachable-node`.
    pub name: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// One line for lists.
    pub summary: &'static str,
}

/// The row that `text` names by number or by name, in any case.
#[must_use]
pub fn find(text: &str) -> Option<&'static Code> {
    ALL.iter()
        .copied()
        .find(|code| code.number.eq_ignore_ascii_case(text) || code.name.eq_ignore_ascii_case(text))
}

macro_rules! codes {
    ($($number:ident $constant:ident $severity:ident $name:literal $summary:literal)*) => {
        $(
            #[doc = concat!($name, ": ", $summary)]
            pub static $constant: Code = Code {
                number: stringify!($number),
                name: $name,
                severity: Severity::$severity,
                summary: $summary,
            };
        )*
        /// All rows in order of their numbers.
        pub static ALL: &[&Code] = &[$(&$constant),*];
    };
}

codes! {
    FL0001 UNKNOWN_UNIT Error "unknown-unit" "a number has a unit that the language does not know"
    FL0002 UNTERMINATED_TEXT Error "unterminated-text" "a text or block of text never ends"
    FL0003 MIXED_BODY Error "mixed-body" "fields and variants stand in one body"
    FL0004 DUPLICATE_NAME Error "duplicate-name" "one name is given twice where both are visible"
    FL0005 UNKNOWN_NAME Error "unknown-name" "a name is not declared"
    FL0006 STRAY_SEPARATOR Error "stray-separator" "lines in braces are separated by a comma or semicolon"
    FL0007 EQUALS_FOR_COLON Error "equals-for-colon" "`=` stands where `:` belongs"
    FL0008 WRONG_CASE Error "wrong-case" "a value is UpperCamel or a type is lower_case"
    FL0009 FOREIGN_HABIT Error "foreign-habit" "a spelling of another language"
    FL0010 UNBALANCED_BRACKET Error "unbalanced-bracket" "a bracket has no partner"
    FL0011 UNEXPECTED_TOKEN Error "unexpected-token" "something else should stand here"
    FL0012 BAD_CHARACTER Error "bad-character" "a character or byte is no part of the language"
    FL0013 BAD_LITERAL Error "bad-literal" "a number or escape cannot be read"
    FL0014 NOT_AN_ITEM Error "not-an-item" "a line starts no declaration"
    FL0015 TEMPLATE_BLOCK Error "template-block" "`{{each}}` or `{{if}}` and `{{end}}` do not pair up"
    FL0016 TOO_DEEP Error "too-deep" "brackets or operators are nested too deeply"
    FL0017 UNKNOWN_MODULE Error "unknown-module" "an import names no module of the package or the standard library"
    FL0018 PRIVATE_NAME Error "private-name" "an imported name is not `pub`"
    FL0019 IMPORT_CYCLE Error "import-cycle" "modules import each other in a circle"
    FL0020 UNUSED_IMPORT Warning "unused-import" "an imported name is never used"
    FL0021 UNKNOWN_SETTING Error "unknown-setting" "a setting that this declaration does not have"
    FL0022 MISSING_SETTING Error "missing-setting" "a setting that this declaration needs is not there"
    FL0023 REPEATED_SETTING Error "repeated-setting" "a setting is given twice"
    FL0024 BAD_SETTING_VALUE Error "bad-setting-value" "the value of a setting does not fit it"
    FL0025 BAD_MANIFEST Error "bad-manifest" "`flow.toml` cannot be read"
    FL0026 UNUSED_ALLOW Warning "unused-allow" "a `// flow:allow` silences nothing"
    FL0027 BAD_ALLOW Warning "bad-allow" "a `// flow:allow` names no known warning or gives no reason"
    FL0101 TYPE_MISMATCH Error "type-mismatch" "a value of one type stands where another is wanted"
    FL0102 MISSING_FIELD Error "missing-field" "a constructor or call leaves a field out"
    FL0103 UNKNOWN_FIELD Error "unknown-field" "a type has no such field or method"
    FL0104 MAYBE_NONE Error "maybe-none" "a value that may be `none` is used as if it were not"
    FL0105 VARIANT_FIELD Error "variant-field" "a payload is used where its variant is not known"
    FL0106 OUT_OF_RANGE Error "out-of-range" "a wide range stands where a narrow one is wanted"
    FL0107 MIXED_UNITS Error "mixed-units" "units or currencies are mixed"
    FL0108 RECURSIVE_TYPE Error "recursive-type" "a type contains itself"
    FL0109 VARIANT_AS_TEXT Error "variant-as-text" "a variant is compared with text"
    FL0110 FREE_TEXT_EQUALITY Warning "free-text-equality" "variants with free text are compared with `==`"
    FL0111 TEXT_LITERAL_COMPARISON Warning "text-literal-comparison" "a model's free text is compared with a literal"
    FL0112 WRONG_ARGUMENTS Error "wrong-arguments" "a call has too many arguments, a label it does not know, or mixes labels and positions"
    FL0113 NOT_CALLABLE Error "not-callable" "something is called that is no callable, or a callable is used as a value"
    FL0114 UNKNOWN_TYPE Error "unknown-type" "a type is not declared, or has the wrong number of arguments"
    FL0115 CASE_NOT_EXHAUSTIVE Error "case-not-exhaustive" "a `case` leaves a possibility out"
    FL0116 BAD_RANGE Error "bad-range" "a range is empty, or does not fit its type"
    FL0117 BAD_PATTERN Error "bad-pattern" "a pattern can never match the type"
    FL0118 RETURN_MISMATCH Error "return-mismatch" "a flow returns a value although it declares none, or the other way round"
    FL0119 LABEL_NOT_ALLOWED Error "label-not-allowed" "a label stands where it means nothing"
    FL0201 DEAD_END Error "dead-end" "a node has no normal edge"
    FL0202 UNKNOWN_NODE Error "unknown-node" "an edge leads to no node"
    FL0203 UNREACHABLE_NODE Error "unreachable-node" "nothing leads to a node"
    FL0204 DEAD_EDGE Error "dead-edge" "an edge is never taken"
    FL0205 NOT_EXHAUSTIVE Error "not-exhaustive" "a result exists that no edge takes"
    FL0206 EDGE_ARGUMENTS Error "edge-arguments" "an edge passes other arguments than its node takes"
    FL0207 NO_START Error "no-start" "a flow does not say where it starts"
    FL0208 IMPOSSIBLE_ERROR Error "impossible-error" "an edge waits for an error that cannot happen"
    FL0209 HANDLER_LOOP Error "handler-loop" "an error handler leads back into the flow"
    FL0210 NEVER_RETURNS Error "never-returns" "no path through a flow ends in `return`"
    FL0211 EFFECT_IN_EXPRESSION Error "effect-in-expression" "an effect stands inside an expression"
    FL0212 RECURSIVE_FLOW Error "recursive-flow" "a flow or function calls itself"
    FL0213 HANDLER_SHARED Warning "handler-shared" "a node of the error handler is reached by the main line too"
    FL0301 NOT_ASSIGNED Error "not-assigned" "a value is used where it may not have been produced"
    FL0302 FAILED_VALUE Error "failed-value" "a value is used on the edge on which its node failed"
    FL0303 UNUSED_NODE Warning "unused-node" "a node only reads and nothing uses its value"
    FL0304 SWALLOWED_ERROR Hint "swallowed-error" "`else` answers for errors that hide a broken set-up"
    FL0305 UNUSED_PARAMETER Warning "unused-parameter" "a parameter is never used"
    FL0306 UNREAD_ON_LOOP Warning "unread-on-loop" "the value of a node on a loop, or a field of a person's answer, is never read"
    FL0401 UNBOUNDED_LOOP Error "unbounded-loop" "a loop has no `max`"
    FL0402 OVER_LIMIT Error "over-limit" "a flow or call may cost more than its limit, and no arrow says what happens then"
    FL0403 LOOSE_LIMIT Hint "loose-limit" "a limit is so high that it never binds"
    FL0404 QUANTILE_TOO_LOW Error "quantile-too-low" "a promised quantile is below what a model alone declares"
    FL0405 SHORT_WITHIN Warning "short-within" "a time limit is shorter than one attempt, so retries and fallbacks never run"
    FL0406 UNBOUNDED_EACH Error "unbounded-each" "`each` goes over a list without a bound"
    FL0407 UNBOUNDED_WAIT Error "unbounded-wait" "a person or an event is waited for without `within`"
    FL0408 WAITS_TOO_LONG Error "waits-too-long" "somebody may be waited for longer than the flow lasts"
    FL0409 TEXT_IN_CHARACTERS Hint "text-in-characters" "a long text bounded in characters reaches a prompt"
    FL0501 TEMPLATE_NAME Error "template-name" "a template uses a name that the prompt does not have"
    FL0502 UNUSED_IN_TEMPLATE Warning "unused-in-template" "a parameter is never used in the template"
    FL0503 NO_MODEL Error "no-model" "a prompt is called without a model"
    FL0504 LACKS_CAPABILITY Error "lacks-capability" "a model cannot do what is asked of it"
    FL0505 WINDOW_TOO_SMALL Error "window-too-small" "more may be sent than a model holds"
    FL0506 UNBOUNDED_TEXT Warning "unbounded-text" "a text without a bound reaches a prompt"
    FL0507 OUTPUT_TOO_SMALL Warning "output-too-small" "an answer may be longer than `output` allows"
    FL0508 NO_WIRE_FORM Error "no-wire-form" "a provider cannot express the type of an answer"
    FL0509 NOT_ENFORCED Hint "not-enforced" "a provider does not enforce a range of an answer"
    FL0510 NO_CONFIDENCE Error "no-confidence" "`confidence` of a prompt that does not say where it comes from"
    FL0511 NO_LOGPROBS Error "no-logprobs" "confidence is taken from probabilities that a model does not give"
    FL0512 FALLBACK_CIRCLE Error "fallback-circle" "models fall back to each other in a circle"
    FL0513 SHARED_FATE Warning "shared-fate" "a model falls back to one that fails together with it"
    FL0514 NO_PRICE Error "no-price" "a model without a price is asked inside of a money limit"
    FL0515 REWORDED Error "reworded" "the text of a prompt changed, and its version did not"
    FL0516 UNTRUSTED_SYSTEM Warning "untrusted-system" "untrusted text stands in a `system` message"
    FL0601 RETRIED_WRITE Error "retried-write" "a tool writes and retries without a key"
    FL0602 MCP_TOOL_CHANGED Error "mcp-tool-changed" "a tool of an MCP server is declared otherwise than `flow.lock` holds it"
    FL0603 NO_EFFECT Error "no-effect" "a tool does not say what it does"
    FL0604 MODEL_CALLS_WRITE Error "model-calls-write" "a model is given a tool that writes"
    FL0605 UNKNOWN_ROLE Error "unknown-role" "a role is not in `flow.toml`"
    FL0606 CONCURRENT_RUNS Warning "concurrent-runs" "two runs for one session could write what it remembers at once"
    FL0607 NOT_GRANTED Error "not-granted" "a tool needs what the package is not granted"
    FL0608 UNHANDLED_OUTCOME Error "unhandled-outcome" "an outcome that is no accident is not handled"
    FL0609 NO_APPROVES Error "no-approves" "a person's answer approves, but which answers do is not said"
    FL0701 UNAPPROVED Error "unapproved" "something sensitive can be reached with nobody's approval"
    FL0702 UNTRUSTED_ARGUMENT Error "untrusted-argument" "a value that nobody vouches for stands where only a trusted one may"
    FL0703 APPROVED_OTHER Error "approved-other" "a person approved one value, another one is sent"
    FL0704 PII_REGION Error "pii-region" "`pii` goes where the package does not allow it"
    FL0705 SECRET_LEAVES Error "secret-leaves" "a secret goes anywhere but into a setting"
    FL0706 PII_SHARED Error "pii-shared" "`pii` is kept where all tenants see it"
    FL0707 CARELESS_CHECK Warning "careless-check" "a check makes something trusted that it never looks at"
    FL0708 TRUSTED_IN_PUBLIC Warning "trusted-in-public" "a value is declared `trusted`, and anybody may send it"
    FL0710 NOT_IN_KEY Error "not-in-key" "what is kept in a cache depends on more than its key"
    FL0712 UNLABELLED_RESULT Hint "unlabelled-result" "a tool takes personal data or a file and returns text without a label"
    FL0801 SHARES Error "shares" "the shares of a split do not add up to 100 %"
    FL0802 NO_SPLIT_KEY Error "no-split-key" "a split does not say who stays on an arm"
    FL0803 SHADOW_WRITES Error "shadow-writes" "a shadow arm changes something or asks a person"
    FL0804 POINTER_CONTRACT Error "pointer-contract" "what a registry's pointer names is not what the package declares"
    FL0805 NOT_LOCKED Error "not-locked" "something the package depends on is not in `flow.lock`, or is not what it says"
    FL0806 TRIGGER_FIELD Error "trigger-field" "a trigger passes a field that the event does not have"
    FL0807 CANNOT_STREAM Error "cannot-stream" "a trigger streams text that is not final while it is written"
    FL0808 PARKED_NODE_GONE Error "parked-node-gone" "runs may be parked at a node that the new version does not have"
    FL0809 GATE_NOT_PASSED Error "gate-not-passed" "a pointer would move to a version with which an eval that gates it has not passed"
    FL0901 UNUSED_GIVEN Error "unused-given" "a test answers for something that is never called"
    FL0902 REAL_CALL_IN_TEST Error "real-call-in-test" "a test would call a real model"
    FL0903 STALE_CASSETTE Error "stale-cassette" "a cassette was recorded for another prompt"
    FL0904 UNTESTED_EDGE Hint "untested-edge" "no test takes an edge"
    FL0905 BAD_TEST Error "bad-test" "a test or an eval has no `when`, no `need`, or a step that makes no sense"
    FL0906 NO_ROWS Error "no-rows" "an eval does not read the rows of a dataset"
    FL0907 ONE_ROW Error "one-row" "an eval uses a value of one row where all rows are judged, or the other way round"
    FL0908 SHARE_LIMIT Error "share-limit" "an eval compares a share with what every share reaches, or none"
    FL0909 BAD_GATE Error "bad-gate" "the gate of an eval guards nothing"
}
