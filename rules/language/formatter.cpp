#include "rules/language/formatter.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/language/formatter_lines.h"
#include "rules/language/functions.h"
#include "rules/language/parser.h"

namespace weir {

namespace {

constexpr std::size_t one_line_columns_max = 140;  // of a block that its author wrote on one line

// A token or a comment, with what the author's layout and the parser say about it.
struct Item {
  std::string text;
  TokenKind kind = TokenKind::end;
  bool comment = false;
  bool declaration = false;
  bool clause = false;
  bool adjacent = false;         // nothing stood between it and the one before
  std::size_t lines_before = 0;  // line breaks before it
  std::size_t partner = 0;       // of a bracket: the other one
  bool spans_lines = false;      // of an opening brace
  bool has_clauses = false;      // of an opening brace: some of its lines are marked
};

bool is_symbol(const Item& item, std::string_view text) {
  return item.kind == TokenKind::symbol && !item.comment && item.text == text;
}

bool is_any(const Item& item, std::initializer_list<std::string_view> symbols) {
  return std::any_of(symbols.begin(), symbols.end(), [&](std::string_view symbol) { return is_symbol(item, symbol); });
}

bool is_word(const Item& item, std::string_view text) {
  return item.kind == TokenKind::name && !item.comment && item.text == text;
}

class ItemReader {
 public:
  ItemReader(const SourceFile& file, const TokenList& tokens, const TokenMarks& marks) : text_(file.text), tokens_(tokens), marks_(marks) {}

  std::vector<Item> run() {
    std::size_t end = text_.substr(0, 3) == "\xEF\xBB\xBF" ? 3 : 0;
    for (std::size_t index = 0; index < tokens_.tokens.size(); ++index) {
      const Token& token = tokens_.tokens[index];
      const std::size_t from = end;
      gap(from, token.span.begin);
      if (token.kind == TokenKind::end) break;
      Item item;
      item.kind = token.kind;
      item.text = text_.substr(token.span.begin, token.span.end - token.span.begin);
      item.declaration = marked(marks_.declarations, index);
      item.clause = marked(marks_.clauses, index);
      item.adjacent = from == token.span.begin;
      item.lines_before = lines_;
      if (marked(marks_.comparisons, index)) item.text = "==";
      items_.push_back(std::move(item));
      lines_ = 0;
      end = token.span.end;
    }
    match_brackets();
    return std::move(items_);
  }

 private:
  static bool marked(const std::vector<std::size_t>& marks, std::size_t index) {
    return std::binary_search(marks.begin(), marks.end(), index);
  }

  // Blanks, line breaks and comments between two tokens.
  void gap(std::size_t at, std::size_t end) {
    while (at < end) {
      if (text_[at] == '#') {
        std::size_t stop = std::min(text_.find('\n', at), text_.size());
        const std::size_t next = stop;
        while (stop > at + 1 && (text_[stop - 1] == ' ' || text_[stop - 1] == '\t' || text_[stop - 1] == '\r')) --stop;
        Item item;
        item.comment = true;
        item.text = text_.substr(at, stop - at);
        item.lines_before = items_.empty() ? 1 : lines_;
        items_.push_back(std::move(item));
        lines_ = 0;
        at = next;
        continue;
      }
      if (text_[at] == '\n') ++lines_;
      ++at;
    }
  }

  void match_brackets() {
    std::vector<std::size_t> open;
    std::size_t declaration = 0;
    for (std::size_t at = 0; at < items_.size(); ++at) {
      Item& item = items_[at];
      if (item.declaration) declaration = at;
      if (item.clause && !open.empty()) items_[open.back()].has_clauses = true;
      if (is_any(item, {"(", "[", "{"})) open.push_back(at);
      if (!is_any(item, {")", "]", "}"}) || open.empty()) continue;
      item.partner = open.back();
      Item& opening = items_[open.back()];
      opening.partner = at;
      open.pop_back();
      if (opening.text != "{") continue;
      for (std::size_t inner = item.partner + 1; inner <= at; ++inner)
        opening.spans_lines = opening.spans_lines || items_[inner].lines_before > 0 || items_[inner].comment;
      if (!opening.has_clauses || !open.empty()) continue;
      std::size_t width = 0;
      for (std::size_t inner = declaration; inner <= at; ++inner) width += items_[inner].text.size() + 1;
      opening.spans_lines = opening.spans_lines || width > one_line_columns_max;
    }
  }

  std::string_view text_;
  const TokenList& tokens_;
  const TokenMarks& marks_;
  std::vector<Item> items_;
  std::size_t lines_ = 0;
};

// What stands between two neighbours of one line.
class Spacing {
 public:
  explicit Spacing(const std::vector<Item>& items) : items_(items) {}

  bool blank_before(std::size_t at) const {
    const Item& left = items_[at - 1];
    const Item& right = items_[at];
    if (is_symbol(left, "{")) return !is_symbol(right, "}");
    if (is_any(right, {",", ")", "]", "?", ":", "."}) || is_any(left, {"(", "[", "."})) return false;
    if (is_symbol(left, "-") && is_sign(at - 1)) return false;
    if (is_symbol(right, "(")) return !is_call(at - 1, right);
    if (is_symbol(right, "%")) return !(left.kind == TokenKind::number && at >= 2 && is_word(items_[at - 2], "canary"));
    return true;
  }

 private:
  bool is_call(std::size_t at, const Item& parenthesis) const {
    const Item& name = items_[at];
    if (name.kind != TokenKind::name || name.clause || name.declaration || is_reserved(name.text)) return false;
    const auto aggregates = all_aggregates();
    return parenthesis.adjacent || name.text == "decimal" || name.text == "timestamp" || find_function(name.text).has_value() ||
           std::any_of(aggregates.begin(), aggregates.end(), [&](const auto& aggregate) { return aggregate.name == name.text; });
  }

  // A minus that stands before a value and not between two.
  bool is_sign(std::size_t at) const {
    if (at == 0) return true;
    const Item& before = items_[at - 1];
    if (before.kind == TokenKind::symbol) return !is_any(before, {")", "]", "}"});
    return before.clause || (before.kind == TokenKind::name && is_reserved(before.text) && before.text != "true" && before.text != "false");
  }

  const std::vector<Item>& items_;
};

class Layout {
 public:
  explicit Layout(std::vector<Item> items) : items_(std::move(items)), spacing_(items_), followed_by_(items_.size()) {
    for (std::size_t at = items_.size(); at-- > 0;)
      followed_by_[at] = at + 1 == items_.size() || !items_[at].comment ? at : followed_by_[at + 1];
  }

  std::string run() {
    for (std::size_t at = 0; at < items_.size(); ++at) {
      if (items_[at].declaration) declaration_ = at;
      if (at == 0 || breaks(at)) begin_line(at);
      add(at);
      if (is_any(items_[at], {"(", "[", "{"})) open_.push_back(at);
      if (is_any(items_[at], {")", "]", "}"}) && !open_.empty()) open_.pop_back();
      if (is_symbol(items_[at], "}") && open_.empty() && items_[items_[at].partner].spans_lines) lines_.back().closes_block = true;
    }
    return join_lines(std::move(lines_));
  }

 private:
  const Item* block() const { return open_.empty() ? nullptr : &items_[open_.back()]; }

  bool breaks(std::size_t at) const {
    const Item& item = items_[at];
    const Item& before = items_[at - 1];
    if (item.comment) return item.lines_before > 0;
    if (before.comment || item.declaration) return true;
    if (is_symbol(item, "{")) return false;
    const Item* outer = block();
    if (outer != nullptr && outer->text == "{" && outer->spans_lines) {
      if (&before == outer || is_symbol(item, "}") || item.clause) return true;
    } else if (outer != nullptr && outer->text == "{") {
      return false;
    }
    return item.lines_before > 0 && !is_any(item, {",", ":", "?"});
  }

  void begin_line(std::size_t at) {
    FormattedLine line;
    const bool after_opening = at > 0 && is_symbol(items_[at - 1], "{");
    line.blank_before = at > 0 && items_[at].lines_before > 1 && !after_opening && !is_symbol(items_[at], "}");
    line.begins_declaration = items_[at].declaration;
    line.in_block = !open_.empty();
    line.indent = indent(at);
    const std::size_t close = items_[at].declaration ? end_of_head(at) : 0;
    line.opens_block = close > 0 && items_[close].spans_lines;
    if (!items_[at].comment) line.table = table(at, line.gap);
    lines_.push_back(std::move(line));
    line_begin_ = at;
  }

  // The brace that a declaration opens; 0: none.
  std::size_t end_of_head(std::size_t at) const {
    for (std::size_t next = at + 1; next < items_.size() && !items_[next].declaration; ++next)
      if (is_symbol(items_[next], "{")) return next;
    return 0;
  }

  std::size_t indent(std::size_t at) const {
    std::size_t depth = open_.size();
    const Item& item = items_[followed_by_[at]];
    if (!items_[at].comment && is_any(item, {")", "]", "}"}) && depth > 0) return 2 * (depth - 1);
    if (items_[at].comment && (item.comment || is_symbol(item, "}"))) return 2 * depth;
    return 2 * depth + (continues(item) ? 4 : 0);
  }

  // Not the beginning of a declaration, clause or entry.
  bool continues(const Item& item) const {
    const Item* outer = block();
    if (outer == nullptr) return !item.declaration && !is_symbol(item, "}");
    if (outer->text != "{") return false;
    if (outer->has_clauses) return !item.clause && !is_symbol(item, "}");
    return is_word(item, "and") || is_word(item, "or") || is_any(item, {"+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "->"});
  }

  void add(std::size_t at) {
    FormattedLine& line = lines_.back();
    const Item& item = items_[at];
    if (item.comment) {
      line.comment = item.text;
      return;
    }
    if (!line.text.empty() && spacing_.blank_before(at)) line.text += ' ';
    if (at != line_begin_ && begins_cell(at)) line.cells.push_back(line.text.size());
    line.text += item.text;
  }

  // The table that a line is a row of, by the word that its declaration begins with.
  std::string table(std::size_t at, std::size_t& gap) const {
    const Item& item = items_[at];
    const std::string& word = items_[declaration_].text;
    if (item.declaration && (word == "feature" || word == "let" || word == "list" || word == "lookup")) return word;
    if (open_.size() != 1 || !items_[open_.back()].spans_lines) return {};
    if (word == "event" && item.kind == TokenKind::name) {
      gap = 2;
      return "field";
    }
    return word == "policy" && (is_word(item, "score") || is_word(item, "otherwise")) ? "band" : "";
  }

  bool begins_cell(std::size_t at) const {
    const FormattedLine& line = lines_.back();
    const Item& item = items_[at];
    if (line.table.empty()) return false;
    if (line.table == "field") {
      if (item.kind != TokenKind::name || is_symbol(items_[at - 1], "(")) return false;
      return line.cells.size() < 2;
    }
    if (open_.size() > (line.table == "band" ? 1U : 0U)) return false;
    if (line.table == "band") return is_symbol(item, "->");
    const bool assigns = is_symbol(item, "=");
    if (line.table == "lookup") return line.cells.empty() && is_word(item, "from");
    if (line.table == "feature" || line.table == "let") return assigns && line.cells.empty();
    return (line.cells.empty() && is_word(item, "of")) || (line.cells.size() <= 1 && (assigns || is_word(item, "from")));
  }

  std::vector<Item> items_;
  Spacing spacing_;
  std::vector<std::size_t> followed_by_;  // by item: itself, or what comments belong to
  std::vector<FormattedLine> lines_;
  std::vector<std::size_t> open_;
  std::size_t declaration_ = 0;
  std::size_t line_begin_ = 0;
};

struct Parsed {
  TokenList tokens;
  TokenMarks marks;
  std::string canonical_text;
};

Parsed parse(const SourceFile& file, Diagnostics& diagnostics) {
  Reporter reporter(file, diagnostics);
  Parsed parsed;
  parsed.tokens = lex(file, reporter);
  parsed.canonical_text = parse_tokens(file, parsed.tokens, reporter, parsed.marks).canonical_text;
  return parsed;
}

}  // namespace

std::optional<std::string> format_rules(const SourceFile& file, Diagnostics& diagnostics) {
  Diagnostics own;
  const Parsed parsed = parse(file, own);
  const bool refused = has_errors(own);
  diagnostics.insert(diagnostics.end(), std::make_move_iterator(own.begin()), std::make_move_iterator(own.end()));
  if (refused) return std::nullopt;
  SourceFile formatted{file.path, Layout(ItemReader(file, parsed.tokens, parsed.marks).run()).run()};
  // Never trusted: a layout that changed the meaning is thrown away.
  Diagnostics again;
  if (parse(formatted, again).canonical_text != parsed.canonical_text || has_errors(again)) return file.text;
  return std::move(formatted.text);
}

}  // namespace weir
