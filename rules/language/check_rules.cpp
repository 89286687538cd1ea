#include "rules/language/check_rules.h"

#include <algorithm>
#include <cctype>
#include <functional>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "engine/base/check.h"
#include "rules/language/aggregate_checker.h"
#include "rules/language/check_scope.h"
#include "rules/language/condition_warnings.h"
#include "rules/language/definition_order.h"
#include "rules/language/event_checker.h"
#include "rules/language/event_types.h"
#include "rules/language/expression_checker.h"
#include "rules/language/fact_types.h"
#include "rules/language/feature_identity.h"
#include "rules/language/limits.h"
#include "rules/language/list_checker.h"
#include "rules/language/lookup_checker.h"
#include "rules/language/mode_checker.h"
#include "rules/language/parser.h"
#include "rules/language/pattern_checker.h"
#include "rules/language/policy_checker.h"
#include "rules/language/rule_checker.h"
#include "rules/language/test_checker.h"

namespace weir {

namespace {

// What in `texts` may be a name.
std::set<std::string, std::less<>> words_of(const std::vector<std::string>& texts) {
  const auto in_a_name = [](char byte) { return byte == '_' || std::isalnum(static_cast<unsigned char>(byte)) != 0; };
  std::set<std::string, std::less<>> words;
  for (const std::string& text : texts) {
    for (auto at = text.begin(); at != text.end();) {
      const auto begin = std::find_if(at, text.end(), in_a_name);
      at = std::find_if_not(begin, text.end(), in_a_name);
      if (begin != at) words.emplace(begin, at);
    }
  }
  return words;
}

// All files of a rule set, in the order in which their parts need each other: event, lists, features and lets, policy, rules.
class RuleSetChecker {
 public:
  RuleSetChecker(const std::vector<SourceFile>& files, const CheckOptions& options, Diagnostics& diagnostics)
      : files_(files), options_(options), diagnostics_(diagnostics), scope_(rules_) {}

  void run() {
    if (files_.size() > limits::rules_files_max) {
      complain_about_all("R0105", "there are more than " + std::to_string(limits::rules_files_max) + " rules files");
      return;
    }
    std::size_t bytes = 0;
    for (const SourceFile& file : files_) bytes += file.text.size();
    if (files_.size() > 1 && bytes > limits::rules_bytes_max) {
      complain_about_all("R0105", "the rules files have more than " + std::to_string(limits::rules_bytes_max) + " bytes together");
      return;
    }
    reporters_.reserve(files_.size());
    for (const SourceFile& file : files_) {
      reporters_.emplace_back(file, diagnostics_);
      trees_.push_back(parse_rules(file, reporters_.back()));
    }
    if (!event()) return;
    each([this](const SyntaxFile& tree, Reporter& reporter) {
      for (const SyntaxList& list : tree.lists) check_list(list, options_, scope_, reporter);
    });
    each([this](const SyntaxFile& tree, Reporter& reporter) {
      for (const SyntaxLookup& lookup : tree.lookups) check_lookup(lookup, options_, scope_, reporter);
    });
    each([this](const SyntaxFile& tree, Reporter&) {
      for (const SyntaxRule& rule : tree.rules) scope_.rule_names.insert(rule.name.text);
    });
    policy();
    declare_facts(trees_, reporters_, scope_);
    definitions();
    patterns();
    rules();
    count_keys();
    count_updates();
    count_searches();
    tie_facts_to_shards(rules_, [](std::uint32_t) { return false; });
    tests();
    warn_unused();
    warn_untested();
    write_canonical_text();
  }

  CheckedRules take() { return std::move(rules_); }

 private:
  template <typename Action>
  void each(Action action) {
    for (std::size_t index = 0; index < trees_.size(); ++index) action(trees_[index], reporters_[index]);
  }

  void complain_about_all(std::string_view code, std::string message, std::vector<std::string> help = {}) {
    Diagnostic diagnostic;
    diagnostic.code = code;
    diagnostic.message = std::move(message);
    diagnostic.file = files_.empty() ? nullptr : &files_.front();
    diagnostic.help = std::move(help);
    diagnostics_.push_back(std::move(diagnostic));
  }

  // False when there is none: nothing else can be judged then.
  bool event() {
    std::vector<DeclaredEvent> events;
    each([&](const SyntaxFile& tree, Reporter& reporter) {
      for (const SyntaxEvent& event : tree.events) events.push_back({&event, &reporter});
    });
    if (!events.empty()) {
      check_events(events, scope_);
      return true;
    }
    // A file whose event could not even be begun has said so.
    if (!has_errors(diagnostics_))
      complain_about_all("R0202", "no event is declared", {"a rules file begins with `event payment { ... }`: the fields of the events"});
    return false;
  }

  void definitions() {
    std::vector<Definition> all;
    each([&](const SyntaxFile& tree, Reporter& reporter) {
      for (const SyntaxFeature& feature : tree.features) declare(all, feature.name, feature.value.get(), true, reporter);
    });
    each([&](const SyntaxFile& tree, Reporter& reporter) {
      for (const SyntaxLet& let : tree.lets) declare(all, let.name, let.value.get(), false, reporter);
    });
    each([&](const SyntaxFile& tree, Reporter& reporter) {
      for (const SyntaxPattern& pattern : tree.patterns) declare_pattern(pattern, reporter);
    });
    // Features whose aggregate is broken keep their place, so that the others keep theirs.
    for (const std::size_t index : definition_order(all)) {
      const Definition& definition = all[index];
      if (definition.circular) {
        // broken already
      } else if (definition.is_feature) {
        feature(definition);
      } else {
        let(definition);
      }
      const std::optional<NameEntry> entry = scope_.find(definition.name.text);
      WEIR_CHECK(entry->kind != NameKind::broken || has_errors(diagnostics_));
    }
  }

  void declare(std::vector<Definition>& all, const SyntaxName& name, const SyntaxExpression* value, bool is_feature, Reporter& reporter) {
    const std::size_t count = is_feature ? rules_.features.size() : rules_.lets.size();
    const std::size_t most = is_feature ? limits::features_max : limits::lets_max;
    if (count >= most) {
      reporter.beyond_limit("R0406", name.span, "a rule set has at most " + std::to_string(most) + (is_feature ? " features" : " lets"));
      return;
    }
    // Until it is checked a name is broken; what is checked before it does not read it.
    if (!scope_.declare(name.text, {NameKind::broken, 0}, {&reporter.file(), name.span})) {
      reporter.error("R0201", name.span, in_backticks(name.text) + " is declared twice",
                     "declared " + scope_.declared_at(name.text, reporter));
      return;
    }
    all.push_back({name, value, &reporter, is_feature, static_cast<std::uint32_t>(count), false});
    if (is_feature) {
      rules_.features.emplace_back();
      rules_.features.back().name = name.text;
    } else {
      rules_.lets.push_back({std::string(name.text), no_expression});
    }
  }

  void declare_pattern(const SyntaxPattern& pattern, Reporter& reporter) {
    if (rules_.sequences.size() >= limits::sequences_max) {
      reporter.beyond_limit("R0105", pattern.name.span, "a rule set has at most " + std::to_string(limits::sequences_max) + " patterns");
      return;
    }
    const NameEntry entry{pattern.broken ? NameKind::broken : NameKind::pattern, static_cast<std::uint32_t>(rules_.sequences.size())};
    if (!scope_.declare(pattern.name.text, entry, {&reporter.file(), pattern.name.span})) {
      reporter.error("R0201", pattern.name.span, in_backticks(pattern.name.text) + " is declared twice",
                     "declared " + scope_.declared_at(pattern.name.text, reporter));
      return;
    }
    rules_.sequences.emplace_back();
    rules_.sequences.back().name = pattern.name.text;
    patterns_.push_back({&pattern, &reporter});
  }

  // Their steps read lets, and lets read whether they match.
  void patterns() {
    for (std::uint32_t index = 0; index < patterns_.size(); ++index)
      check_pattern(*patterns_[index].first, index, scope_, *patterns_[index].second);
  }

  void feature(const Definition& definition) {
    std::optional<FeatureSpec> spec = AggregateChecker(scope_, *definition.reporter).check(*definition.value);
    if (!spec) return;
    spec->name = definition.name.text;
    if (spec->where) warn_about_where(*spec, definition);
    scope_.know_feature(*spec, definition.index);
    rules_.feature_texts.resize(std::max<std::size_t>(rules_.feature_texts.size(), definition.index + std::size_t{1}));
    rules_.feature_texts[definition.index] = canonical_text(*definition.value);
    rules_.features[definition.index] = std::move(*spec);
    scope_.set(definition.name.text, {NameKind::feature, definition.index});
  }

  void warn_about_where(const FeatureSpec& spec, const Definition& definition) {
    if (*spec.where < rules_.event.fields.size()) return;
    const ExpressionIndex condition = rules_.derived[*spec.where - rules_.event.fields.size()].value;
    warn_if_never_true(rules_, condition, definition.value->aggregate->where->span, *definition.reporter, scope_.condition_steps_left);
  }

  void let(const Definition& definition) {
    ExpressionChecker checker(scope_, *definition.reporter, ExpressionPlace::rule);
    const ExpressionIndex value = checker.node(*definition.value);
    if (value == no_expression) return;
    rules_.lets[definition.index].value = value;
    scope_.set_let_meaning(definition.name.text, meaning_digest(*definition.value, scope_));
    scope_.set(definition.name.text, {NameKind::let, definition.index});
  }

  void policy() {
    DeclaredPlace first;
    each([&](const SyntaxFile& tree, Reporter& reporter) {
      for (const SyntaxPolicy& policy : tree.policies) {
        scope_.policy_broken = scope_.policy_broken || policy.broken;
        if (first.file != nullptr) {
          reporter.error("R0502", policy.span, "a rule set has one policy",
                         "the first one stands " + place_text(*first.file, first.span, reporter));
        } else {
          rules_.policy = check_policy(policy, reporter);
          first = {&reporter.file(), policy.span};
        }
      }
    });
    if (first.file == nullptr) rules_.policy = default_policy();
  }

  void rules() {
    std::unordered_map<std::string_view, DeclaredPlace> names;
    each([&](const SyntaxFile& tree, Reporter& reporter) {
      for (const SyntaxRule& rule : tree.rules) {
        if (rules_.rules.size() >= limits::rules_max) {
          reporter.beyond_limit("R0105", rule.name.span, "a rule set has at most " + std::to_string(limits::rules_max) + " rules");
          return;
        }
        const auto [first, is_first] = names.try_emplace(rule.name.text, DeclaredPlace{&reporter.file(), rule.name.span});
        if (!is_first && !rule.name.text.empty())
          reporter.error("R0201", rule.name.span, "rule " + in_backticks(rule.name.text) + " is declared twice",
                         "declared " + place_text(*first->second.file, first->second.span, reporter));
        check_rule(rule, scope_, reporter);
        if (options_.now_ms) warn_near_expiry(rule, *options_.now_ms, options_.expiry_warning_ms, reporter);
      }
    });
  }

  // What is reset has windows of its own.
  void count_keys() {
    std::set<std::vector<ColumnIndex>> keys;
    std::size_t reset = 0;
    for (const FeatureSpec& feature : rules_.features) {
      if (feature.resettable)
        ++reset;
      else if (!feature.by.empty())
        keys.insert(feature.by);
    }
    if (keys.size() + reset > limits::feature_keys_max)
      complain_about_all("R0406",
                         "features are kept by at most " + std::to_string(limits::feature_keys_max) + " different keys, and here by " +
                             std::to_string(keys.size() + reset),
                         {"a feature that some rule resets counts as a key of its own"});
  }

  // One event may make all of them be written.
  void count_updates() {
    std::size_t updates = 0;
    for (const CheckedRule& rule : rules_.rules) updates += rule.updates.size();
    if (updates > limits::all_updates_max)
      complain_about_all("R0105", "the rules have " + std::to_string(updates) + " updates together, the limit is " +
                                      std::to_string(limits::all_updates_max));
  }

  // Each of them may try as many combinations of remembered events as the engine allows, at one event.
  void count_searches() {
    const auto searching = std::count_if(rules_.sequences.begin(), rules_.sequences.end(), searches_combinations);
    if (static_cast<std::size_t>(searching) > limits::searching_patterns_max)
      complain_about_all(
          "R0408",
          std::to_string(searching) + " patterns may have to try combinations of earlier events, the limit is " +
              std::to_string(limits::searching_patterns_max),
          {"those are patterns in which a step's event is compared with a later one, and other steps stand between it and the last"});
  }

  void tests() {
    std::unordered_map<std::string_view, DeclaredPlace> titles;
    each([&](const SyntaxFile& tree, Reporter& reporter) {
      for (const SyntaxTest& test : tree.tests) {
        const auto [first, is_first] = titles.try_emplace(test.title.value, DeclaredPlace{&reporter.file(), test.title.span});
        if (!is_first && !test.title.value.empty())
          reporter.error("R0705", test.title.span, "two tests have this title",
                         "the first one stands " + place_text(*first->second.file, first->second.span, reporter));
        check_test(test, scope_, reporter);
      }
    });
  }

  // Only when all is well, like `warn_unused`.
  void warn_untested() {
    if (!options_.warn_untested || has_errors(diagnostics_)) return;
    std::unordered_set<std::string_view> named;
    each([&](const SyntaxFile& tree, Reporter&) {
      for (const SyntaxTest& test : tree.tests)
        for (const SyntaxStep& step : test.steps)
          if (step.kind == SyntaxStepKind::rule || step.kind == SyntaxStepKind::no_rule) named.insert(step.name.text);
    });
    each([&](const SyntaxFile& tree, Reporter& reporter) {
      for (const SyntaxRule& rule : tree.rules)
        if (!named.contains(rule.name.text))
          reporter.warning("R0706", rule.name.span, "no test names rule " + in_backticks(rule.name.text), "",
                           {"a test that expects `rule " + std::string(rule.name.text) + "` shows when it fires"});
    });
  }

  // Only when all is well: what an erroneous condition would have used is not known.
  void warn_unused() {
    if (has_errors(diagnostics_)) return;
    const auto used = [](const std::vector<bool>& flags, std::size_t index) { return index < flags.size() && flags[index]; };
    const std::set<std::string, std::less<>> read_elsewhere = words_of(options_.conditions);
    const auto unused = [&](Reporter& reporter, const SyntaxName& name, const std::string& kind) {
      if (read_elsewhere.contains(name.text)) return;
      reporter.warning("R0208", name.span, kind + " " + in_backticks(name.text) + " is not used in the rules");
    };
    each([&](const SyntaxFile& tree, Reporter& reporter) {
      for (const SyntaxList& list : tree.lists)
        if (!scope_.find_list(list.name.text)->used) unused(reporter, list.name, "list");
      for (const SyntaxLookup& lookup : tree.lookups)
        if (!scope_.find_lookup(lookup.name.text)->used) unused(reporter, lookup.name, "lookup");
      for (const SyntaxFeature& feature : tree.features)
        if (!options_.features_are_written && !used(scope_.used_features, scope_.find(feature.name.text)->index))
          unused(reporter, feature.name, "feature");
      for (const SyntaxLet& let : tree.lets)
        if (!used(scope_.used_lets, scope_.find(let.name.text)->index)) unused(reporter, let.name, "let");
      for (const SyntaxPattern& pattern : tree.patterns)
        if (!used(scope_.used_patterns, scope_.find(pattern.name.text)->index)) unused(reporter, pattern.name, "pattern");
    });
  }

  void write_canonical_text() {
    for (const SyntaxFile& tree : trees_) rules_.canonical_text += tree.canonical_text;
    for (const CheckedList& list : rules_.lists) {
      rules_.canonical_text += "@" + list.name + ' ' + list.values.canonical_text() + '\n';
      if (!list.path.empty()) rules_.files.push_back(list.path);
    }
    for (const CheckedLookup& lookup : rules_.lookups) {
      if (lookup.table) rules_.canonical_text += "lookup " + lookup.name + ' ' + lookup.table->digest() + '\n';
      if (!lookup.path.empty()) rules_.files.push_back(lookup.path);
    }
    std::sort(rules_.files.begin(), rules_.files.end());
    rules_.files.erase(std::unique(rules_.files.begin(), rules_.files.end()), rules_.files.end());
  }

  const std::vector<SourceFile>& files_;
  const CheckOptions& options_;
  Diagnostics& diagnostics_;
  CheckedRules rules_;
  CheckScope scope_;
  std::vector<Reporter> reporters_;
  std::vector<SyntaxFile> trees_;
  std::vector<std::pair<const SyntaxPattern*, Reporter*>> patterns_;  // as CheckedRules::sequences
};

}  // namespace

std::optional<CheckedRules> check_rules(const std::vector<SourceFile>& files, const CheckOptions& options, Diagnostics& diagnostics) {
  Diagnostics own;
  RuleSetChecker checker(files, options, own);
  checker.run();
  const bool failed = has_errors(own);
  diagnostics.insert(diagnostics.end(), std::make_move_iterator(own.begin()), std::make_move_iterator(own.end()));
  if (failed) return std::nullopt;
  if (options.list_cache != nullptr) options.list_cache->end_of_check();  // a broken file in between costs no list
  return checker.take();
}

std::optional<ExpressionIndex> check_expression(const SourceFile& text, ExpressionScope scope, CheckedRules& rules,
                                                Diagnostics& diagnostics) {
  Diagnostics own;
  Reporter reporter(text, own);
  const SyntaxExpressionPointer syntax = parse_expression(text, reporter);
  CheckScope names(rules);
  const bool event_only = scope == ExpressionScope::event;
  ExpressionChecker checker(names, reporter, event_only ? ExpressionPlace::filter : ExpressionPlace::decision);
  const ExpressionIndex condition = checker.condition(*syntax, event_only ? "a filter" : "`when`");
  if (condition != no_expression && !has_errors(own))
    warn_if_never_true(rules, condition, syntax->span, reporter, names.condition_steps_left);
  const bool failed = has_errors(own) || condition == no_expression;
  diagnostics.insert(diagnostics.end(), std::make_move_iterator(own.begin()), std::make_move_iterator(own.end()));
  if (failed) return std::nullopt;
  return condition;
}

}  // namespace weir
