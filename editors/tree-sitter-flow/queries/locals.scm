; Names live in the file, in a callable, in a flow, in a lambda and in the text behind an `{{each}}`.

[
  (source_file)
  (fn_declaration)
  (check_declaration)
  (setup_declaration)
  (split_declaration)
  (flow_declaration)
  (test)
  (each)
  (lambda)
] @local.scope

(fn_declaration name: (identifier) @local.definition.function)
(check_declaration name: (identifier) @local.definition.function)
(setup_declaration name: (identifier) @local.definition.function)
(split_declaration name: (identifier) @local.definition.function)
(flow_declaration name: (identifier) @local.definition.function)
(type_declaration name: (type_identifier) @local.definition.type)
(enum_declaration name: (type_identifier) @local.definition.type)
(variant name: (type_identifier) @local.definition.enum)
(import name: (_) @local.definition.import)

(parameter name: (identifier) @local.definition.parameter)
(lambda parameter: (identifier) @local.definition.parameter)
(each variable: (identifier) @local.definition.var)
(each_tag variable: (identifier) @local.definition.var)
(given_in variable: (identifier) @local.definition.var)
(node name: (identifier) @local.definition.var)

(expression/identifier) @local.reference
(expression/type_identifier) @local.reference
(pattern/type_identifier) @local.reference
(type name: (_) @local.reference)
(node_target name: (identifier) @local.reference)
(path . (identifier) @local.reference)
