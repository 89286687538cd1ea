// A config file and the rules that it names, read and checked together: what `weir check` reports and `weir run` starts from.
#pragma once

#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/base/diagnostic.h"
#include "engine/parse/json_parser.h"
#include "engine/pipeline/source_links.h"
#include "engine/settings/load_service_settings.h"
#include "rules/language/check_rules.h"

namespace weir {

// Rules files and the conditions that a config says beside them, checked together. Not movable once checked: diagnostics and expressions
// point into the texts that it holds.
struct CheckedSet {
  std::vector<SourceFile> rules_files;
  std::vector<std::unique_ptr<SourceFile>> conditions;  // the texts of filters and routes
  std::optional<CheckedRules> rules;                    // none where there was an error in them
  std::vector<ExpressionIndex> filters;                 // by source: the mapping's `filter`, or no_expression
  std::vector<ExpressionIndex> routes;                  // by sink: its `when`, or no_expression
  SourceLinks links;                                    // where sources read what others feed: see find_feeding_sources
  std::vector<std::string> read_paths;                  // every other file that was read: of lists and the like, each once
  Diagnostics diagnostics;                              // of everything
};

// Checks `set.rules_files` as one rule set, then the conditions of `settings` against it.
void check_set(CheckedSet& set, const ServiceSettings& settings, CheckOptions options);

// Whether some sink's decisions name every feature, whatever fired.
bool writes_all_features(const ServiceSettings& settings);

// The rules files are broken, and a version that is kept stands in for them.
struct KeptStart {
  std::uint64_t version = 0;
  std::string hash;
  std::string text;         // what is wrong with the files, in a few words
  std::string diagnostics;  // in full
};

struct Configuration : CheckedSet {
  SettingsLoad load;              // load.settings: none where the config itself is wrong
  std::optional<KeptStart> kept;  // the set is that of this version, not that of the files

  bool usable() const { return load.settings && rules && !has_errors(diagnostics); }
};

std::unique_ptr<Configuration> load_configuration(const std::filesystem::path& path, std::span<const std::string> overrides,
                                                  const Environment& environment);

// With the time of day, for warnings about rules near their expiry.
CheckOptions check_options_of_today(const RulesSettings& settings = {});

// Which events the records of a source are, in the terms of the parser. Precondition: they are declared.
RecordTypes record_types(const EventSchema& schema, const SourceSettings& source);

// What the config's patterns name, as short as a user would write it, so that diagnostics can be clicked and read.
std::vector<std::filesystem::path> rules_paths(const ServiceSettings& settings, Diagnostics& diagnostics);

// Rules files by themselves. Complaints about reading them go to `diagnostics`. Of a file not much more is read than it may have, so that
// its check can say that it is too large; of all together no file behind limits::rules_bytes_max.
std::vector<SourceFile> read_rules_files(std::span<const std::filesystem::path> paths, Diagnostics& diagnostics);
std::string read_rules_text(std::istream& stream);

}  // namespace weir
