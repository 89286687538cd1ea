#include "rules/evaluate/attachments.h"

#include <re2/re2.h>

#include "rules/evaluate/canary_share.h"
#include "rules/evaluate/zone_offsets.h"
#include "rules/language/regular_expression.h"

namespace weir::evaluate {

Attachments::Attachments() = default;
Attachments::~Attachments() = default;

const void* Attachments::add_set(const ValueSet& values) {
  sets_.push_back(values);
  if (values.type == ValueType::string) return values.texts.get();
  if (values.type == ValueType::ip) return values.addresses.get();
  return values.integers.get();
}

const re2::RE2* Attachments::add_pattern(const std::string& pattern, std::size_t expressions) {
  if (const auto known = patterns_.find(pattern); known != patterns_.end()) return known->second.get();
  auto compiled = std::make_unique<re2::RE2>(pattern, regular_expression_options());
  if (!compiled->ok()) {
    if (error_.empty()) error_ = "the regular expression \"" + pattern + "\" is not valid: " + compiled->error();
    return nullptr;
  }
  const std::int64_t bytes = regular_expression_bytes(expressions, static_cast<std::size_t>(compiled->ProgramSize()));
  if (bytes < limits::regex_memory_bytes_max) {
    auto smaller = std::make_unique<re2::RE2>(pattern, regular_expression_options(bytes));
    if (smaller->ok()) compiled = std::move(smaller);
  }
  return patterns_.emplace(pattern, std::move(compiled)).first->second.get();
}

const ZoneOffsets* Attachments::add_zone(std::string_view name) {
  for (const auto& [known, offsets] : zones_)
    if (known == name) return offsets.get();
  std::optional<ZoneOffsets> loaded = ZoneOffsets::load(name);
  if (!loaded) {
    if (error_.empty()) error_ = "the time zone \"" + std::string(name) + "\" is not in the system's time zone database (package tzdata)";
    return nullptr;
  }
  return zones_.emplace_back(name, std::make_unique<ZoneOffsets>(std::move(*loaded))).second.get();
}

const LookupTable* Attachments::add_table(std::shared_ptr<const LookupTable> table) {
  return tables_.emplace_back(std::move(table)).get();
}

const CanaryShare* Attachments::add_share(std::string_view rule_name, std::int64_t share) {
  return shares_.emplace_back(std::make_unique<CanaryShare>(make_canary_share(rule_name, share))).get();
}

}  // namespace weir::evaluate
