#include "engine/settings/settings_file.h"

#include <algorithm>
#include <libfyaml.h>
#include <memory>
#include <utility>

#include "engine/base/check.h"
#include "engine/settings/config_errors.h"
#include "engine/settings/text_check.h"

namespace weir {
namespace {

struct Hint {
  std::string_view contains;  // in libfyaml's message
  std::string_view message;
  std::string_view help;
};

// libfyaml's sentences that a newcomer meets most, in words that name the mistake.
constexpr Hint hints[] = {
    {"tab character", "a tab cannot indent a line", "indent with spaces"},
    {"double-quoted scalar", "the text that begins here with `\"` is never closed", "add the closing `\"`, or remove the opening one"},
    {"single-quoted scalar", "the text that begins here with `'` is never closed", "add the closing `'`, or remove the opening one"},
    {"wrongly indented", "a line is indented less than the text that it belongs to",
     "a quote or bracket that is not closed is the usual cause"},
    {"without a closing bracket", "a list that was opened with `[` is never closed", "add the closing `]`"},
    {"without a closing brace", "a group that was opened with `{` is never closed", "add the closing `}`"},
    {"mismatched flow mapping end", "a `}` where a `]` is missing", "close the list with `]` first"},
    {"mismatched flow sequence end", "a `]` where a `}` is missing", "close the group with `}` first"},
    {"missing comma", "two items without a `,` between them", "separate the items with `,`; is a bracket or quote not closed?"},
    {"extra closing brace", "a `}` too many", "remove it, or open the group with `{`"},
    {"extra closing bracket", "a `]` too many", "remove it, or open the list with `[`"},
    {"invalid escape", "`\\` begins an escape that does not exist", "write `\\\\` for one backslash, or use single quotes"},
    {"invalid multiline plain key", "this value goes on in a line that looks like a setting of its own",
     "is the next line indented too far?"},
    {"invalid nested block mapping", "a second `: ` in one line", "put the value in quotes, or the inner setting in its own line"},
    {"plain scalar cannot start", "a value cannot begin with this character", "put the value in quotes"},
};

// Parser and diagnostics of libfyaml, released together.
class Parser {
 public:
  explicit Parser(const std::string& text) {
    fy_diag_cfg diag_settings;
    fy_diag_cfg_default(&diag_settings);
    diag_settings.fp = nullptr;
    diag_settings.output_fn = [](fy_diag*, void*, const char*, std::size_t) {};
    diag_.reset(fy_diag_create(&diag_settings));
    WEIR_CHECK(diag_ != nullptr);
    fy_diag_set_collect_errors(diag_.get(), true);
    fy_parse_cfg settings{};
    settings.flags = static_cast<fy_parse_cfg_flags>(FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_JSON_NONE | FYPCF_DEFAULT_VERSION_1_2);
    settings.diag = diag_.get();
    parser_.reset(fy_parser_create(&settings));
    WEIR_CHECK(parser_ != nullptr);
    WEIR_CHECK(fy_parser_set_string(parser_.get(), text.data(), text.size()) == 0);
  }

  // Null at the end or after an error.
  fy_event* next() {
    if (event_ != nullptr) fy_parser_event_free(parser_.get(), event_);
    return event_ = fy_parser_parse(parser_.get());
  }
  ~Parser() {
    if (event_ != nullptr) fy_parser_event_free(parser_.get(), event_);
  }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  const fy_diag_error* first_error() const {
    void* at = nullptr;
    return fy_diag_errors_iterate(diag_.get(), &at);
  }

 private:
  std::unique_ptr<fy_diag, decltype([](fy_diag* each) { fy_diag_destroy(each); })> diag_;
  std::unique_ptr<fy_parser, decltype([](fy_parser* each) { fy_parser_destroy(each); })> parser_;
  fy_event* event_ = nullptr;
};

class TreeBuilder {
 public:
  TreeBuilder(const SourceFile& file, Diagnostics& diagnostics) : file_(file), diagnostics_(diagnostics), parser_(file.text) {}

  SettingsNode run() {
    SettingsNode root;
    std::size_t documents = 0;
    while (const fy_event* event = parser_.next()) {
      if (event->type == FYET_DOCUMENT_START && ++documents == 2) {
        refuse(place_of(event), "a second document begins here", "a config is one document: remove the `---` line");
        break;
      }
      if (event->type == FYET_SCALAR || event->type == FYET_ALIAS || event->type == FYET_MAPPING_START ||
          event->type == FYET_SEQUENCE_START)
        root = node(event, 1);
      if (failed_) return {};
    }
    if (report_syntax_error()) return {};
    if (root.kind == SettingsNode::Kind::nothing) root.place = {&file_, {0, 0}};
    return root;
  }

 private:
  SettingsPlace place_of(const fy_event* event) const {
    const fy_mark* begin = fy_event_start_mark(const_cast<fy_event*>(event));
    const fy_mark* end = fy_event_end_mark(const_cast<fy_event*>(event));
    const std::size_t size = file_.text.size();
    SourceSpan span;
    span.begin = begin == nullptr ? last_end_ : std::min(begin->input_pos, size);
    span.end = end == nullptr ? span.begin : std::clamp(end->input_pos, span.begin, size);
    return {&file_, span};
  }

  void refuse(const SettingsPlace& place, std::string message, std::string help) {
    diagnostics_.push_back(config_diagnostic(config_error::unsupported_yaml, place, std::move(message), "", {std::move(help)}));
  }

  void refuse_anchor_and_tag(const SettingsPlace& place, const fy_token* anchor, const fy_token* tag) {
    if (anchor != nullptr)
      refuse(place, "this value has an anchor (`&name`)",
             "write the value out where it is needed, or put a text that begins with `&` in quotes");
    if (tag != nullptr) refuse(place, "this value has a tag (`!name`)", "remove it, or put a text that begins with `!` in quotes");
  }

  // The value that begins with `event`; consumes its events.
  SettingsNode node(const fy_event* event, std::size_t depth) {
    SettingsNode out;
    out.place = place_of(event);
    if (depth > settings_depth_max) {
      diagnostics_.push_back(config_diagnostic(config_error::too_large, out.place,
                                               "more than " + std::to_string(settings_depth_max) + " groups or lists inside each other"));
      failed_ = true;
      return out;
    }
    switch (event->type) {
      case FYET_SCALAR:
        read_scalar(event, out);
        break;
      case FYET_MAPPING_START:
        refuse_anchor_and_tag(out.place, event->mapping_start.anchor, event->mapping_start.tag);
        out.kind = SettingsNode::Kind::mapping;
        read_mapping(out, depth);
        break;
      case FYET_SEQUENCE_START:
        refuse_anchor_and_tag(out.place, event->sequence_start.anchor, event->sequence_start.tag);
        out.kind = SettingsNode::Kind::sequence;
        read_sequence(out, depth);
        break;
      default:  // an alias
        out.place.span.begin -= out.place.span.begin > 0 && file_.text[out.place.span.begin - 1] == '*' ? 1 : 0;
        refuse(out.place, "this value is an alias (`*name`)", "write the value out, or put a text that begins with `*` in quotes");
        out.unknown = true;
        break;
    }
    last_end_ = out.place.span.end;
    return out;
  }

  void read_scalar(const fy_event* event, SettingsNode& out) {
    refuse_anchor_and_tag(out.place, event->scalar.anchor, event->scalar.tag);
    std::size_t size = 0;
    const char* text = event->scalar.value == nullptr ? nullptr : fy_token_get_text(event->scalar.value, &size);
    if (text == nullptr || event->scalar.value == nullptr || fy_event_start_mark(const_cast<fy_event*>(event)) == nullptr) return;
    out.text.assign(text, size);
    out.plain = fy_scalar_token_get_style(event->scalar.value) == FYSS_PLAIN;
    if (out.plain && (out.text.empty() || out.text == "~" || out.text == "null" || out.text == "Null" || out.text == "NULL")) return;
    out.kind = SettingsNode::Kind::scalar;
    out.written = out.text;
    SourceSpan& span = out.place.span;
    if (file_.text.compare(span.begin, span.end - span.begin, out.text) == 0) out.lines_at = {span.begin};
    if (fy_scalar_token_get_style(event->scalar.value) == FYSS_LITERAL) out.lines_at = literal_lines(span, out.text);
    const auto quote_at = [&](std::size_t at) { return at < file_.text.size() && (file_.text[at] == '"' || file_.text[at] == '\''); };
    if (!out.plain && span.begin > 0 && quote_at(span.begin - 1) && quote_at(span.end)) span = {span.begin - 1, span.end + 1};
  }

  // Where the lines of a block scalar (`|`) begin: its lines, less the indentation that they share.
  std::vector<std::size_t> literal_lines(SourceSpan& span, std::string_view text) const {
    const std::string_view file = file_.text;
    while (span.begin < span.end && (file[span.begin] == ' ' || file[span.begin] == '\n')) ++span.begin;
    const std::size_t line_begin = file.rfind('\n', span.begin) + 1;
    const std::size_t leading = std::min(text.find_first_not_of(' '), text.size());
    if (span.begin < line_begin + leading) return {};
    const std::size_t indentation = span.begin - line_begin - leading;
    std::vector<std::size_t> lines;
    std::size_t at = line_begin;
    for (std::size_t begin = 0; begin < text.size();) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      const std::size_t file_end = std::min(file.find('\n', at), file.size());
      const std::size_t line_at = std::min(at + indentation, file_end);
      if (file.substr(line_at, end - begin) != text.substr(begin, end - begin)) return {};
      lines.push_back(line_at);
      begin = end + 1;
      at = file_end + 1;
      if (at > file.size()) at = file.size();
    }
    return lines;
  }

  void read_sequence(SettingsNode& out, std::size_t depth) {
    while (const fy_event* event = parser_.next()) {
      if (event->type == FYET_SEQUENCE_END) {
        out.place.span.end = std::max(out.place.span.end, place_of(event).span.end);
        return;
      }
      out.items.push_back(node(event, depth + 1));
      if (failed_) return;
    }
    failed_ = true;
    report_syntax_error();
  }

  void read_mapping(SettingsNode& out, std::size_t depth) {
    while (const fy_event* event = parser_.next()) {
      if (event->type == FYET_MAPPING_END) {
        out.place.span.end = std::max(out.place.span.end, place_of(event).span.end);
        return;
      }
      SettingsNode key = node(event, depth + 1);
      if (failed_) return;
      last_end_ = skip_colon(key.place.span.end);
      const fy_event* value_event = parser_.next();
      if (value_event == nullptr) break;
      SettingsNode value = node(value_event, depth + 1);
      if (failed_) return;
      add_entry(out, key, std::move(value));
    }
    failed_ = true;
    report_syntax_error();
  }

  std::size_t skip_colon(std::size_t at) const { return at < file_.text.size() && file_.text[at] == ':' ? at + 1 : at; }

  void add_entry(SettingsNode& mapping, const SettingsNode& key, SettingsNode value) {
    if (key.kind != SettingsNode::Kind::scalar) {
      if (!key.unknown) refuse(key.place, "a key must be a plain name", "is a `:` missing, or a text with `{` not in quotes?");
      return;
    }
    if (key.text == "<<" && key.plain) {
      refuse(key.place, "merge keys (`<<`) are not used in a config", "write the settings out");
      return;
    }
    if (const SettingsEntry* earlier = mapping.find(key.text)) {
      const std::size_t line = line_column(file_, earlier->key_place.span.begin).line;
      diagnostics_.push_back(config_diagnostic(config_error::duplicate_key, key.place, "`" + key.text + "` stands twice in this group",
                                               "first in line " + std::to_string(line), {"keep one of the two"}));
      return;
    }
    if (value.kind == SettingsNode::Kind::nothing && !value.unknown) value.place = key.place;
    mapping.entries.push_back({key.text, key.place, std::move(value)});
  }

  bool report_syntax_error() {
    if (reported_) return true;
    const fy_diag_error* error = parser_.first_error();
    if (error == nullptr) return false;
    reported_ = true;
    std::string message(error->msg == nullptr ? "this is not YAML" : error->msg);
    std::vector<std::string> help;
    for (const Hint& hint : hints) {
      if (message.find(hint.contains) == std::string::npos) continue;
      message = hint.message;
      help.emplace_back(hint.help);
      break;
    }
    const SettingsPlace place = place_of(*error);
    if (const std::size_t at = place.span.begin; at > 0 && file_.text.compare(at - 1, 2, "${") == 0) {
      message = "`{` of a placeholder opens a group here, for the value is not in quotes";
      help = {"put the whole value in double quotes: `\"${NAME}\"`"};
    }
    diagnostics_.push_back(config_diagnostic(config_error::syntax, place, std::move(message), "", std::move(help)));
    return true;
  }

  SettingsPlace place_of(const fy_diag_error& error) const {
    const fy_mark* mark = error.fyt == nullptr ? nullptr : fy_token_start_mark(error.fyt);
    std::size_t at = 0;
    if (mark != nullptr) {
      at = mark->input_pos;
    } else {
      for (int line = 1; line < error.line && at < file_.text.size(); ++line)
        at = std::min(file_.text.find('\n', at), file_.text.size() - 1) + 1;
      at += static_cast<std::size_t>(std::max(error.column, 1) - 1);
    }
    at = std::min(at, file_.text.size());
    return {&file_, {at, std::min(at + 1, file_.text.size())}};
  }

  const SourceFile& file_;
  Diagnostics& diagnostics_;
  Parser parser_;
  std::size_t last_end_ = 0;
  bool failed_ = false;
  bool reported_ = false;
};

}  // namespace

SettingsNode parse_settings(const SourceFile& file, Diagnostics& diagnostics) {
  if (file.text.size() > settings_file_bytes_max) {
    diagnostics.push_back(config_diagnostic(config_error::too_large, {&file, {0, 0}},
                                            "the file has " + std::to_string(file.text.size()) + " bytes, the limit is 1 MiB"));
    return {};
  }
  if (const std::optional<TextFlaw> flaw = find_text_flaw(file.text)) {
    diagnostics.push_back(config_diagnostic(config_error::syntax, {&file, {flaw->at, flaw->at + 1}}, std::string(flaw->what), "",
                                            {"save the file as UTF-8 without control characters"}));
    return {};
  }
  return TreeBuilder(file, diagnostics).run();
}

}  // namespace weir
