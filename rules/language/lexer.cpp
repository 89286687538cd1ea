#include "rules/language/lexer.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "engine/base/utf8.h"
#include "rules/language/characters.h"
#include "rules/language/foreign_words.h"
#include "rules/language/limits.h"
#include "rules/language/time_literal.h"

namespace weir {

namespace {

bool is_digit(char byte) {
  return byte >= '0' && byte <= '9';
}
bool begins_name(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_';
}
bool in_name(char byte) {
  return begins_name(byte) || is_digit(byte);
}

// What other languages write, and what it is called here. Longer spellings first.
struct Foreign {
  std::string_view spelling;
  TokenKind kind;
  std::string_view meant;
};
constexpr std::array<Foreign, 18> foreign{{
    {"&&", TokenKind::name, "and"},
    {"||", TokenKind::name, "or"},
    {"<>", TokenKind::symbol, "!="},
    {"===", TokenKind::symbol, "=="},
    {"=>", TokenKind::symbol, ">="},
    {"=<", TokenKind::symbol, "<="},
    {"&", TokenKind::name, "and"},
    {"|", TokenKind::name, "or"},
    {"!", TokenKind::name, "not"},
    {"\xE2\x89\xA5", TokenKind::symbol, ">="},  // as word processors and formulas have them
    {"\xE2\x89\xA4", TokenKind::symbol, "<="},
    {"\xE2\x89\xA0", TokenKind::symbol, "!="},
    {"\xE2\x80\x93", TokenKind::symbol, "-"},  // two dashes and the minus sign
    {"\xE2\x80\x94", TokenKind::symbol, "-"},
    {"\xE2\x88\x92", TokenKind::symbol, "-"},
    {"\xC3\x97", TokenKind::symbol, "*"},
    {"\xC3\xB7", TokenKind::symbol, "/"},
    {"\xC2\xAC", TokenKind::name, "not"},
}};
constexpr std::array<std::string_view, 23> symbols{"->", "==", "!=", "<=", ">=", "{", "}", "(", ")", "[", "]", ",",
                                                   ":",  "=",  "<",  ">",  "+",  "-", "*", "/", "%", "?", "."};

constexpr std::string_view split_help =
    "split the rules into several files; many values stand in a file of their own: `list partners of string from \"partners.txt\"`";

class Lexer {
 public:
  Lexer(const SourceFile& file, Reporter& reporter) : text_(file.text), reporter_(reporter) {}

  TokenList run() {
    if (text_.substr(0, 3) == "\xEF\xBB\xBF") at_ = 3;
    while (skip_blanks()) {
      if (list_.tokens.size() >= limits::tokens_max) {
        reporter_.error("R0105", {at_, at_ + 1}, "the file has more than " + std::to_string(limits::tokens_max) + " words and signs",
                        "the limit is reached here", {std::string(split_help)});
        break;
      }
      next();
    }
    add(TokenKind::end, {text_.size(), text_.size()}, {});
    return std::move(list_);
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  Token& add(TokenKind kind, SourceSpan span, std::string_view text) {
    Token token;
    token.kind = kind;
    token.first_on_line = new_line_;
    token.span = span;
    token.text = text;
    new_line_ = false;
    list_.tokens.push_back(token);
    return list_.tokens.back();
  }

  void set_value(Token& token, std::string value) {
    token.value = static_cast<std::uint32_t>(list_.values.size());
    list_.values.push_back(std::move(value));
  }

  // False at the end of the text.
  bool skip_blanks() {
    while (at_ < text_.size()) {
      const char byte = text_[at_];
      if (byte == '\n') {
        new_line_ = true;
        ++at_;
      } else if (byte == ' ' || byte == '\t' || byte == '\r') {
        ++at_;
      } else if (byte == '#') {
        skip_line();
      } else if (byte == '/' && peek(1) == '/') {
        reporter_.error("R0104", {at_, at_ + 2}, "a comment begins with `#`", "", {"write `#` instead of `//`"});
        skip_line();
      } else if (new_line_ && at_merge_mark()) {
        reporter_.error("R0104", {at_, at_ + 7}, "this line is a mark of a merge that was not finished", "",
                        {"keep the lines that are right, and leave out the marks `<<<<<<<`, `=======` and `>>>>>>>`"});
        skip_line();
      } else if (const std::size_t wide = blank_bytes(text_.substr(at_, 3)); wide > 0) {
        at_ += wide;
      } else if (byte == ';') {
        reporter_.error("R0104", {at_, at_ + 1}, "statements do not end with `;`", "", {"leave the `;` out"});
        ++at_;
      } else {
        return true;
      }
    }
    return false;
  }

  bool at_merge_mark() const {
    const std::string_view line = text_.substr(at_, 7);
    return (at_ == 0 || text_[at_ - 1] == '\n') && (line == "<<<<<<<" || line == "=======" || line == ">>>>>>>");
  }

  void skip_line() {
    while (at_ < text_.size() && text_[at_] != '\n') ++at_;
  }

  void next() {
    const char byte = peek();
    if (begins_name(byte) || letter_bytes(text_.substr(at_, 4)) > 0) return name();
    if (is_digit(byte)) return number();
    if (byte == '"' || byte == '\'') return string(byte);
    if (byte == '@') return list_name();
    for (const Foreign& candidate : foreign)
      if (text_.substr(at_, candidate.spelling.size()) == candidate.spelling && !(byte == '!' && peek(1) == '='))
        return foreign_sign(candidate);
    for (const std::string_view symbol : symbols) {
      if (text_.substr(at_, symbol.size()) != symbol) continue;
      add(TokenKind::symbol, {at_, at_ + symbol.size()}, text_.substr(at_, symbol.size()));
      at_ += symbol.size();
      return;
    }
    unreadable();
  }

  // A name in other letters is told as one: what is around it makes sense all the same.
  void name() {
    const std::size_t begin = at_;
    bool other_letters = false;
    while (at_ < text_.size()) {
      const std::size_t wide = in_name(peek()) ? 1 : letter_bytes(text_.substr(at_, 4));
      if (wide == 0) break;
      other_letters = other_letters || wide > 1;
      at_ += wide;
    }
    add(TokenKind::name, {begin, at_}, text_.substr(begin, at_ - begin));
    if (other_letters)
      reporter_.error("R0102", {begin, at_}, "names are written with the letters a to z, digits and `_`", "",
                      {"other letters stand only in strings"});
    if (at_ - begin > limits::name_bytes_max)
      reporter_.error("R0105", {begin, at_}, "a name has at most " + std::to_string(limits::name_bytes_max) + " letters",
                      "this one has " + std::to_string(at_ - begin));
  }

  void list_name() {
    const std::size_t begin = at_++;
    while (in_name(peek())) ++at_;
    if (at_ == begin + 1) {
      reporter_.error("R0102", {begin, at_}, "`@` stands before the name of a list", "no name follows",
                      {"for example `card_id in @blocked_cards`"});
      add(TokenKind::bad, {begin, at_}, {});
      return;
    }
    set_value(add(TokenKind::list_name, {begin, at_}, text_.substr(begin, at_ - begin)),
              std::string(text_.substr(begin + 1, at_ - begin - 1)));
  }

  void foreign_sign(const Foreign& sign) {
    const SourceSpan span{at_, at_ + sign.spelling.size()};
    reporter_.error("R0104", span, in_backticks(sign.spelling) + " is not an operator here", "",
                    {"write " + in_backticks(sign.meant) + " instead of " + in_backticks(sign.spelling)});
    add(sign.kind, span, sign.meant);
    at_ = span.end;
  }

  void unreadable() {
    if (curly_string()) return;
    const std::size_t begin = at_;
    at_ += std::max<std::size_t>(utf8_length(text_.substr(at_)), 1);
    const std::string_view written = text_.substr(begin, at_ - begin);
    const auto control = [](char byte) { return static_cast<unsigned char>(byte) < 0x20; };
    while (control(written[0]) && at_ < text_.size() && control(peek()) && peek() != '\n') ++at_;
    const bool currency = written == "$" || written == "\xE2\x82\xAC" || written == "\xC2\xA3" || written == "\xC2\xA5";
    std::vector<std::string> help;
    if (currency) help = {"an amount stands without its currency, which is compared for itself: `currency == \"EUR\"`"};
    if (written == "`") help = {"names stand without quotes"};
    if (!is_visible(written)) help = {"it cannot be seen: write this place anew"};
    reporter_.error("R0102", {begin, at_}, character_text(written) + " means nothing here", "", std::move(help));
    // Left out rather than handed on: what stands around it often makes sense without it.
  }

  // A string in typographic quotes, as word processors write them: complained about, and read.
  bool curly_string() {
    const std::size_t begin = at_;
    const std::size_t open = curly_quote_bytes(text_.substr(begin, 3));
    if (open == 0) return false;
    const std::string_view line = text_.substr(begin, text_.find('\n', begin) - begin);
    std::size_t end = open;
    while (end < line.size() && line[end] != '"' && curly_quote_bytes(line.substr(end, 3)) == 0) ++end;
    if (end == line.size()) return false;
    at_ = begin + end + (line[end] == '"' ? 1 : curly_quote_bytes(line.substr(end, 3)));
    const std::string_view value = line.substr(open, end - open);
    reporter_.error("R0102", {begin, at_}, "strings stand in straight double quotes", "",
                    {"write \"" + std::string(value.substr(0, 60)) + "\""});
    set_value(add(TokenKind::string, {begin, at_}, text_.substr(begin, at_ - begin)), std::string(value));
    return true;
  }

  bool behind_declaration() const {
    if (new_line_ || list_.tokens.empty() || list_.tokens.back().kind != TokenKind::name) return false;
    const std::string_view word = list_.tokens.back().text;
    return word == "rule" || word == "feature" || word == "let" || word == "list" || word == "lookup" || word == "pattern";
  }

  // Digits with `_` between them, from `at_` on.
  std::string digits() {
    std::string value;
    while (is_digit(peek()) || (peek() == '_' && is_digit(peek(1)))) {
      if (peek() != '_') value += peek();
      ++at_;
    }
    return value;
  }

  // `31.03.2027`, as much of the world writes it.
  bool day_first() {
    static constexpr std::string_view shape = "dd.dd.dddd";
    for (std::size_t index = 0; index < shape.size(); ++index)
      if (shape[index] == 'd' ? !is_digit(peek(index)) : peek(index) != shape[index]) return false;
    if (is_digit(peek(shape.size()))) return false;
    const SourceSpan span{at_, at_ + shape.size()};
    const std::string_view written = text_.substr(at_, shape.size());
    reporter_.error("R0106", span, in_backticks(written) + " is not a point in time", "",
                    {"the year comes first: `" + std::string(written.substr(6)) + "-" + std::string(written.substr(3, 2)) + "-" +
                     std::string(written.substr(0, 2)) + "`"});
    add(TokenKind::bad, span, {});
    at_ = span.end;
    return true;
  }

  void number() {
    if (timestamp() || day_first()) return;
    const std::size_t begin = at_;
    std::string value = digits();
    const bool point = peek() == '.' && is_digit(peek(1));
    if (point) {
      ++at_;
      value += '.';
      value += digits();
    }
    const std::size_t unit_begin = at_;
    while (in_name(peek())) ++at_;
    const SourceSpan span{begin, at_};
    const std::string_view unit = text_.substr(unit_begin, at_ - unit_begin);
    const bool behind_comma = begin > 0 && text_[begin - 1] == ',';  // `5,00` is complained about as a whole
    if (value.size() > 40) {
      reporter_.error("R0106", span, "a number has at most 40 digits");
      add(TokenKind::bad, span, {});
    } else if (unit.empty() && value.size() > 1 && value[0] == '0' && is_digit(value[1]) && !behind_comma) {
      const std::size_t kept = std::min(value.find_first_not_of('0'), value.size() - 1);
      const std::string shorter = (value[kept] == '.' ? "0" : "") + value.substr(kept);
      reporter_.error("R0106", span, "a number does not begin with `0`", "",
                      {"write `" + shorter + "`, or `\"" + value + "\"` where it is text"});
      set_value(add(TokenKind::number, span, text_.substr(begin, at_ - begin)), shorter);
    } else if (unit.empty()) {
      set_value(add(TokenKind::number, span, text_.substr(begin, at_ - begin)), std::move(value));
    } else {
      duration(span, value, unit, point);
    }
  }

  void duration(SourceSpan span, const std::string& value, std::string_view unit, bool point) {
    const std::optional<std::int64_t> unit_ms = duration_unit_ms(unit);
    std::int64_t count = 0;
    const bool exponent = (unit[0] == 'e' || unit[0] == 'E') && unit.find_first_not_of("0123456789", 1) == std::string_view::npos;
    if (exponent) {
      reporter_.error("R0106", span, "numbers have no exponent", "", {"write all digits: `1_000_000`"});
    } else if (!unit_ms) {
      if (behind_declaration()) {
        reporter_.error("R0106", span, "a name does not begin with a digit", "", {"names are letters, digits and `_`"});
        set_value(add(TokenKind::name, span, text_.substr(span.begin, span.end - span.begin)), {});
        return;
      }
      const std::string meant = point ? std::string() : duration_meant(value, unit);
      reporter_.error("R0106", span, in_backticks(unit) + " is not a unit of time", "",
                      {unit == "x"     ? "a product is written `3 * amount`; a step of a pattern is repeated with `3 x`, a blank between"
                       : meant.empty() ? "units are ms, s, m, h, d and w, as in `10m`; numbers are written without a unit"
                                       : "write `" + meant + "`"});
    } else if (point) {
      reporter_.error("R0106", span, "a duration is a whole number of its unit", "",
                      {"use a smaller unit, for example `90m` instead of `1.5h`"});
    } else if (std::from_chars(value.data(), value.data() + value.size(), count).ec != std::errc{} ||
               count > limits::duration_ms_max / *unit_ms) {
      reporter_.error("R0106", span, "a duration is at most " + duration_text(limits::duration_ms_max));
    } else {
      add(TokenKind::duration, span, text_.substr(span.begin, span.end - span.begin)).integer = count * *unit_ms;
      return;
    }
    add(TokenKind::bad, span, {});
  }

  // dddd-dd-dd, with a time of day or without.
  bool timestamp() {
    static constexpr std::string_view shape = "dddd-dd-dd";
    for (std::size_t index = 0; index < shape.size(); ++index)
      if (shape[index] == 'd' ? !is_digit(peek(index)) : peek(index) != shape[index]) return false;
    const std::size_t begin = at_;
    at_ += shape.size();
    const auto in_time = [this] {
      return in_name(peek()) || peek() == ':' || (peek() == '.' && is_digit(peek(1))) ||
             ((peek() == '+' || peek() == '-') && is_digit(peek(1)) && is_digit(peek(2)) && peek(3) == ':');
    };
    while (at_ < text_.size() && in_time()) ++at_;
    // `2027-03-31 12:00`: the time of day belongs to it, though it may not stand there.
    if (at_ == begin + shape.size() && peek() == ' ' && is_digit(peek(1)) && is_digit(peek(2)) && peek(3) == ':' && is_digit(peek(4))) {
      ++at_;
      while (at_ < text_.size() && in_time()) ++at_;
    }
    const SourceSpan span{begin, at_};
    const std::string_view written = text_.substr(begin, at_ - begin);
    if (const std::optional<std::int64_t> ms = parse_timestamp_literal(written)) {
      add(TokenKind::timestamp, span, written).integer = *ms;
    } else {
      reporter_.error("R0106", span, in_backticks(written) + " is not a point in time", "",
                      {"write `2027-03-31` or `2027-03-31T12:00:00Z`"});
      add(TokenKind::bad, span, {});
    }
    return true;
  }

  void string(char quote) {
    const bool raw = !list_.tokens.empty() && list_.tokens.back().kind == TokenKind::name && list_.tokens.back().text == "matches";
    const std::size_t begin = at_++;
    std::string value;
    while (at_ < text_.size() && peek() != quote && peek() != '\n') {
      if (peek() == '\\' && raw && at_ + 1 < text_.size() && peek(1) != '\n') {
        value += peek();
        value += peek(1);
        at_ += 2;
      } else if (peek() == '\\') {
        escape(value);
      } else {
        value += text_[at_++];
      }
    }
    if (peek() == quote && at_ < text_.size()) {
      ++at_;
    } else {
      std::size_t end = at_;
      while (end > begin + 1 && text_[end - 1] == '\r') --end;
      std::size_t curly = begin + 1;
      while (curly < end && curly_quote_bytes(text_.substr(curly, 3)) == 0) ++curly;
      reporter_.error("R0102", {begin, end}, "this string is not closed", "",
                      {curly < end ? "a string ends with a straight \", not with " +
                                         std::string(text_.substr(curly, curly_quote_bytes(text_.substr(curly, 3))))
                                   : "a string ends with \" on the line where it begins"});
      add(TokenKind::bad, {begin, end}, text_.substr(begin, end - begin));
      return;
    }
    const SourceSpan span{begin, at_};
    if (quote == '\'') reporter_.error("R0104", span, "strings stand in double quotes", "", {"write \"" + value.substr(0, 60) + "\""});
    if (value.size() > limits::string_bytes_max) {
      reporter_.error("R0105", span, "a string has at most " + std::to_string(limits::string_bytes_max) + " bytes",
                      "this one has " + std::to_string(value.size()));
      value.clear();
    }
    set_value(add(TokenKind::string, span, text_.substr(begin, at_ - begin)), std::move(value));
  }

  void escape(std::string& value) {
    const char kind = peek(1);
    SourceSpan span{at_, at_ + 2};
    while (span.end < text_.size() && (static_cast<unsigned char>(text_[span.end]) & 0xC0U) == 0x80U) ++span.end;
    switch (kind) {
      case '"':
      case '\\':
      case '\'':
        value += kind;
        break;
      case 'n':
        value += '\n';
        break;
      case 't':
        value += '\t';
        break;
      case '\n':
      case '\0':
        ++at_;
        return;
      default:
        reporter_.error("R0102", span, in_backticks(text_.substr(span.begin, span.end - span.begin)) + " is not an escape", "",
                        {"escapes are \\\" \\\\ \\n \\t; for a backslash write \\\\"});
        break;
    }
    at_ = span.end;
  }

  std::string_view text_;
  Reporter& reporter_;
  TokenList list_;
  std::size_t at_ = 0;
  bool new_line_ = true;
};

TokenList nothing(const SourceFile& file) {
  TokenList list;
  list.tokens.emplace_back();
  list.tokens.back().span = {file.text.size(), file.text.size()};
  return list;
}

}  // namespace

TokenList lex(const SourceFile& file, Reporter& reporter) {
  if (file.text.size() > limits::rules_file_bytes_max) {
    reporter.file_error("R0105", "the file has more than " + std::to_string(limits::rules_file_bytes_max) + " bytes, the limit",
                        {std::string(split_help)});
    return nothing(file);
  }
  if (const std::size_t valid = valid_utf8_bytes(file.text); valid < file.text.size()) {
    const bool wide = file.text.starts_with("\xFF\xFE") || file.text.starts_with("\xFE\xFF");
    reporter.error("R0102", {valid, valid + 1}, wide ? "the file is written in UTF-16" : "the file is not valid UTF-8",
                   wide ? "" : "this byte begins no character", {"save it with the encoding UTF-8"});
    return nothing(file);
  }
  return Lexer(file, reporter).run();
}

}  // namespace weir
