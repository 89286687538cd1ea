// The versions of the rule set that were in force, each with all that is needed to build it again. The format is in FORMAT.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/base/result.h"
#include "engine/recovery/content_store.h"

namespace weir {

struct KeptFile {
  enum class Kind : std::uint8_t { rules, list } kind = Kind::rules;
  std::string path;     // as it was read
  std::string content;  // its name in the content store
  std::uint64_t bytes = 0;

  bool operator==(const KeptFile&) const = default;
};

struct RuleVersion {
  std::uint64_t number = 0;  // from 1, without gaps but for versions that were never put in force
  std::string hash;          // of the rule set: what decisions carry
  std::int64_t made_at_ms = 0;
  std::string origin;           // "start", "file change", "signal", "rollback to 3", ...
  std::vector<KeptFile> files;  // rules files in their order, then lists

  bool operator==(const RuleVersion&) const = default;
};

// Control plane; one thread. A damaged version is passed over when the store is opened, and missed only if it is needed.
class VersionStore {
 public:
  // Makes the folder where it is missing.
  static Result<VersionStore> open(const std::filesystem::path& folder);

  ContentStore& contents() { return contents_; }
  const ContentStore& contents() const { return contents_; }

  const std::map<std::uint64_t, RuleVersion>& versions() const { return versions_; }
  const RuleVersion* find(std::uint64_t number) const;
  std::uint64_t next_number() const { return next_number_; }

  // Durable when it returns. The contents must be kept already.
  Status add(const RuleVersion& version);
  // Removes the oldest versions beyond `kept_max` that are not `needed`, and contents that nothing names any more.
  void trim(const std::set<std::uint64_t>& needed, std::size_t kept_max);

  // Why version `number` cannot be used, for people.
  std::string missing_text(std::uint64_t number) const;

 private:
  explicit VersionStore(const std::filesystem::path& folder) : folder_(folder / "versions"), contents_(folder / "content") {}

  std::filesystem::path path_of(std::uint64_t number) const;

  std::filesystem::path folder_;
  ContentStore contents_;
  std::map<std::uint64_t, RuleVersion> versions_;
  std::map<std::uint64_t, std::string> damaged_;  // by number: what is wrong
  std::uint64_t next_number_ = 1;
};

}  // namespace weir
