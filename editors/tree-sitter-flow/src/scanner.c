// What a context-free grammar cannot say about `.flow` files: items begin in column 0, strings hold holes that hold
// strings, a keyword before `:` is a name, and in a `case` the line decides whether `(` and `-` go on or begin an arm.
// The rules are those of `grammar/src/lexer`; `language.md` names are used throughout.

#include "tree_sitter/alloc.h"
#include "tree_sitter/parser.h"

#include <string.h>
#include <wctype.h>

// In the order of `externals` in `grammar.js`.
enum Token {
  ITEM_START,
  TEXT_PIECE,
  BLOCK_PIECE,
  HOLE_OPEN,
  EACH_OPEN,
  IF_OPEN,
  ELSE_OPEN,
  END_OPEN,
  HOLE_CLOSE,
  CALL_OPEN,
  GROUP_OPEN,
  BINARY_MINUS,
  PREFIX_MINUS,
  LITERAL_MINUS,
  NUMBER,
  MAGNITUDE,
  KEYWORD_NAME,
  NEVER,
};

// The longest word that is compared with anything; longer ones are cut, and so are none of ours.
#define WORD_SIZE 16

// Holes that are open where the scanner stands.
typedef struct {
  uint8_t holes;
} Scanner;

static const char *const ITEM_WORDS[] = {
    "import", "pub",   "type",     "enum",  "fn",   "check", "model", "prompt",
    "tool",   "human", "resource", "split", "flow", "test",  "eval",  "on",
};

static const char *const INNER_WORDS[] = {
    "on",   "node", "return", "fail", "when", "max",  "using", "within", "all",  "each",    "in",  "case",
    "is",   "and",  "or",     "not",  "none", "true", "false", "else",   "given", "need", "trusted", "pii", "secret",
};

static const char *const UNITS[] = {
    "ms", "s", "min", "h", "d", "tokens", "USD", "EUR", "GBP", "KB", "MB", "GB",
};

#define LENGTH(list) (sizeof(list) / sizeof((list)[0]))

static bool is_one_of(const char *word, const char *const *list, size_t length) {
  for (size_t at = 0; at < length; at++) {
    if (strcmp(word, list[at]) == 0) return true;
  }
  return false;
}

static void advance(TSLexer *lexer) { lexer->advance(lexer, false); }

static bool is_letter(int32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

static bool is_digit(int32_t c) { return c >= '0' && c <= '9'; }

static bool continues_word(int32_t c) { return is_letter(c) || is_digit(c) || c == '_'; }

static void skip_blanks(TSLexer *lexer) {
  while (lexer->lookahead == ' ' || lexer->lookahead == '\t') advance(lexer);
}

// Reads the word at hand. One that is too long for `word` is none of ours.
static void read_word(TSLexer *lexer, char word[WORD_SIZE]) {
  size_t length = 0;
  while (continues_word(lexer->lookahead)) {
    if (length < WORD_SIZE - 1) word[length] = (char)lexer->lookahead;
    length++;
    advance(lexer);
  }
  word[length < WORD_SIZE ? length : 0] = '\0';
}

static bool found(TSLexer *lexer, enum Token token) {
  lexer->result_symbol = token;
  return true;
}

// ---- strings

// `{{`, when the braces are taken: which tag it is, if any. Only the braces become the token.
static bool open_hole(Scanner *scanner, TSLexer *lexer) {
  lexer->mark_end(lexer);
  if (scanner->holes < UINT8_MAX) scanner->holes++;
  char word[WORD_SIZE];
  skip_blanks(lexer);
  read_word(lexer, word);
  if (strcmp(word, "each") == 0) return found(lexer, EACH_OPEN);
  if (strcmp(word, "if") == 0) return found(lexer, IF_OPEN);
  bool is_else = strcmp(word, "else") == 0;
  if (!is_else && strcmp(word, "end") != 0) return found(lexer, HOLE_OPEN);
  // `{{end.body}}` is a value that is named `end`.
  skip_blanks(lexer);
  if (lexer->lookahead != '}') return found(lexer, HOLE_OPEN);
  advance(lexer);
  if (lexer->lookahead != '}') return found(lexer, HOLE_OPEN);
  return found(lexer, is_else ? ELSE_OPEN : END_OPEN);
}

// Whether the line that begins here is surely the first one of an item: a block that nobody closed ends before it.
// What it reads cannot end the text otherwise: words and blanks.
static bool item_begins(TSLexer *lexer) {
  char word[WORD_SIZE];
  if (!is_letter(lexer->lookahead)) return false;
  read_word(lexer, word);
  if (strcmp(word, "pub") == 0 && lexer->lookahead == ' ') {
    advance(lexer);
    read_word(lexer, word);
  }
  if (lexer->lookahead != ' ' || !is_one_of(word, ITEM_WORDS, LENGTH(ITEM_WORDS))) return false;
  skip_blanks(lexer);
  char name[WORD_SIZE];
  if (!is_letter(lexer->lookahead)) return false;
  read_word(lexer, name);
  skip_blanks(lexer);
  int32_t sign = lexer->lookahead;
  if (strcmp(word, "type") == 0) return sign == '{' || sign == '=';
  if (strcmp(word, "enum") == 0) return sign == '{' || sign == '"';
  if (strcmp(word, "model") == 0 || strcmp(word, "resource") == 0) return sign == '=' || sign == ':';
  if (strcmp(word, "import") == 0) return sign == '/' || sign == '.';
  return sign == '(';
}

// Text up to the next quote, hole, escape or end of the line; or the `{{` of a hole.
static bool scan_text(Scanner *scanner, TSLexer *lexer, bool is_block) {
  enum Token piece = is_block ? BLOCK_PIECE : TEXT_PIECE;
  bool any = false;
  for (;;) {
    lexer->mark_end(lexer);
    if (lexer->eof(lexer)) break;
    int32_t c = lexer->lookahead;
    if (c == '\\' || (c == '\n' && !is_block)) break;
    if (c == '"') {
      if (!is_block) break;
      advance(lexer);
      if (lexer->lookahead == '"') {
        advance(lexer);
        if (lexer->lookahead == '"') break;
      }
    } else if (c == '{') {
      advance(lexer);
      if (lexer->lookahead == '{') {
        advance(lexer);
        // `{{"{{"}}` writes the braces.
        bool is_plain = scanner->holes > 0 && lexer->lookahead == '"';
        if (!is_plain && any) break;
        if (!is_plain) return open_hole(scanner, lexer);
      }
    } else if (c == '\n') {
      advance(lexer);
      if (!any) lexer->mark_end(lexer);
      if (item_begins(lexer)) {
        if (any) break;
        scanner->holes = 0;
        return found(lexer, ITEM_START);
      }
    } else {
      advance(lexer);
    }
    any = true;
  }
  return any && found(lexer, piece);
}

// ---- everything else

// A number, which is a magnitude if a unit follows it.
static bool scan_number(TSLexer *lexer, const bool *valid) {
  while (is_digit(lexer->lookahead) || lexer->lookahead == '_') advance(lexer);
  lexer->mark_end(lexer);
  if (lexer->lookahead == '.') {
    advance(lexer);
    // `1..40`
    if (!is_digit(lexer->lookahead)) return valid[NUMBER] && found(lexer, NUMBER);
    while (is_digit(lexer->lookahead) || lexer->lookahead == '_') advance(lexer);
    lexer->mark_end(lexer);
  }
  char word[WORD_SIZE];
  if (lexer->lookahead == 'k' || lexer->lookahead == 'M') {
    char scale = (char)lexer->lookahead;
    advance(lexer);
    if (continues_word(lexer->lookahead)) {
      // `10MB`
      bool is_bytes = scale == 'M' && lexer->lookahead == 'B';
      read_word(lexer, word);
      bool is_unit = is_bytes && strcmp(word, "B") == 0;
      return found(lexer, is_unit ? MAGNITUDE : NUMBER);
    }
    lexer->mark_end(lexer);
  }
  if (lexer->lookahead == ' ') advance(lexer);
  if (lexer->lookahead == '%') return found(lexer, MAGNITUDE);
  read_word(lexer, word);
  return found(lexer, is_one_of(word, UNITS, LENGTH(UNITS)) ? MAGNITUDE : NUMBER);
}

// `-1 =>` in a `case` that compares: behind the sign.
static bool number_begins_arm(TSLexer *lexer) {
  if (!is_digit(lexer->lookahead)) return false;
  while (continues_word(lexer->lookahead) || lexer->lookahead == '.') advance(lexer);
  while (iswspace((wint_t)lexer->lookahead)) advance(lexer);
  if (lexer->lookahead != '=') return false;
  advance(lexer);
  return lexer->lookahead == '>';
}

static bool scan_minus(TSLexer *lexer, const bool *valid, bool first_on_line) {
  advance(lexer);
  lexer->mark_end(lexer);
  if (lexer->lookahead == '>') return false;
  if (valid[BINARY_MINUS]) {
    bool begins_condition = first_on_line && valid[PREFIX_MINUS];
    bool begins_pattern = first_on_line && valid[LITERAL_MINUS] && number_begins_arm(lexer);
    if (begins_condition) return found(lexer, PREFIX_MINUS);
    return found(lexer, begins_pattern ? LITERAL_MINUS : BINARY_MINUS);
  }
  if (valid[PREFIX_MINUS]) return found(lexer, PREFIX_MINUS);
  return valid[LITERAL_MINUS] && found(lexer, LITERAL_MINUS);
}

static bool scan_parenthesis(TSLexer *lexer, const bool *valid, bool first_on_line) {
  advance(lexer);
  lexer->mark_end(lexer);
  bool begins_condition = first_on_line && valid[GROUP_OPEN];
  if (valid[CALL_OPEN] && !begins_condition) return found(lexer, CALL_OPEN);
  return valid[GROUP_OPEN] && found(lexer, GROUP_OPEN);
}

// A keyword before `:`, or before a name in JSON and `:`, is a name.
static bool is_before_colon(TSLexer *lexer) {
  while (iswspace((wint_t)lexer->lookahead)) advance(lexer);
  if (lexer->lookahead == '"') {
    do {
      if (lexer->lookahead == '\\') advance(lexer);
      if (lexer->eof(lexer) || lexer->lookahead == '\n') return false;
      advance(lexer);
    } while (lexer->lookahead != '"');
    advance(lexer);
    while (iswspace((wint_t)lexer->lookahead)) advance(lexer);
  }
  return lexer->lookahead == ':';
}

static bool scan_word(Scanner *scanner, TSLexer *lexer, const bool *valid, bool in_column_zero) {
  char word[WORD_SIZE];
  lexer->mark_end(lexer);
  read_word(lexer, word);
  // Found wherever it stands: inside of another item it is what tells the parser that that one is broken.
  if (in_column_zero && is_one_of(word, ITEM_WORDS, LENGTH(ITEM_WORDS))) {
    scanner->holes = 0;
    return found(lexer, ITEM_START);
  }
  if (!valid[KEYWORD_NAME] || !is_one_of(word, INNER_WORDS, LENGTH(INNER_WORDS))) return false;
  lexer->mark_end(lexer);
  return is_before_colon(lexer) && found(lexer, KEYWORD_NAME);
}

static bool close_hole(Scanner *scanner, TSLexer *lexer) {
  advance(lexer);
  if (lexer->lookahead != '}') return false;
  advance(lexer);
  lexer->mark_end(lexer);
  if (scanner->holes > 0) scanner->holes--;
  return found(lexer, HOLE_CLOSE);
}

// Between tokens. The line break before an item belongs to its start, so that the parser moves on.
static bool scan_code(Scanner *scanner, TSLexer *lexer, const bool *valid) {
  // At the end `get_column` moves old versions of the library back to the start of the line.
  if (lexer->eof(lexer)) return false;
  bool first_on_line = false;
  bool in_column_zero = valid[ITEM_START] && lexer->get_column(lexer) == 0;
  while (iswspace((wint_t)lexer->lookahead) || lexer->lookahead == 0xFEFF) {
    bool is_break = lexer->lookahead == '\n';
    first_on_line |= is_break;
    in_column_zero = is_break || (in_column_zero && lexer->lookahead == 0xFEFF);
    lexer->advance(lexer, !is_break);
  }
  int32_t c = lexer->lookahead;
  if (is_letter(c)) return scan_word(scanner, lexer, valid, in_column_zero);
  if (c == '(' && (valid[CALL_OPEN] || valid[GROUP_OPEN])) return scan_parenthesis(lexer, valid, first_on_line);
  if (c == '-') return scan_minus(lexer, valid, first_on_line);
  if (c == '}' && valid[HOLE_CLOSE]) return close_hole(scanner, lexer);
  if (is_digit(c) && (valid[NUMBER] || valid[MAGNITUDE])) return scan_number(lexer, valid);
  return false;
}

void *tree_sitter_flow_external_scanner_create(void) { return ts_calloc(1, sizeof(Scanner)); }

void tree_sitter_flow_external_scanner_destroy(void *payload) { ts_free(payload); }

unsigned tree_sitter_flow_external_scanner_serialize(void *payload, char *buffer) {
  buffer[0] = (char)((Scanner *)payload)->holes;
  return 1;
}

void tree_sitter_flow_external_scanner_deserialize(void *payload, const char *buffer, unsigned length) {
  ((Scanner *)payload)->holes = length > 0 ? (uint8_t)buffer[0] : 0;
}

bool tree_sitter_flow_external_scanner_scan(void *payload, TSLexer *lexer, const bool *valid) {
  Scanner *scanner = payload;
  // While the parser recovers, everything is valid, and nobody knows whether this is text: read it as code.
  bool is_recovering = valid[TEXT_PIECE] && valid[BLOCK_PIECE];
  if (!is_recovering && (valid[TEXT_PIECE] || valid[BLOCK_PIECE])) {
    return scan_text(scanner, lexer, valid[BLOCK_PIECE]);
  }
  return scan_code(scanner, lexer, valid);
}
