// A config file and the rules that it names, read and checked together: what `weir check` reports and `weir run` starts from.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/parse/json_parser.h"
#include "engine/settings/load_service_settings.h"
#include "rules/language/check_rules.h"

namespace weir {

// Not movable once loaded: diagnostics, settings and expressions point into the texts that it holds.
struct Configuration {
  SettingsLoad load;  // load.settings: none where the config itself is wrong
  std::vector<SourceFile> rules_files;
  std::vector<std::unique_ptr<SourceFile>> conditions;  // the texts of filters and routes
  std::optional<CheckedRules> rules;                    // none where there was an error in them
  std::vector<ExpressionIndex> filters;                 // by source: the mapping's `filter`, or no_expression
  std::vector<ExpressionIndex> routes;                  // by sink: its `when`, or no_expression
  std::vector<std::size_t> fed_by;                      // by feature, where sources read what others feed: see find_feeding_sources
  Diagnostics diagnostics;                              // of everything

  bool usable() const { return load.settings && rules && !has_errors(diagnostics); }
};

std::unique_ptr<Configuration> load_configuration(const std::filesystem::path& path, std::span<const std::string> overrides,
                                                  const Environment& environment);

// With the time of day, for warnings about rules near their expiry.
CheckOptions check_options_of_today();

// Which events the records of a source are, in the terms of the parser. Precondition: they are declared.
RecordTypes record_types(const EventSchema& schema, const SourceSettings& source);

// Rules files by themselves. Complaints about reading them go to `diagnostics`.
std::vector<SourceFile> read_rules_files(std::span<const std::filesystem::path> paths, Diagnostics& diagnostics);

}  // namespace weir
