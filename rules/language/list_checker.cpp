#include "rules/language/list_checker.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "rules/language/event_checker.h"
#include "rules/language/limits.h"
#include "rules/language/list_reader.h"
#include "rules/language/typed_value.h"

namespace weir {

namespace {

class ListChecker {
 public:
  explicit ListChecker(Reporter& reporter) : reporter_(reporter) {}

  bool run(const SyntaxList& syntax, const CheckOptions& options, CheckedList& list) {
    if (syntax.type.text.empty()) return false;
    const std::optional<DeclaredType> declared = check_type(syntax.type, syntax.parameter, reporter_);
    if (!declared) return false;
    if (declared->type != ValueType::string && declared->type != ValueType::integer && declared->type != ValueType::decimal &&
        declared->type != ValueType::ip) {
      reporter_.error("R0301", syntax.type.span, "a list holds values of type string, int, decimal or ip");
      return false;
    }
    list.values.type = declared->type;
    list.values.scale = declared->scale;
    const bool whole = syntax.path ? from_file(syntax, options, list) : entries(syntax.values, list);
    if (whole && list.values.size() == 0)
      reporter_.warning("R0605", syntax.name.span, "list " + in_backticks(list.name) + " is empty", "nothing is in it");
    return whole;
  }

  bool entries(const std::vector<SyntaxExpressionPointer>& values, CheckedList& list) {
    bool whole = true;
    ValueSetBuilder set(list.values.type, list.values.scale);
    for (const SyntaxExpressionPointer& value : values) whole = entry(*value, set) && whole;
    list.values = set.finish();
    return whole;
  }

 private:
  bool from_file(const SyntaxList& syntax, const CheckOptions& options, CheckedList& list) {
    const std::string& written = syntax.path->value;
    if (written.ends_with(".csv") && !syntax.column) {
      reporter_.error("R0603", syntax.path->span, "which column of " + in_backticks(written) + "?", "",
                      {"for example `column account_id`"});
      return false;
    }
    list.path = list_file_path(written, options, reporter_.file().path);
    if (syntax.column) list.column = syntax.column->text;
    const std::string place_read = located(list.path, options);
    const ListCache::Key key{place_read, list.column, list.values.type, list.values.scale, false};
    std::optional<FileStamp> stamp;
    if (options.list_cache != nullptr) {
      stamp = FileStamp::of(place_read);
      if (std::optional<ValueSet> known = stamp ? options.list_cache->find(key, *stamp) : std::nullopt) {
        list.values = std::move(*known);
        return true;
      }
    }
    std::vector<ListProblem> problems;
    std::optional<ValueSet> values = read_list_file(place_read, list.column, list.values.type, list.values.scale, problems);
    for (const ListProblem& problem : problems) {
      const std::string place = problem.line == 0 ? list.path : list.path + ":" + std::to_string(problem.line);
      // Each problem is another line of the list: told apart by its message, at the same place of the rules file.
      reporter_.error_also(problem.code, syntax.path->span, place + ": " + problem.message,
                           problem.code == "R0601" ? list_file_places(written, options, reporter_.file().path) : "");
    }
    if (!values) return false;
    list.values = std::move(*values);
    if (stamp) options.list_cache->keep(key, *stamp, list.values);
    return true;
  }

  bool entry(const SyntaxExpression& value, ValueSetBuilder& values) {
    const bool negative = value.kind == SyntaxKind::unary && value.operands.size() == 1;
    const SyntaxExpression& literal = negative ? *value.operands[0] : value;
    if (literal.kind == SyntaxKind::bad) return false;
    const bool text = literal.kind == SyntaxKind::string && !negative;
    const bool number = literal.kind == SyntaxKind::number;
    const bool wants_text = values.type() == ValueType::string || values.type() == ValueType::ip;
    const bool fits = wants_text ? text : number;
    if (fits && values.add((negative ? "-" : "") + literal.text)) return true;
    std::vector<std::string> help;
    if (wants_text && number) help = {"text stands in double quotes: \"" + literal.text + "\""};
    if (!wants_text && text) help = {"leave the quotes out: " + literal.text.substr(0, 60)};
    if (values.type() == ValueType::ip) help = {std::string(ip_network_help)};
    reporter_.error(
        "R0602", value.span,
        in_backticks(reporter_.text(value.span)) + " is not " +
            (values.type() == ValueType::ip ? "an IP address or network" : with_article(type_text(values.type(), values.scale()))),
        "", std::move(help));
    return false;
  }

  Reporter& reporter_;
};

}  // namespace

std::string located(const std::string& path, const CheckOptions& options) {
  return options.locate ? options.locate(path) : path;
}

std::string list_file_path(const std::string& written, const CheckOptions& options, const std::string& rules_path) {
  const std::filesystem::path path(written);
  if (path.is_absolute()) return written;
  if (!options.base_folder.empty()) return (std::filesystem::path(options.base_folder) / path).lexically_normal().string();
  const std::filesystem::path folder = std::filesystem::path(rules_path).parent_path();
  const std::string beside = (folder / path).lexically_normal().string();
  const std::string above = (folder / ".." / path).lexically_normal().string();
  std::error_code failure;
  const auto exists = [&](const std::string& candidate) { return std::filesystem::exists(located(candidate, options), failure); };
  return !exists(beside) && exists(above) ? above : beside;
}

std::string list_file_places(const std::string& written, const CheckOptions& options, const std::string& rules_path) {
  if (std::filesystem::path(written).is_absolute() || !options.base_folder.empty()) return {};
  const std::filesystem::path folder = std::filesystem::path(rules_path).parent_path();
  return "looked for it beside the rules file, and as " + in_backticks((folder / ".." / written).lexically_normal().string());
}

std::optional<ValueSet> check_entries(const std::vector<SyntaxExpressionPointer>& values, const CheckedList& list, Reporter& reporter) {
  CheckedList entries;
  entries.values.type = list.values.type;
  entries.values.scale = list.values.scale;
  if (!ListChecker(reporter).entries(values, entries)) return std::nullopt;
  return std::move(entries.values);
}

void check_list(const SyntaxList& syntax, const CheckOptions& options, CheckScope& scope, Reporter& reporter) {
  const auto index = static_cast<std::uint32_t>(scope.rules.lists.size());
  if (index >= limits::lists_max) {
    reporter.beyond_limit("R0604", syntax.name.span, "a rule set has at most " + std::to_string(limits::lists_max) + " lists");
    return;
  }
  if (!scope.declare_list(syntax.name.text, {index, false, false, {&reporter.file(), syntax.name.span}})) {
    const DeclaredPlace first = scope.find_list(syntax.name.text)->place;
    reporter.error("R0201", syntax.name.span, "list " + in_backticks(syntax.name.text) + " is declared twice",
                   "declared " + place_text(*first.file, first.span, reporter));
    return;
  }
  CheckedList list;
  list.name = syntax.name.text;
  if (!may_read_list(syntax.name, scope, reporter) || !ListChecker(reporter).run(syntax, options, list))
    scope.find_list(syntax.name.text)->broken = true;
  scope.list_values += list.values.size();
  scope.rules.lists.push_back(std::move(list));
}

bool may_read_list(const SyntaxName& name, const CheckScope& scope, Reporter& reporter) {
  if (scope.list_values <= limits::all_list_values_max) return true;
  reporter.error("R0604", name.span,
                 "the lists and lookups of a rule set have at most " + std::to_string(limits::all_list_values_max) + " values together",
                 "those before it have more");
  return false;
}

}  // namespace weir
