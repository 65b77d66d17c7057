; Colours. Where two patterns meet, the later one wins.

; ---- names

(identifier) @variable
(type_identifier) @type

(parameter name: (_) @variable.parameter)
(lambda parameter: (identifier) @variable.parameter)
(argument label: (identifier) @variable.parameter)
(each variable: (_) @variable.parameter)
(each_tag variable: (_) @variable.parameter)
(given_in variable: (_) @variable.parameter)

(field name: (_) @property)
(setting name: (_) @property)
(branch name: (_) @property)
(limit name: (_) @property)
(access name: (identifier) @property)

((identifier) @variable.builtin
  (#any-of? @variable.builtin "run" "result" "error" "event"))

; ---- types

(type name: (_) @type)
((type name: (identifier) @type.builtin)
  (#any-of? @type.builtin
    "text" "int" "float" "bool" "date" "time" "duration" "money" "tokens" "bytes" "json" "image" "audio" "file"
    "list" "map"))
(type_declaration name: (_) @type)
(enum_declaration name: (_) @type)
(variant name: (_) @constructor)
(call callee: (type_identifier) @constructor)
(pattern/type_identifier) @constructor
(on class: (_) @type)

; ---- callables

(call callee: (identifier) @function.call)
(call callee: (access name: (identifier) @function.method.call))
(fn_declaration name: (_) @function)
(check_declaration name: (_) @function)
(split_declaration name: (_) @function)
(flow_declaration name: (_) @function)
(setup_declaration name: (_) @function)
(setup_declaration kind: ["model" "resource"] name: (_) @variable)
(given callee: (path (identifier) @function.call))
(work_call model: (path (identifier) @variable))

; ---- the graph

(node name: (_) @label)
(node_target name: (_) @label)

; ---- modules

(import_path (identifier) @module)

; ---- words

[
  "type"
  "enum"
  "fn"
  "check"
  "model"
  "prompt"
  "tool"
  "human"
  "resource"
  "split"
  "flow"
  "test"
  "eval"
  "node"
  "tag"
] @keyword

"import" @keyword.import
"pub" @keyword.modifier
(label) @keyword.modifier

[
  "return"
  "fail"
] @keyword.return

[
  "when"
  "else"
  "case"
  "if"
] @keyword.conditional

[
  "all"
  "each"
  "max"
] @keyword.repeat

(on "on" @keyword.exception)
(trigger "on" @keyword)

[
  "using"
  "within"
  "given"
  "need"
  "end"
] @keyword

[
  "and"
  "or"
  "not"
  "is"
  "in"
] @keyword.operator

; ---- values

(boolean) @boolean
(none) @constant.builtin
(wildcard) @character.special
(number) @number
(quantity (unit) @type.builtin)

(string "\"" @string)
(block_string "\"\"\"" @string)
(text) @string
(escape) @string.escape
(field wire: (string (text) @string.special))
(parameter wire: (string (text) @string.special))
(variant wire: (string (text) @string.special))

[
  "{{"
  "}}"
] @punctuation.special

; ---- signs

[
  "->"
  "=>"
  "="
  "=="
  "!="
  "<"
  "<="
  ">"
  ">="
  "+"
  "-"
  "*"
  "/"
  ".."
  "?"
] @operator

[
  "("
  ")"
  "["
  "]"
  "{"
  "}"
] @punctuation.bracket

[
  ","
  "."
  ":"
] @punctuation.delimiter

; ---- comments

(comment) @comment
(doc_comment) @comment.documentation
(file_comment) @comment.documentation
