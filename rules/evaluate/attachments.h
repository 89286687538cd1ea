// What operations of a rule set refer to besides columns: sets, regular expressions, time zones.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "rules/language/checked_rules.h"

namespace re2 {
class RE2;
}

namespace weir::evaluate {

class ZoneOffsets;
struct CanaryShare;

// Filled while compiling, then only read; outlives the programs.
class Attachments {
 public:
  Attachments();
  ~Attachments();

  // A TextSet, an IntegerSet or an IpSet, shared with `values`, which are not empty.
  const void* add_set(const ValueSet& values);
  // One object for all lanes: RE2's lock is taken for reading once its automaton is there, and two threads that share one match as fast as
  // with one each (45 ns of CPU a match of 40 bytes either way). None: not a valid expression; `error` says why. `expressions`: of the rule
  // set, which share memory.
  const re2::RE2* add_pattern(const std::string& pattern, std::size_t expressions);
  const ZoneOffsets* add_zone(std::string_view name);
  // The same table, which lives as long as the rule set from now on.
  const LookupTable* add_table(std::shared_ptr<const LookupTable> table);
  const CanaryShare* add_share(std::string_view rule_name, std::int64_t share);
  // The first thing that could not be made; empty when all could.
  const std::string& error() const { return error_; }

 private:
  std::vector<ValueSet> sets_;
  std::unordered_map<std::string, std::unique_ptr<re2::RE2>> patterns_;
  std::vector<std::pair<std::string, std::unique_ptr<ZoneOffsets>>> zones_;
  std::vector<std::shared_ptr<const LookupTable>> tables_;
  std::vector<std::unique_ptr<CanaryShare>> shares_;
  std::string error_;
};

}  // namespace weir::evaluate
