#include "rules/language/lookup_checker.h"

#include <utility>

#include "rules/language/event_checker.h"
#include "rules/language/expression_checker.h"
#include "rules/language/limits.h"
#include "rules/language/list_checker.h"
#include "rules/language/lookup_reader.h"

namespace weir {

namespace {

bool can_be_column(ValueType type) {
  return type != ValueType::geo && type != ValueType::duration && type != ValueType::ip;
}

class LookupChecker {
 public:
  explicit LookupChecker(Reporter& reporter) : reporter_(reporter) {}

  bool run(const SyntaxLookup& syntax, const CheckOptions& options, CheckedLookup& lookup) {
    if (syntax.broken) return false;
    LookupShape& shape = lookup.shape;
    shape.first = syntax.key.text;
    if (syntax.last) shape.last = syntax.last->text;
    const std::optional<DeclaredType> key = check_type(syntax.type, syntax.parameter, reporter_);
    bool whole = key.has_value();
    if (key && key->type != ValueType::string && key->type != ValueType::integer && key->type != ValueType::ip) {
      reporter_.error("R0301", syntax.type.span, "the key of a lookup is of type string, int or ip");
      whole = false;
    }
    if (key) shape.key_type = key->type;
    for (const SyntaxField& field : syntax.columns) whole = column(field, shape) && whole;
    if (syntax.columns.empty()) {
      reporter_.error("R0607", syntax.name.span, "lookup " + in_backticks(lookup.name) + " has no columns", "",
                      {"name what is read: `{ country string }`"});
      whole = false;
    }
    return whole && read(syntax, options, lookup);
  }

 private:
  bool column(const SyntaxField& field, LookupShape& shape) {
    if (shape.columns.size() >= limits::lookup_columns_max) {
      reporter_.error("R0105", field.name.span, "a lookup has at most " + std::to_string(limits::lookup_columns_max) + " columns");
      return false;
    }
    for (const LookupColumnSpec& known : shape.columns) {
      if (known.name != field.name.text) continue;
      reporter_.error("R0201", field.name.span, "column " + in_backticks(field.name.text) + " is declared twice");
      return false;
    }
    if (field.type.text.empty()) return false;
    const std::optional<DeclaredType> type = check_type(field.type, field.parameter, reporter_);
    if (!type) return false;
    if (!can_be_column(type->type) || type->unit != TimestampUnit::automatic) {
      reporter_.error("R0301", field.type.span, "a column of a lookup is of type bool, int, decimal, float, string or timestamp");
      return false;
    }
    shape.columns.push_back({std::string(field.name.text), type->type, type->scale, field.optional});
    return true;
  }

  bool read(const SyntaxLookup& syntax, const CheckOptions& options, CheckedLookup& lookup) {
    lookup.path = list_file_path(syntax.path.value, options, reporter_.file().path);
    const std::string place_read = located(lookup.path, options);
    const ListCache::Key key{place_read, signature(lookup.shape), lookup.shape.key_type, 0, true};
    std::optional<FileStamp> stamp;
    if (options.list_cache != nullptr) {
      stamp = FileStamp::of(place_read);
      if (stamp) lookup.table = options.list_cache->find_table(key, *stamp);
      if (lookup.table) return true;
    }
    std::vector<ListProblem> problems;
    lookup.table = read_lookup_file(place_read, lookup.shape, problems);
    for (const ListProblem& problem : problems) {
      const std::string place = problem.line == 0 ? lookup.path : lookup.path + ":" + std::to_string(problem.line);
      reporter_.error_also(problem.code, syntax.path.span, place + ": " + problem.message,
                           problem.code == "R0601" ? list_file_places(syntax.path.value, options, reporter_.file().path) : "");
    }
    if (lookup.table && stamp) options.list_cache->keep_table(key, *stamp, lookup.table);
    return lookup.table != nullptr;
  }

  static std::string signature(const LookupShape& shape) {
    std::string text = shape.first + '\n' + shape.last;
    for (const LookupColumnSpec& column : shape.columns)
      text += '\n' + column.name + ' ' + std::string(to_string(column.type)) + std::to_string(column.scale) + (column.optional ? "?" : "");
    return text;
  }

  Reporter& reporter_;
};

}  // namespace

void check_lookup(const SyntaxLookup& syntax, const CheckOptions& options, CheckScope& scope, Reporter& reporter) {
  const auto index = static_cast<std::uint32_t>(scope.rules.lookups.size());
  if (index >= limits::lookups_max) {
    reporter.beyond_limit("R0604", syntax.name.span, "a rule set has at most " + std::to_string(limits::lookups_max) + " lookups");
    return;
  }
  if (!scope.declare_lookup(syntax.name.text, {index, false, false, {&reporter.file(), syntax.name.span}})) {
    const DeclaredPlace first = scope.find_lookup(syntax.name.text)->place;
    reporter.error("R0201", syntax.name.span, "lookup " + in_backticks(syntax.name.text) + " is declared twice",
                   "declared " + place_text(*first.file, first.span, reporter));
    return;
  }
  CheckedLookup lookup;
  lookup.name = syntax.name.text;
  if (!may_read_list(syntax.name, scope, reporter) || !LookupChecker(reporter).run(syntax, options, lookup))
    scope.find_lookup(syntax.name.text)->broken = true;
  if (lookup.table) scope.list_values += lookup.table->rows() * (1 + lookup.shape.columns.size());
  scope.rules.lookups.push_back(std::move(lookup));
}

// lookup(bins, bin).country
TypedValue ExpressionChecker::lookup(const SyntaxExpression& syntax) {
  CheckScope::ListEntry* entry = scope_.find_lookup(syntax.text);
  TypedValue key = syntax.operands.empty() ? converter_.broken(syntax.span) : value(*syntax.operands[0]);
  if (entry == nullptr) {
    std::vector<std::string> help = scope_.suggest_lookup(syntax.text, reporter_);
    if (help.empty()) help = {"declare it: `lookup " + syntax.text.substr(0, 60) + " from \"file.csv\" key bin of int { country string }`"};
    reporter_.error("R0205", syntax.head_span, "unknown lookup " + in_backticks(syntax.text), "no lookup has this name", std::move(help));
    return converter_.broken(syntax.span);
  }
  entry->used = true;
  if (entry->broken || key.broken || syntax.names.empty()) return converter_.broken(syntax.span);
  const LookupShape& shape = scope_.rules.lookups[entry->index].shape;
  const SyntaxName& wanted = syntax.names[0];
  std::size_t column = 0;
  while (column < shape.columns.size() && shape.columns[column].name != wanted.text) ++column;
  if (column == shape.columns.size()) {
    std::vector<std::string_view> names;
    for (const LookupColumnSpec& each : shape.columns) names.push_back(each.name);
    reporter_.error("R0205", wanted.span, "lookup " + in_backticks(syntax.text) + " has no column " + in_backticks(wanted.text), "",
                    did_you_mean(wanted.text, names, reporter_));
    return converter_.broken(syntax.span);
  }
  if (shape.key_type == ValueType::ip) key = address(*syntax.operands[0], std::move(key));
  if (key.broken) return converter_.broken(syntax.span);
  if (key.type != shape.key_type) {
    reporter_.error(
        "R0302", key.span,
        "the key of lookup " + in_backticks(syntax.text) + " is " + with_article(type_text(shape.key_type, 0)) + ", and " + described(key));
    return converter_.broken(syntax.span);
  }
  Expression node;
  node.kind = ExpressionKind::lookup;
  node.type = shape.columns[column].type;
  node.scale = shape.columns[column].scale;
  node.index = entry->index;
  node.literal.integer = static_cast<std::int64_t>(column);
  node.operands = {converter_.convert(key)};
  return converter_.add(std::move(node), syntax.span);
}

}  // namespace weir
