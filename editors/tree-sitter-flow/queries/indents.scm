; In the words of nvim-treesitter. `helix/indents.scm` says the same in Helix's.

[
  (record_body)
  (enum_body)
  (check_body)
  (setup_body)
  (split_body)
  (flow_body)
  (test_body)
  (node)
  (all)
  (case)
  (list)
  (group)
  (arguments)
  (parameters)
  (type_arguments)
] @indent.begin

((fn_declaration body: (_) @_body) @indent.begin
  (#not-lua-match? @_body "^case"))

[
  "}"
  "]"
  ")"
] @indent.branch

[
  (block_string)
  (comment)
  (doc_comment)
  (file_comment)
] @indent.auto
