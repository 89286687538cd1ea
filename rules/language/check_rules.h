// The door to the language: text in, checked rules or diagnostics out. Control plane only; may allocate and read list files.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/diagnostic.h"
#include "rules/language/checked_rules.h"
#include "rules/language/list_cache.h"

namespace weir {

// Where the bytes of a file that the rules name are to be read: answers a path for `path`. What it does beside that (keeping a copy) is its
// own business.
using FileLocator = std::function<std::string(const std::string& path)>;

struct CheckOptions {
  // Where relative paths of list files begin. Empty: the folder of the rules file, then that folder's parent.
  std::string base_folder;
  // Now, in milliseconds since 1970: rules whose expiry is near are warned about. Nothing: no such warnings, so the answer does not depend
  // on the day. Whether a rule has expired is decided by the time of events, never by this.
  std::optional<std::int64_t> now_ms = std::nullopt;
  // Warn about rules that no test names.
  bool warn_untested = false;
  // Conditions that stand elsewhere and read the rules' names: a name that occurs there is used.
  std::vector<std::string> conditions{};
  // All features are written somewhere, so that none is unused.
  bool features_are_written = false;
  // Where lists are looked for before their file is read, and kept for the next check. None: every file is read.
  ListCache* list_cache = nullptr;
  // Asked before a list's file is looked for and read; complaints name the path that it was asked for. Empty: the files themselves.
  FileLocator locate{};
  // With `now_ms`: how long before its end a rule is warned about.
  std::int64_t expiry_warning_ms = 0;
};

// Checks all files as one rule set. Appends every complaint to `diagnostics` (warnings too); answers nothing when there was an error.
// Diagnostics and expressions point into `files`, which must outlive both.
std::optional<CheckedRules> check_rules(const std::vector<SourceFile>& files, const CheckOptions& options, Diagnostics& diagnostics);

enum class ExpressionScope {
  event,     // fields and lists, and lets that read nothing else: a mapping's `filter`
  decision,  // all that, features and any let, `outcome` (compared with a declared outcome: `outcome == block`, `outcome in [block,
             // alert]`) and `score`: a sink's `when`
};

// A condition that stands outside a rules file. Its nodes are appended to `rules`; the answer is a bool that is never missing.
// `text` holds the expression alone and must outlive the diagnostics and `rules`. Aggregates in place are refused.
std::optional<ExpressionIndex> check_expression(const SourceFile& text, ExpressionScope scope, CheckedRules& rules,
                                                Diagnostics& diagnostics);

}  // namespace weir
