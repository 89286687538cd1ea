#include "engine/recovery/version_store.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>
#include <string_view>
#include <system_error>

#include "engine/recovery/durable_file.h"

namespace weir {
namespace {

constexpr std::string_view heading = "weir-rule-version 1";
constexpr std::string_view extension = ".version";

std::string write(const RuleVersion& version) {
  std::ostringstream text;
  text << heading << "\nnumber " << version.number << "\nhash " << version.hash << "\nmade_at_ms " << version.made_at_ms << "\norigin "
       << as_word(version.origin) << '\n';
  for (const KeptFile& file : version.files)
    text << "file " << (file.kind == KeptFile::Kind::rules ? "rules " : "list ") << file.content << ' ' << file.bytes << ' '
         << as_word(file.path) << '\n';
  const std::string body = text.str();
  return body + "checksum " + checksum_of(body) + '\n';
}

// Nothing when `text` is not what `write` made.
std::optional<RuleVersion> read(const std::string& text) {
  constexpr std::string_view last_word = "checksum ";
  const std::size_t end = text.rfind(last_word);
  if (end == std::string::npos || text.substr(end) != std::string(last_word) + checksum_of(text.substr(0, end)) + '\n') return std::nullopt;
  std::istringstream lines(text.substr(0, end));
  std::string line;
  if (!std::getline(lines, line) || line != heading) return std::nullopt;
  RuleVersion version;
  while (std::getline(lines, line)) {
    std::istringstream words(line);
    std::string what;
    std::string kind;
    std::string word;
    words >> what;
    if (what == "number") words >> version.number;
    if (what == "hash") words >> version.hash;
    if (what == "made_at_ms") words >> version.made_at_ms;
    if (what == "origin") {
      words >> word;
      version.origin = from_word(word);
    }
    if (what == "file") {
      KeptFile file;
      words >> kind >> file.content >> file.bytes >> word;
      file.kind = kind == "rules" ? KeptFile::Kind::rules : KeptFile::Kind::list;
      file.path = from_word(word);
      version.files.push_back(std::move(file));
    }
    if (words.fail()) return std::nullopt;
  }
  return version;
}

}  // namespace

std::filesystem::path VersionStore::path_of(std::uint64_t number) const {
  const std::string digits = std::to_string(number);
  return folder_ / (std::string(digits.size() < 8 ? 8 - digits.size() : 0, '0') + digits + std::string(extension));
}

Result<VersionStore> VersionStore::open(const std::filesystem::path& folder) {
  VersionStore store(folder);
  if (Status made = make_folder(store.folder_); !made) return made.error();
  std::error_code code;
  for (const auto& entry : std::filesystem::directory_iterator(store.folder_, code)) {
    if (entry.path().extension() != extension) continue;
    const std::string stem = entry.path().stem().string();
    std::uint64_t number = 0;
    if (std::from_chars(stem.data(), stem.data() + stem.size(), number).ec != std::errc{}) continue;
    store.next_number_ = std::max(store.next_number_, number + 1);
    const Result<std::string> text = read_whole_file(entry.path());
    std::optional<RuleVersion> version = text ? read(text.value()) : std::nullopt;
    if (version && version->number == number)
      store.versions_[number] = std::move(*version);
    else
      store.damaged_[number] = text ? "its checksum does not match" : text.error().text;
  }
  if (code) return Error{ErrorKind::fatal, store.folder_.string() + " cannot be read: " + code.message()};
  return store;
}

const RuleVersion* VersionStore::find(std::uint64_t number) const {
  const auto found = versions_.find(number);
  return found == versions_.end() ? nullptr : &found->second;
}

std::string VersionStore::missing_text(std::uint64_t number) const {
  const auto damaged = damaged_.find(number);
  const std::string path = path_of(number).string();
  return damaged == damaged_.end() ? path + " is missing" : path + " is damaged: " + damaged->second;
}

Status VersionStore::add(const RuleVersion& version) {
  if (Status written = replace_file(path_of(version.number), write(version)); !written) return written;
  versions_[version.number] = version;
  next_number_ = std::max(next_number_, version.number + 1);
  return success();
}

void VersionStore::trim(const std::set<std::uint64_t>& needed, std::size_t kept_max) {
  std::error_code ignored;
  for (auto at = versions_.begin(); at != versions_.end() && versions_.size() > kept_max;) {
    // The newest stays whatever `needed` says: its number must not be given out again.
    if (needed.contains(at->first) || std::next(at) == versions_.end()) {
      ++at;
      continue;
    }
    std::filesystem::remove(path_of(at->first), ignored);
    at = versions_.erase(at);
  }
  std::set<std::string> named;
  for (const auto& [number, version] : versions_)
    for (const KeptFile& file : version.files) named.insert(file.content);
  contents_.remove_all_but(named);
}

}  // namespace weir
