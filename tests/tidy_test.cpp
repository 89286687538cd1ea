// The rules of this house as a test: who may include whom, how long a file may be, which names and words are out.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <re2/re2.h>

namespace {

namespace fs = std::filesystem;

struct Source {
  std::string path;  // from the root of the project
  std::vector<std::string> lines;
};

const std::vector<Source>& sources() {
  static const std::vector<Source> all = [] {
    std::vector<Source> found;
    const fs::path root = WEIR_SOURCE_DIR;
    for (const char* folder : {"engine", "rules", "connectors", "bench", "tests"}) {
      for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / folder)) {
        const std::string extension = entry.path().extension().string();
        if (!entry.is_regular_file() || (extension != ".h" && extension != ".cpp")) continue;
        Source source{fs::relative(entry.path(), root).string(), {}};
        std::ifstream file(entry.path());
        for (std::string line; std::getline(file, line);) source.lines.push_back(line);
        found.push_back(std::move(source));
      }
    }
    std::sort(found.begin(), found.end(), [](const Source& a, const Source& b) { return a.path < b.path; });
    return found;
  }();
  return all;
}

// The room of a file: the longest listed folder that it lies in.
std::string room_of(const std::string& path, const std::map<std::string, std::set<std::string>>& rooms) {
  std::string best;
  for (const auto& [room, allowed] : rooms)
    if (path.starts_with(room + "/") && room.size() > best.size()) best = room;
  return best;
}

// Each room and what it may include besides itself: the picture in engine/README.md.
std::map<std::string, std::set<std::string>> layers() {
  const std::set<std::string> event{"engine/base", "engine/event"};
  const auto with = [](std::set<std::string> base, const std::set<std::string>& more) {
    base.insert(more.begin(), more.end());
    return base;
  };
  const std::set<std::string> ports = with(event, {"engine/ports"});
  const std::set<std::string> connector = with(ports, {"engine/settings"});
  std::map<std::string, std::set<std::string>> rooms{
      {"engine/base", {}},
      {"engine/event", {"engine/base"}},
      {"engine/ports", event},
      {"engine/settings", {"engine/base"}},
      {"engine/parse", event},
      {"engine/features", event},
      {"engine/feedback", with(ports, {"engine/features"})},
      {"engine/recovery", with(ports, {"engine/features", "engine/parse"})},
      {"engine/pipeline", with(ports, {"engine/features", "engine/feedback", "engine/parse", "engine/recovery"})},
      {"engine/control", with(connector, {"engine/features", "engine/feedback", "engine/parse", "engine/recovery", "engine/pipeline"})},
      {"rules/language", event},
      {"rules/evaluate", with(ports, {"rules/language"})},
      {"rules/testing",
       with(ports, {"engine/features", "engine/parse", "engine/recovery", "engine/pipeline", "rules/language", "rules/evaluate"})},
      {"connectors/kafka/wire", event},
      {"connectors/kafka", with(connector, {"connectors/kafka/wire"})},
      {"connectors/file", connector},
      {"connectors/console", with(connector, {"connectors/file"})},
      {"connectors/generator", with(connector, {"connectors/file"})},
      {"connectors", with(connector, {"connectors/kafka", "connectors/file", "connectors/console", "connectors/generator"})},
  };
  return rooms;
}

// Libraries and the only rooms that may include them.
const std::vector<std::pair<std::string, std::set<std::string>>> libraries{
    {"librdkafka/", {"connectors/kafka", "bench", "tests"}},
    {"simdjson", {"engine/parse", "bench", "tests"}},
    {"concurrentqueue", {"engine/pipeline", "engine/features", "connectors", "connectors/kafka", "connectors/file"}},
    {"libfyaml", {"engine/settings", "tests"}},
    {"re2/", {"rules/language", "rules/evaluate", "tests"}},
    {"openssl/", {"connectors/kafka/wire"}},
};

TEST(Tidy, EveryIncludeGoesDownTheLayers) {
  const auto rooms = layers();
  const RE2 include("^\\s*#include \"([^\"]+)\"");
  std::ostringstream broken;
  for (const Source& source : sources()) {
    const std::string room = room_of(source.path, rooms);
    for (std::size_t line = 0; line < source.lines.size(); ++line) {
      std::string included;
      if (!RE2::PartialMatch(source.lines[line], include, &included)) continue;
      const std::string place = source.path + ":" + std::to_string(line + 1) + ": ";
      if (included.find('/') == std::string::npos) {
        broken << place << "write includes from the root, not \"" << included << "\"\n";
        continue;
      }
      if (included.starts_with("engine/app/") && !source.path.starts_with("engine/app/") && !source.path.starts_with("tests/") &&
          !source.path.starts_with("bench/"))
        broken << place << "nothing may include engine/app\n";
      if (room.empty()) continue;
      const std::string target = room_of(included, rooms);
      if (target != room && !rooms.at(room).contains(target)) broken << place << room << " may not include " << included << "\n";
    }
  }
  EXPECT_EQ(broken.str(), "");
}

TEST(Tidy, LibrariesStayInTheirRooms) {
  auto rooms = layers();
  for (const char* more : {"engine/app", "bench", "tests"}) rooms[more] = {};
  std::ostringstream broken;
  for (const Source& source : sources()) {
    const std::string room = room_of(source.path, rooms);
    for (std::size_t line = 0; line < source.lines.size(); ++line)
      for (const auto& [library, allowed] : libraries)
        if (source.lines[line].starts_with("#include <" + library) && !allowed.contains(room))
          broken << source.path << ":" << line + 1 << ": " << library << " stays out of " << room << "\n";
  }
  EXPECT_EQ(broken.str(), "");
}

TEST(Tidy, NoFileIsLongerThan500Lines) {
  std::ostringstream broken;
  for (const Source& source : sources())
    if (source.lines.size() > 500) broken << source.path << ": " << source.lines.size() << " lines, at most 500\n";
  EXPECT_EQ(broken.str(), "");
}

TEST(Tidy, FilesAreNamedAfterWhatTheyHold) {
  const RE2 banned("(^|_)(utils?|helpers?|common|misc|manager|handler|data|info)(_|\\.)");
  const RE2 snake_case("^[a-z0-9_]+\\.(h|cpp)$");
  std::ostringstream broken;
  for (const Source& source : sources()) {
    const std::string name = fs::path(source.path).filename().string();
    if (RE2::PartialMatch(name, banned)) broken << source.path << ": the name says nothing; ask what its contents share\n";
    if (!RE2::FullMatch(name, snake_case)) broken << source.path << ": file names are snake_case\n";
  }
  EXPECT_EQ(broken.str(), "");
}

TEST(Tidy, HeadersSayWhatTheyAreForInTheirFirstLine) {
  std::ostringstream broken;
  for (const Source& source : sources()) {
    if (!source.path.ends_with(".h")) continue;
    if (source.lines.empty() || !source.lines.front().starts_with("// ")) broken << source.path << ":1: a header begins with its purpose\n";
    const bool once = std::find(source.lines.begin(), source.lines.end(), "#pragma once") != source.lines.end();
    if (!once) broken << source.path << ": #pragma once is missing\n";
  }
  EXPECT_EQ(broken.str(), "");
}

TEST(Tidy, NothingIsLeftForLater) {
  // Spelled apart, so that this file does not find itself.
  const RE2 banned(std::string("\\b(TO") + "DO|FIX" + "ME|XX" + "X|HA" + "CK)\\b|using namespace std;");
  std::ostringstream broken;
  for (const Source& source : sources()) {
    if (source.path == "tests/tidy_test.cpp") continue;
    for (std::size_t line = 0; line < source.lines.size(); ++line)
      if (RE2::PartialMatch(source.lines[line], banned)) broken << source.path << ":" << line + 1 << ": " << source.lines[line] << "\n";
  }
  EXPECT_EQ(broken.str(), "");
}

TEST(Tidy, TheDataPlaneTakesNoLocks) {
  const RE2 lock("std::(mutex|lock_guard|unique_lock|scoped_lock|shared_mutex|condition_variable)");
  std::ostringstream broken;
  for (const Source& source : sources()) {
    const bool data_plane = source.path.starts_with("engine/parse/") ||
                            (source.path.starts_with("engine/features/") && !source.path.starts_with("engine/features/ready_pages")) ||
                            (source.path.starts_with("engine/event/") && source.path != "engine/event/shard_numbers.h") ||
                            source.path.starts_with("rules/evaluate/") ||
                            (source.path.starts_with("engine/pipeline/") && !source.path.starts_with("engine/pipeline/lane_group") &&
                             !source.path.starts_with("engine/pipeline/joint_sources"));
    if (!data_plane) continue;
    for (std::size_t line = 0; line < source.lines.size(); ++line)
      if (RE2::PartialMatch(source.lines[line], lock)) broken << source.path << ":" << line + 1 << ": " << source.lines[line] << "\n";
  }
  EXPECT_EQ(broken.str(), "");
}

}  // namespace
