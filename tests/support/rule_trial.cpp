#include "tests/support/rule_trial.h"

#include <cstdio>

#include "engine/base/check.h"
#include "engine/base/decimal.h"
#include "engine/base/timestamp.h"
#include "rules/language/check_rules.h"

namespace weir::test {

namespace {

void require(bool good, const Diagnostics& diagnostics) {
  if (!good) std::fputs(render(diagnostics, false).c_str(), stderr);
  WEIR_CHECK(good);
}

}  // namespace

RuleTrial::RuleTrial(const std::string& rules_text, const std::string& filter, const std::vector<std::string>& routes) {
  const std::vector<SourceFile> files = {{"trial.rules", rules_text}};
  Diagnostics diagnostics;
  std::optional<CheckedRules> rules = check_rules(files, {}, diagnostics);
  require(rules.has_value(), diagnostics);
  RuleSetOptions options;
  std::vector<SourceFile> conditions = {{"filter", filter}};
  for (const std::string& route : routes) conditions.push_back({"when", route});
  if (!filter.empty()) {
    options.filter = check_expression(conditions[0], ExpressionScope::event, *rules, diagnostics);
    require(options.filter.has_value(), diagnostics);
  }
  for (std::size_t index = 1; index < conditions.size(); ++index) {
    const auto route = check_expression(conditions[index], ExpressionScope::decision, *rules, diagnostics);
    require(route.has_value(), diagnostics);
    options.routes.push_back(*route);
  }
  scorer_ = RuleSet::compile(*rules, options).take();
  scratch_ = scorer_->make_scratch();
}

void RuleTrial::fill(Column& column, const std::string& name, const std::vector<Row>& rows) {
  column.resize(rows.size());
  for (std::size_t row = 0; row < rows.size(); ++row) {
    const auto given = rows[row].find(name);
    if (given == rows[row].end()) continue;
    const std::string& text = given->second;
    column.present.set(row);
    switch (column.type) {
      case ValueType::boolean:
        if (text == "true") column.bits.set(row);
        break;
      case ValueType::decimal:
        column.integers[row] = parse_decimal(text, column.scale).scaled;
        break;
      case ValueType::floating:
        column.floats[row] = std::stod(text);
        break;
      case ValueType::string:
        column.strings[row] = events_.arena.copy(text);
        break;
      case ValueType::timestamp:
        column.integers[row] = parse_timestamp(text).value();
        break;
      case ValueType::ip:
        parse_ip(text, column.addresses[row]);
        break;
      case ValueType::geo:
        column.points[row] = {std::stod(text), std::stod(text.substr(text.find(',') + 1))};
        break;
      default:
        column.integers[row] = std::stoll(text);
        break;
    }
  }
}

const DecisionBatch& RuleTrial::judge(const std::vector<Row>& rows) {
  const EventSchema& schema = scorer_->event();
  events_.arena.clear();
  events_.schema = &schema;
  events_.rows = rows.size();
  events_.columns.resize(std::max(events_.columns.size(), schema.fields.size()));
  for (std::size_t index = 0; index < schema.fields.size(); ++index) {
    events_.columns[index].type = schema.fields[index].type;
    events_.columns[index].scale = schema.fields[index].scale;
    fill(events_.columns[index], schema.fields[index].name, rows);
  }
  features_.columns.resize(scorer_->features().size());
  for (std::size_t index = 0; index < features_.columns.size(); ++index) {
    const FeatureSpec& feature = scorer_->features()[index];
    features_.columns[index].type = feature.type;
    features_.columns[index].scale = feature.scale;
    fill(features_.columns[index], feature.name, rows);
  }
  events_.active.assign(rows.size(), true);
  scorer_->prepare(events_, *scratch_);
  scorer_->score(events_, features_, decisions_, *scratch_);
  return decisions_;
}

std::vector<std::string> RuleTrial::fired(std::size_t row) const {
  std::vector<std::string> names;
  for (std::uint32_t at = decisions_.fired_begin[row]; at < decisions_.fired_begin[row + 1]; ++at) {
    const FiredRule& rule = decisions_.fired[at];
    names.push_back(scorer_->vocabulary().rules[rule.rule].name + ": " + text(rule.text_begin, rule.text_size));
  }
  return names;
}

}  // namespace weir::test
