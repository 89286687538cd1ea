#include "engine/app/admin_answers.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "engine/app/exit_code.h"
#include "engine/app/status_text.h"
#include "engine/app/text_difference.h"
#include "engine/base/byte_buffer.h"
#include "engine/base/json_text.h"

namespace weir {
namespace {

AdminAnswer complaint(int code, const std::string& text, bool json) {
  if (!json) return {code, "weir: " + text + "\n"};
  return {code, fmt::format("{{\"error\":{}}}\n", json_of(text))};
}

AdminAnswer answer_of(const ReloadResult& result, bool json) {
  const bool failed = result.outcome == ReloadResult::Outcome::failed;
  return {failed ? exit_code::found_something : exit_code::fine, json ? reload_json(result) + '\n' : reload_text(result)};
}

const RuleVersion* find(const std::vector<RuleVersion>& versions, const std::string& number) {
  std::uint64_t wanted = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), wanted);
  if (error != std::errc{} || end != number.data() + number.size()) return nullptr;
  const auto found =
      std::find_if(versions.begin(), versions.end(), [wanted](const RuleVersion& version) { return version.number == wanted; });
  return found == versions.end() ? nullptr : &*found;
}

// `number`; where none was given, `newest`.
std::string or_newest(const std::string& number, std::uint64_t newest) {
  return number.empty() || number == "json" ? std::to_string(newest) : number;
}

AdminAnswer no_such_version(const std::vector<RuleVersion>& versions, const std::string& number, bool json) {
  std::string kept;
  if (!versions.empty()) kept = fmt::format("; versions {} to {} are", versions.front().number, versions.back().number);
  return complaint(exit_code::found_something, fmt::format("version `{}` of the rules is not kept{}", number, kept), json);
}

}  // namespace

AdminAnswer AdminAnswers::operator()(const AdminRequest& request) const {
  const bool json = request.words.back() == "json";
  const std::string verb = request.word(0);
  const std::string what = request.word(1);
  if (verb == "status") return status(json);
  if (verb == "reload") return reload(json);
  if (verb == "activate") return activate(request, json);
  if (verb == "rules" && what == "ls") return list(json);
  const std::uint64_t in_force = built_.service->rules()->status().version;
  if (verb == "rules" && what == "show") return show(or_newest(request.word(2), in_force), json);
  if (verb == "rules" && what == "diff")
    return diff(or_newest(request.word(2), before(in_force)), or_newest(request.word(3), in_force), json);
  if (verb == "rules" && what == "rollback") return rollback(request.word(2), json);
  return complaint(exit_code::usage, fmt::format("the service knows no `{} {}`; is it of another version?", verb, what), json);
}

AdminAnswer AdminAnswers::status(bool json) const {
  StatusLook look;
  look.config = config_;
  look.uptime = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - begun_);
  look.lanes = built_.service->lane_count();
  look.service = built_.service->status();
  look.rules = built_.service->rules()->status();
  look.sources = built_.service->sources();
  look.last_reload = built_.reloader->last();
  look.reloads = built_.reloader->attempts();
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  look.now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  look.expiry_warning_ms = std::chrono::milliseconds(built_.versions->configuration().load.settings->rules.expiry_warning).count();
  look.files_differ = built_.reloader->files_differ();
  return {exit_code::fine, json ? status_json(look) : status_text(look)};
}

AdminAnswer AdminAnswers::reload(bool json) const {
  return answer_of(built_.reloader->reload("weir reload"), json);
}

AdminAnswer AdminAnswers::list(bool json) const {
  const std::uint64_t in_force = built_.service->rules()->status().version;
  std::string body = json ? "[" : "version   hash                              made at                   origin (* in force)\n";
  for (const RuleVersion& version : built_.versions->list()) {
    if (json) body += (body.size() > 1 ? "," : "") + version_json(version, version.number == in_force);
    if (!json) body += version_text(version, version.number == in_force);
  }
  return {exit_code::fine, json ? body + "]\n" : body};
}

AdminAnswer AdminAnswers::show(const std::string& number, bool json) const {
  const std::vector<RuleVersion> versions = built_.versions->list();
  const RuleVersion* version = find(versions, number);
  if (version == nullptr) return no_such_version(versions, number, json);
  if (json) return {exit_code::fine, version_json(*version, version->number == built_.service->rules()->status().version) + '\n'};
  std::string body;
  for (const KeptFile& file : version->files) {
    if (file.kind == KeptFile::Kind::list) {
      body += fmt::format("# list {} ({} bytes)\n", file.path, file.bytes);
      continue;
    }
    const Result<std::string> text = built_.versions->text_of(file);
    if (!text) return complaint(exit_code::internal, text.error().text, json);
    body += fmt::format("# {}\n{}", file.path, text.value());
    if (!body.ends_with('\n')) body += '\n';
  }
  return {exit_code::fine, body};
}

AdminAnswer AdminAnswers::diff(const std::string& from, const std::string& to, bool json) const {
  const std::vector<RuleVersion> versions = built_.versions->list();
  const RuleVersion* before = find(versions, from);
  const RuleVersion* after = find(versions, to);
  if (before == nullptr || after == nullptr) return no_such_version(versions, before == nullptr ? from : to, json);
  std::string body;
  const auto text_of = [&](const RuleVersion& version, const std::string& path) -> std::optional<std::string> {
    for (const KeptFile& file : version.files) {
      if (file.path != path) continue;
      if (file.kind == KeptFile::Kind::list) return "list of " + std::to_string(file.bytes) + " bytes, content " + file.content + "\n";
      const Result<std::string> text = built_.versions->text_of(file);
      return text ? std::optional(text.value()) : std::nullopt;
    }
    return std::nullopt;
  };
  std::vector<std::string> paths;
  for (const RuleVersion* version : {before, after})
    for (const KeptFile& file : version->files)
      if (std::find(paths.begin(), paths.end(), file.path) == paths.end()) paths.push_back(file.path);
  for (const std::string& path : paths) {
    const std::string changes = text_difference(text_of(*before, path).value_or(""), text_of(*after, path).value_or(""));
    if (!changes.empty()) body += fmt::format("--- {} version {}\n+++ {} version {}\n{}", path, from, path, to, changes);
  }
  if (json) body = fmt::format("{{\"from\":{},\"to\":{},\"diff\":{}}}\n", before->number, after->number, json_of(body));
  return {exit_code::fine, body};
}

// The newest version that is kept below `number`; itself where there is none.
std::uint64_t AdminAnswers::before(std::uint64_t number) const {
  std::uint64_t newest = 0;
  for (const RuleVersion& version : built_.versions->list())
    if (version.number < number) newest = std::max(newest, version.number);
  return newest == 0 ? number : newest;
}

// What was put in force past the files, who goes on to work with them must know.
AdminAnswer AdminAnswers::with_files(AdminAnswer answer, bool json) const {
  if (!json && answer.code == exit_code::fine && built_.reloader->files_differ())
    answer.body += "the files on disk say something else; their next change takes over\n";
  return answer;
}

AdminAnswer AdminAnswers::rollback(const std::string& number, bool json) const {
  const std::vector<RuleVersion> versions = built_.versions->list();
  const RuleVersion* version = find(versions, number);
  if (version == nullptr) return no_such_version(versions, number, json);
  return with_files(answer_of(built_.reloader->rollback(version->number), json), json);
}

AdminAnswer AdminAnswers::activate(const AdminRequest& request, bool json) const {
  if (request.files.empty()) return complaint(exit_code::usage, "there is no rules file to activate", json);
  std::vector<SourceFile> files;
  for (const auto& [path, text] : request.files) files.push_back({path, text});
  return with_files(answer_of(built_.reloader->activate(std::move(files), "activate"), json), json);
}

}  // namespace weir
