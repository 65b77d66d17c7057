; Words that tools look for in comments.
((comment) @injection.content
  (#set! injection.language "comment"))

; `body.matches("^[A-Z]+$")`
(call
  callee: (access name: (identifier) @_method)
  arguments: (arguments . (argument value: (string (text) @injection.content)))
  (#eq? @_method "matches")
  (#set! injection.combined)
  (#set! injection.language "regex"))
