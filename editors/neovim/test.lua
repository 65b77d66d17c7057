-- Drives `flowc lsp` from a real Neovim, through the set-up that the book gives: run by `flowc/tests/editors.rs` with
-- `nvim --headless -u SETUP -c "luafile test.lua"` in a copy of an example. Works from 0.7 on.

local function fail(message)
  io.stderr:write(message .. "\n")
  vim.cmd("cquit 1")
end

local function await(what, condition)
  if not vim.wait(30000, condition, 20) then
    error("waited for " .. what .. " in vain; messages: " .. vim.fn.execute("messages"))
  end
end

local function lines(buffer) return vim.api.nvim_buf_get_lines(buffer or 0, 0, -1, false) end

local function text(buffer) return table.concat(lines(buffer), "\n") end

local function line_of(needle, buffer)
  for number, line in ipairs(lines(buffer)) do
    local column = line:find(needle, 1, true)
    if column then return number, column - 1 end
  end
  error("no line holds " .. needle)
end

local function go_to(needle, behind)
  local row, column = line_of(needle)
  vim.api.nvim_win_set_cursor(0, { row, column + #(behind or "") })
end

local function replace(before, after)
  local row = line_of(before)
  local line = lines()[row]
  local from = line:find(before, 1, true)
  local new = line:sub(1, from - 1) .. after .. line:sub(from + #before)
  vim.api.nvim_buf_set_lines(0, row - 1, row, false, { new })
end

-- How often a word stands in the code; the words of a `system:` message are none of it.
local function count(word)
  local found = 0
  for _, line in ipairs(lines()) do
    if not line:find("^%s*system:") then
      local _, here = line:gsub("%f[%w_]" .. word .. "%f[^%w_]", "")
      found = found + here
    end
  end
  return found
end

local function clients(buffer)
  if vim.lsp.get_clients then return vim.lsp.get_clients({ bufnr = buffer }) end
  return vim.tbl_values(vim.lsp.buf_get_clients(buffer))
end

local function errors(buffer)
  return vim.diagnostic.get(buffer or 0, { severity = vim.diagnostic.severity.ERROR })
end

local function equal(found, wanted, what)
  if not vim.deep_equal(found, wanted) then
    error(what .. ": found\n" .. vim.inspect(found) .. "\nnot\n" .. vim.inspect(wanted), 2)
  end
end

-- A request of the client itself: what a test may wait for.
local function ask(method, more)
  local params = vim.tbl_extend("force", vim.lsp.util.make_position_params(0, "utf-16"), more or {})
  local answers = vim.lsp.buf_request_sync(0, method, params, 30000)
  local _, answer = next(answers or {})
  if not answer or answer.err then error(method .. ": " .. vim.inspect(answer)) end
  return answer.result
end

-- 0.7 asks through `vim.ui.select`: take the first that is offered.
vim.ui.select = function(items, _, choose) choose(items[1], 1) end

local tests = {}

tests["an example is opened without an error"] = function()
  vim.cmd("edit main.flow")
  equal(vim.bo.filetype, "flow", "file type")
  await("the server", function() return #clients(0) > 0 end)
  local hover
  await("hover", function()
    go_to("node sort", "node ")
    hover = ask("textDocument/hover")
    return hover ~= nil
  end)
  assert(hover.contents.value:find("Triage"), vim.inspect(hover))
  equal(errors(), {}, "errors")
end

tests["a broken arrow is shown, and its quick fix mends it"] = function()
  local before = text()
  replace("-> sort", "-> srt")
  await("the diagnostic", function() return #errors() > 0 end)
  local found = errors()[1]
  equal({ found.code, found.lnum + 1, found.col }, { "FL0202", line_of("-> srt"), 5 }, "the diagnostic")
  equal(#errors(), 1, "how many")
  go_to("srt")
  vim.lsp.buf.code_action({ diagnostics = vim.lsp.diagnostic and vim.lsp.diagnostic.get_line_diagnostics() or nil })
  await("the fix", function() return text() == before end)
  await("no diagnostic", function() return #errors() == 0 end)
end

tests["a node is renamed wherever it is named, in other files too"] = function()
  go_to("node sort", "node ")
  local uses = count("sort")
  assert(uses > 5, uses .. " uses")
  vim.lsp.buf.rename("triaged")
  await("the new name", function() return text():find("node triaged", 1, true) ~= nil end)
  equal({ count("triaged"), count("sort") }, { uses, 0 }, "names in main.flow")
  local other = vim.fn.bufnr("more.flow")
  assert(other > 0, "more.flow was not opened")
  assert(text(other):find("visited(triaged)", 1, true), text(other))
  await("the server's word on it", function() return #errors() == 0 and #errors(other) == 0 end)
end

tests["a model is renamed in the file that declares it and where it is asked"] = function()
  go_to("using fast", "using ")
  vim.lsp.buf.rename("quick")
  await("the new name", function() return text():find("using quick", 1, true) ~= nil end)
  assert(text():find("import models.{quick, careful}", 1, true), "the import")
  local models = vim.fn.bufnr("models.flow")
  assert(text(models):find("pub model quick =", 1, true), text(models))
  assert(text(models):find("fallback: [quick]", 1, true), text(models))
end

tests["the buffer is formatted"] = function()
  local tidy = text()
  replace("  node triaged = triage(mail) using quick", "      node   triaged=triage( mail ) using quick")
  assert(text() ~= tidy)
  if vim.lsp.buf.format then
    vim.lsp.buf.format({ timeout_ms = 30000 })
  else
    vim.lsp.buf.formatting_sync(nil, 30000)
  end
  equal(lines(), vim.split(tidy, "\n"), "the formatted buffer")
end

tests["names are completed, and found where they are declared"] = function()
  go_to("-> gather when", "-> ")
  local labels = {}
  local answer = ask("textDocument/completion")
  for _, item in ipairs(answer.items or answer) do labels[item.label] = true end
  assert(labels.gather and labels.escalate, vim.inspect(labels))
  vim.lsp.buf.definition()
  local wanted = line_of("node gather")
  await("the declaration", function() return vim.api.nvim_win_get_cursor(0)[1] == wanted end)
end

-- The grammar, if `FLOW_PARSER` names it: what a tree-sitter of this Neovim's age makes of it.
tests["the tree-sitter grammar loads, and colours the file"] = function()
  local parser = os.getenv("FLOW_PARSER")
  if not parser then return end
  if vim.treesitter.language and vim.treesitter.language.add then
    vim.treesitter.language.add("flow", { path = parser })
  else
    vim.treesitter.require_language("flow", parser)
  end
  local root = vim.treesitter.get_parser(0, "flow"):parse()[1]:root()
  assert(not root:has_error(), root:sexpr())
  local parse = vim.treesitter.query.parse or vim.treesitter.query.parse_query or vim.treesitter.parse_query
  local function captured(name)
    local file = assert(io.open(os.getenv("FLOW_QUERIES") .. "/" .. name .. ".scm"))
    local query = parse("flow", file:read("a"))
    local found = {}
    for id, node in query:iter_captures(root, 0, 0, -1) do
      local row, column, _, last = node:range()
      found[query.captures[id]] = found[query.captures[id]] or lines()[row + 1]:sub(column + 1, last)
    end
    return found
  end
  local colours = captured("highlights")
  equal(colours["label"], "triaged", "the first label")
  equal(colours["keyword.import"], "import", "the first import")
  assert(captured("folds")["fold"] and captured("indents")["indent.begin"], "folds and indents")
  assert(captured("locals")["local.scope"], "locals")
  captured("injections")
  -- Old versions of the library went round for ever at the end of a text that nobody ended.
  local unfinished = vim.treesitter.get_string_parser("test\"\"{given=\n(k(\"H", "flow"):parse()[1]:root()
  assert(unfinished:has_error(), "an unfinished text has an error")
end

local order = {
  "an example is opened without an error",
  "a broken arrow is shown, and its quick fix mends it",
  "a node is renamed wherever it is named, in other files too",
  "a model is renamed in the file that declares it and where it is asked",
  "the buffer is formatted",
  "names are completed, and found where they are declared",
  "the tree-sitter grammar loads, and colours the file",
}

local done, problem = xpcall(function()
  for _, title in ipairs(order) do
    local good, why = xpcall(tests[title], debug.traceback)
    if not good then error(title .. ": " .. why, 0) end
    io.stdout:write("ok " .. title .. "\n")
    tests[title] = nil
  end
  assert(next(tests) == nil, "every test has its place in the order")
end, function(message) return message end)
if not done then fail(problem) end
vim.cmd("qall!")
