[
  (record_body)
  (enum_body)
  (check_body)
  (setup_body)
  (split_body)
  (flow_body)
  (test_body)
  (fn_declaration)
  (node)
  (all)
  (case)
  (list)
  (group)
  (arguments)
  (parameters)
  (type_arguments)
] @indent

[
  "}"
  "]"
  ")"
] @outdent
