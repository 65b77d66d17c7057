/**
 * @file The grammar of `.flow` files, for editors: colours, folds, indentation, selections.
 * @license Apache-2.0
 *
 * It follows `grammar/src/syntax.lalrpop` rule by rule. What that file leaves to its lexer (strings with holes,
 * numbers with units, items in column 0, keywords that are names before `:`) is in `src/scanner.c`.
 */

/// <reference types="tree-sitter-cli/dsl" />
// @ts-check

const PREC = { or: 1, and: 2, not: 3, relation: 4, sum: 5, product: 6, unary: 7, postfix: 8 };

/** `rule`, separated by commas; the last comma may stay. */
const comma = (rule) => optional(seq(rule, repeat(seq(',', rule)), optional(',')));
/** At least one `rule`, separated by commas. */
const comma1 = (rule) => seq(rule, repeat(seq(',', rule)));
const braced = (rule) => seq('{', repeat(rule), '}');

module.exports = grammar({
  name: 'flow',

  word: ($) => $.identifier,

  // `_never` is no token: it makes the scanner look at every place, so that it finds the start of an item in the
  // middle of a broken one.
  extras: ($) => [/[\s\uFEFF]/, $.file_comment, $.doc_comment, $.comment, $._never],

  // The order is that of `enum Token` in `src/scanner.c`.
  externals: ($) => [
    $._item_start,
    $._text_piece,
    $._block_piece,
    $._hole_open,
    $._each_open,
    $._if_open,
    $._else_open,
    $._end_open,
    $._hole_close,
    $._call_open,
    $._group_open,
    $._binary_minus,
    $._prefix_minus,
    $._literal_minus,
    $.number,
    $._magnitude,
    $._keyword_name,
    $._never,
  ],

  supertypes: ($) => [$.expression, $.pattern],

  rules: {
    source_file: ($) => repeat(seq($._item_start, $._item)),

    _item: ($) =>
      choice(
        $.import,
        $.type_declaration,
        $.enum_declaration,
        $.fn_declaration,
        $.check_declaration,
        $.setup_declaration,
        $.split_declaration,
        $.flow_declaration,
        $.trigger,
        $.test,
      ),

    // ---- names

    identifier: () => /[a-z][A-Za-z0-9_]*|_[A-Za-z0-9_]+/,
    type_identifier: () => /[A-Z][A-Za-z0-9_]*/,
    // Names of the wrong case are an error of the compiler, with a fix: not one of the shape.
    _name: ($) => choice($.identifier, $.type_identifier),
    // Before a `:` every keyword is a name.
    _member_name: ($) => choice($.identifier, $.type_identifier, alias($._keyword_name, $.identifier)),
    path: ($) => seq($._name, repeat(seq('.', $._name))),

    // ---- items

    import: ($) =>
      seq(
        optional('pub'),
        'import',
        field('path', $.import_path),
        optional(seq('.', '{', comma(field('name', $._name)), '}')),
      ),
    import_path: ($) => seq($._name, repeat(seq('/', $._name))),

    type_declaration: ($) =>
      seq(
        optional('pub'),
        'type',
        field('name', $._name),
        choice(seq('=', field('type', $.type)), field('body', $.record_body)),
      ),
    record_body: ($) => braced($.field),
    field: ($) => seq(field('name', $._member_name), optional(field('wire', $._text)), ':', field('type', $.type)),

    enum_declaration: ($) =>
      seq(optional('pub'), 'enum', field('name', $._name), optional($.tag), field('body', $.enum_body)),
    tag: ($) => seq('tag', $._text),
    enum_body: ($) => braced($.variant),
    variant: ($) =>
      seq(field('name', $._name), optional(field('wire', $._text)), optional(field('parameters', $.parameters))),

    parameters: ($) => seq('(', comma($.parameter), ')'),
    parameter: ($) =>
      seq(field('name', $._member_name), optional(field('wire', $._text)), ':', field('type', $.type)),

    type: ($) =>
      seq(
        repeat($.label),
        field('name', $._name),
        optional(field('arguments', $.type_arguments)),
        optional('?'),
        optional(seq('in', $.range)),
      ),
    type_arguments: ($) => seq('(', comma($.type), ')'),
    label: () => choice('trusted', 'pii', 'secret'),
    range: ($) =>
      choice(
        prec.right(seq(field('low', $._bound), '..', optional(field('high', $._bound)))),
        seq('..', field('high', $._bound)),
      ),
    _bound: ($) => seq(optional(alias($._literal_minus, '-')), $._amount),
    _amount: ($) => choice($.number, $.quantity),
    quantity: ($) => seq(alias($._magnitude, $.number), $.unit),
    unit: () => choice('ms', 's', 'min', 'h', 'd', '%', 'tokens', 'USD', 'EUR', 'GBP', 'KB', 'MB', 'GB'),

    fn_declaration: ($) =>
      seq(
        optional('pub'),
        'fn',
        field('name', $._name),
        field('parameters', $.parameters),
        ':',
        field('result', $.type),
        '=',
        field('body', $.expression),
      ),

    check_declaration: ($) =>
      seq(
        optional('pub'),
        'check',
        field('name', $._name),
        field('parameters', $.parameters),
        ':',
        field('result', $.type),
        field('body', $.check_body),
      ),
    check_body: ($) => braced($.need),
    need: ($) => seq('need', field('condition', $.expression), optional(seq('else', field('message', $._text)))),

    // `model`, `prompt`, `tool`, `human` and `resource` have one shape.
    setup_declaration: ($) =>
      prec.right(
        seq(
          optional('pub'),
          field('kind', choice('model', 'prompt', 'tool', 'human', 'resource')),
          $._signature,
          optional(seq('=', field('source', $.expression))),
          optional(field('body', $.setup_body)),
        ),
      ),
    _signature: ($) =>
      seq(
        field('name', $._name),
        optional(field('parameters', $.parameters)),
        optional(seq(':', field('result', $.type))),
      ),
    setup_body: ($) => braced($.setting),
    setting: ($) => seq(field('name', $._member_name), ':', field('value', $._argument_value)),

    split_declaration: ($) =>
      seq(
        optional('pub'),
        'split',
        field('name', $._name),
        field('parameters', $.parameters),
        ':',
        field('result', $.type),
        field('body', $.split_body),
      ),
    split_body: ($) => braced(choice($.split_arm, $.setting)),
    split_arm: ($) => seq(optional(field('role', $._name)), field('share', $.quantity), ':', field('call', $.work_call)),

    // ---- flows

    flow_declaration: ($) =>
      seq(
        optional('pub'),
        'flow',
        $._signature,
        optional($.within),
        field('body', $.flow_body),
      ),
    flow_body: ($) => seq('{', repeat($.edge), repeat($.node), '}'),
    node: ($) =>
      seq(
        'node',
        field('name', $._name),
        optional(field('parameters', $.parameters)),
        optional(seq('=', field('work', $._work))),
        repeat($.edge),
      ),
    _work: ($) => choice($.work_call, $.all, $.each),
    all: ($) => seq('all', '{', repeat($.branch), '}', optional($.within)),
    branch: ($) => seq(field('name', $._name), '=', field('call', $.work_call)),
    each: ($) =>
      seq(
        'each',
        field('variable', $._name),
        'in',
        field('list', $.expression),
        '{',
        field('call', $.work_call),
        '}',
        optional($.within),
      ),
    work_call: ($) =>
      seq(
        field('value', $.expression),
        optional(seq('using', field('model', $.path))),
        optional($.within),
        optional(seq('else', field('otherwise', $.expression))),
      ),
    within: ($) => seq('within', comma1($.limit)),
    limit: ($) => seq(optional(field('name', $._name)), $.quantity),

    edge: ($) => seq('->', field('target', $._target), optional(choice($.when, $.on)), optional($.max)),
    _target: ($) => choice($.node_target, $.return, $.fail),
    node_target: ($) => seq(field('name', $._name), optional(field('arguments', $.arguments))),
    return: ($) => seq('return', optional($.expression)),
    fail: ($) => seq('fail', optional($.expression)),
    when: ($) => seq('when', field('condition', $.expression)),
    on: ($) => seq('on', comma1(field('class', $._name))),
    max: ($) => seq('max', $._amount),

    trigger: ($) => seq(optional('pub'), 'on', field('source', $.expression), '->', field('target', $.expression)),

    // ---- tests

    test: ($) => seq(optional('pub'), choice('test', 'eval'), field('title', $._text), field('body', $.test_body)),
    test_body: ($) => braced($._step),
    _step: ($) => choice($.given, $.given_in, $.when_step, $.need, $.setting),
    given: ($) => seq('given', field('callee', $.path), '=', field('call', $.work_call)),
    given_in: ($) => seq('given', field('variable', $._name), 'in', field('list', $.expression)),
    when_step: ($) => seq('when', field('call', $.work_call)),

    // ---- expressions

    expression: ($) =>
      choice(
        $.binary,
        $.not,
        $.is,
        $.negative,
        $.access,
        $.call,
        $.group,
        $.list,
        $.case,
        $.string,
        $.block_string,
        $.number,
        $.quantity,
        $.boolean,
        $.none,
        $.identifier,
        $.type_identifier,
      ),

    binary: ($) => {
      const operator = (rank, sign) =>
        prec.left(rank, seq(field('left', $.expression), field('operator', sign), field('right', $.expression)));
      return choice(
        operator(PREC.or, 'or'),
        operator(PREC.and, 'and'),
        operator(PREC.relation, choice('==', '!=', '<', '<=', '>', '>=')),
        operator(PREC.sum, choice('+', alias($._binary_minus, '-'))),
        operator(PREC.product, choice('*', '/')),
      );
    },
    not: ($) => prec(PREC.not, seq('not', field('operand', $.expression))),
    is: ($) =>
      prec.left(PREC.relation, seq(field('value', $.expression), 'is', optional('not'), field('pattern', $.pattern))),
    negative: ($) => prec(PREC.unary, seq(alias($._prefix_minus, '-'), field('operand', $.expression))),
    access: ($) => prec.left(PREC.postfix, seq(field('base', $.expression), '.', field('name', $._name))),
    call: ($) => prec.left(PREC.postfix, seq(field('callee', $.expression), field('arguments', $.arguments))),
    arguments: ($) => seq(alias($._call_open, '('), comma($.argument), ')'),
    argument: ($) => seq(optional(seq(field('label', $._label), ':')), field('value', $._argument_value)),
    _label: ($) => choice($.identifier, alias($._keyword_name, $.identifier)),
    _argument_value: ($) => choice($.expression, $.lambda),
    lambda: ($) => seq(field('parameter', $.identifier), '=>', field('body', $.expression)),

    group: ($) => seq(alias($._group_open, '('), $.expression, ')'),
    list: ($) => seq('[', comma($.expression), ']'),
    boolean: () => choice('true', 'false'),
    none: () => 'none',

    case: ($) =>
      seq(
        'case',
        choice(
          seq(field('value', $.expression), '{', repeat($.arm), '}'),
          seq('{', repeat(alias($.condition_arm, $.arm)), '}'),
        ),
      ),
    arm: ($) => seq(field('pattern', $.pattern), '=>', field('body', $.expression)),
    condition_arm: ($) =>
      seq(choice(field('condition', $.expression), field('pattern', $.wildcard)), '=>', field('body', $.expression)),
    pattern: ($) =>
      choice($.type_identifier, $.none, $.boolean, $.wildcard, $.number_pattern, $.string, $.block_string),
    number_pattern: ($) => seq(optional(alias($._literal_minus, '-')), $.number),
    wildcard: () => '_',

    // ---- strings

    _text: ($) => choice($.string, $.block_string),
    string: ($) => seq('"', repeat(choice(alias($._text_piece, $.text), $._segment)), '"'),
    block_string: ($) => seq('"""', repeat(choice(alias($._block_piece, $.text), $._segment)), '"""'),
    _segment: ($) => choice($.escape, $.hole, $.each_tag, $.if_tag, $.else_tag, $.end_tag),
    escape: () => token.immediate(/\\(u\{[0-9A-Fa-f]*\}|[^\n])/),
    hole: ($) => seq(alias($._hole_open, '{{'), $.expression, alias($._hole_close, '}}')),
    each_tag: ($) =>
      seq(
        alias($._each_open, '{{'),
        'each',
        field('variable', $._name),
        'in',
        field('list', $.expression),
        alias($._hole_close, '}}'),
      ),
    if_tag: ($) => seq(alias($._if_open, '{{'), 'if', field('condition', $.expression), alias($._hole_close, '}}')),
    else_tag: ($) => seq(alias($._else_open, '{{'), 'else', alias($._hole_close, '}}')),
    end_tag: ($) => seq(alias($._end_open, '{{'), 'end', alias($._hole_close, '}}')),

    // ---- comments

    comment: () => /\/\/([^\/!\n][^\n]*)?|\/\/\/\/[^\n]*/,
    doc_comment: () => /\/\/\/([^\/\n][^\n]*)?/,
    file_comment: () => /\/\/![^\n]*/,
  },
});
