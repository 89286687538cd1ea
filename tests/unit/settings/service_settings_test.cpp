#include "engine/settings/service_settings.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connectors/file/file_settings.h"
#include "connectors/generator/generator_settings.h"
#include "connectors/kafka/kafka_settings.h"
#include "connectors/registry.h"
#include "engine/settings/config_errors.h"
#include "engine/settings/load_service_settings.h"

namespace weir {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string rest = "rules: {files: [r]}\nsinks: {d: {kafka: {topic: d}}}\ndead_letters: {file: {path: dead/letters.jsonl}}\n";
const std::string minimal = "version: 1\nsources: {p: {kafka: {brokers: \"a:1,b:2\", topics: t}, event: payment}}\n" + rest;
const std::string to_console = "rules: {files: [r]}\nsinks: {d: {console: }}\ndead_letters: {console: }\n";

std::optional<std::string> environment(std::string_view name) {
  if (name == "SIZE") return "512";
  if (name == "SECRET") return "hunter2";
  return std::nullopt;
}

SettingsLoad load(const std::string& text, const std::vector<std::string>& overrides = {}) {
  return read_service_settings(text, "/srv/weir/config.yaml", overrides, environment, connector_kinds());
}

TEST(ServiceSettings, HaveTheDocumentedDefaults) {
  const SettingsLoad loaded = load(minimal);
  ASSERT_TRUE(loaded.settings) << render(loaded.diagnostics, false);
  const ServiceSettings& settings = *loaded.settings;
  ASSERT_EQ(settings.sources.size(), 1U);
  const MappingSettings& mapping = settings.sources[0].mapping;
  EXPECT_EQ(mapping.batch_size, 256U);
  EXPECT_EQ(mapping.batch_window, 0us);
  EXPECT_EQ(mapping.batch_bytes, 6U * 1024 * 1024);
  EXPECT_FALSE(mapping.filter);
  EXPECT_FALSE(settings.runtime.lanes);
  EXPECT_EQ(settings.runtime.shutdown_timeout, 25s);
  EXPECT_EQ(settings.state.late.allowed, 30s);
  EXPECT_EQ(settings.sinks[0].features, FeaturesWritten::fired);
  const auto& kafka = std::any_cast<const KafkaSourceSettings&>(settings.sources[0].connector.settings);
  EXPECT_EQ(kafka.brokers.addresses, (std::vector<std::string>{"a:1", "b:2"}));
  EXPECT_EQ(kafka.topics, std::vector<std::string>{"t"});
  EXPECT_EQ(kafka.start.kind, KafkaStart::Kind::latest);
}

TEST(ServiceSettings, ResolvePathsAgainstTheFolderOfTheFile) {
  const SettingsLoad loaded = load(minimal + "state: {dir: /var/lib/weir}\n");
  ASSERT_TRUE(loaded.settings) << render(loaded.diagnostics, false);
  EXPECT_EQ(std::any_cast<const FileSinkSettings&>(loaded.settings->dead_letters.settings).path, "/srv/weir/dead/letters.jsonl");
  EXPECT_EQ(loaded.settings->state.dir, "/var/lib/weir");
  EXPECT_EQ(load(minimal).settings->state.dir, "/srv/weir/state") << "a default path as well";
}

TEST(ServiceSettings, GiveKafkaSinksTheBrokersAndLoginOfTheSource) {
  const SettingsLoad loaded =
      load("version: 1\nsources: {p: {kafka: {brokers: embedded, topics: t, security: {protocol: ssl}}, event: e}}\n" + rest);
  ASSERT_TRUE(loaded.settings) << render(loaded.diagnostics, false);
  const auto& sink = std::any_cast<const KafkaSinkSettings&>(loaded.settings->sinks[0].connector.settings);
  ASSERT_TRUE(sink.brokers);
  EXPECT_TRUE(sink.brokers->embedded);
  EXPECT_EQ(sink.security->protocol, KafkaSecuritySettings::Protocol::ssl);
}

TEST(ServiceSettings, TakeOverridesAndVariables) {
  const SettingsLoad loaded = load(minimal, {"sources.p.mapping.batch_size=${SIZE}", "sources.p.kafka.librdkafka.fetch.wait.max.ms=5",
                                             "sources.p.kafka.start=2026-11-01T00:00:00Z", "sinks.d.when=outcome == block"});
  ASSERT_TRUE(loaded.settings) << render(loaded.diagnostics, false);
  EXPECT_EQ(loaded.settings->sources[0].mapping.batch_size, 512U);
  const auto& kafka = std::any_cast<const KafkaSourceSettings&>(loaded.settings->sources[0].connector.settings);
  EXPECT_EQ(kafka.librdkafka, (KafkaProperties{{"fetch.wait.max.ms", "5"}}));
  EXPECT_EQ(kafka.start.kind, KafkaStart::Kind::timestamp);
  EXPECT_EQ(kafka.start.timestamp_ms, 1'793'491'200'000);
  EXPECT_EQ(loaded.settings->sinks[0].when->text, "outcome == block");
}

TEST(ServiceSettings, KnowWhereExpressionsStand) {
  const std::string text = "version: 1\nsources: {p: {generator: {}, event: e, mapping: {filter: \"amount > zero\"}}}\n" + to_console;
  const SettingsLoad loaded = load(text);
  ASSERT_TRUE(loaded.settings) << render(loaded.diagnostics, false);
  const SettingsPlace zero = loaded.settings->sources[0].mapping.filter->place_of({9, 13});
  EXPECT_EQ(zero.span.begin, text.find("zero"));
  EXPECT_EQ(zero.span.end, text.find("zero") + 4);
}

TEST(ServiceSettings, ReadTheGenerator) {
  const SettingsLoad loaded =
      load("version: 1\nsources: {p: {generator: {rate: 0, count: 5, seed: 9, fraud_share: 0.25}, event: e}}\n" + to_console);
  ASSERT_TRUE(loaded.settings) << render(loaded.diagnostics, false);
  const auto& generator = std::any_cast<const GeneratorSettings&>(loaded.settings->sources[0].connector.settings);
  EXPECT_EQ(generator.rate, 0U);
  EXPECT_EQ(generator.count, 5U);
  EXPECT_EQ(generator.seed, 9U);
  EXPECT_EQ(generator.fraud_share, 0.25);
}

TEST(ServiceSettings, NeverShowWhatAVariableHolds) {
  for (const char* value : {"mapping: {batch_size: \"${SECRET}\"}", "mapping: {batch_window: \"${SECRET}\"}",
                            "mapping: {strict: \"${SECRET}\"}", "mapping: {batch_bytes: \"x${SECRET}\"}", "mapping: \"${SECRET}\""}) {
    const SettingsLoad loaded = load("version: 1\nsources: {p: {generator: {}, event: e, " + std::string(value) + "}}\n" + to_console);
    EXPECT_FALSE(loaded.settings);
    EXPECT_THAT(render(loaded.diagnostics, false), Not(HasSubstr("hunter2"))) << value;
    EXPECT_THAT(render_json(loaded.diagnostics), Not(HasSubstr("hunter2"))) << value;
  }
}

TEST(ServiceSettings, SayWhyAFileCannotBeRead) {
  const SettingsLoad missing = load_service_settings("/nowhere/weir.yaml", {}, environment, connector_kinds());
  ASSERT_EQ(missing.diagnostics.size(), 1U);
  EXPECT_EQ(missing.diagnostics[0].code, config_error::unreadable);
  EXPECT_THAT(missing.diagnostics[0].message, HasSubstr("No such file"));
  const SettingsLoad folder = load_service_settings("/", {}, environment, connector_kinds());
  ASSERT_EQ(folder.diagnostics.size(), 1U);
  EXPECT_THAT(folder.diagnostics[0].message, HasSubstr("folder"));
}

TEST(ServiceSettings, OfTheExampleAreInOrder) {
  const std::filesystem::path example = std::filesystem::path(WEIR_SOURCE_DIR) / "config/weir.yaml";
  const SettingsLoad loaded = load_service_settings(example, {}, environment, connector_kinds());
  EXPECT_TRUE(loaded.settings) << render(loaded.diagnostics, false);
}

TEST(ServiceSettings, ThousandsOfSinksAreComparedAtOnce) {
  std::string text = "version: 1\nsources: {p: {generator: {}, event: payment}}\nrules: {files: [r]}\nsinks:\n";
  const std::size_t sinks = 5'000;
  for (std::size_t sink = 0; sink < sinks; ++sink)
    text += "  s" + std::to_string(sink) + ": {file: {path: out/" + std::to_string(sink % (sinks - 1)) + ".jsonl}}\n";
  const SettingsLoad loaded = load(text + "dead_letters: {file: {path: out/../out/7.jsonl}}\n");
  EXPECT_THAT(render(loaded.diagnostics, false), HasSubstr("`sinks.s0` and `sinks.s4999` write to one file"));
  EXPECT_THAT(render(loaded.diagnostics, false), HasSubstr("`sinks.s7` and `dead_letters` write to one file"));
  EXPECT_EQ(loaded.diagnostics.size(), 2U);
}

// A folder with rules files, and what is found by patterns in it.
class RulesFiles : public ::testing::Test {
 protected:
  RulesFiles() {
    std::string pattern = (std::filesystem::temp_directory_path() / "weir_rules_files_XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~RulesFiles() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name) const {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name) << "# nothing\n";
  }
  // Names of the files, relative to the folder; what is said about them goes to `said_`.
  std::vector<std::string> found(const std::string& pattern, std::size_t entries_max = glob_entries_max) {
    const SettingsLoad loaded = read_service_settings("version: 1\nsources: {p: {generator: {}, event: payment}}\nrules: {files: \"" +
                                                          pattern + "\"}\nsinks: {d: {console: }}\ndead_letters: {console: }\n",
                                                      folder_ / "weir.yaml", {}, environment, connector_kinds());
    EXPECT_TRUE(loaded.settings) << render(loaded.diagnostics, false);
    Diagnostics diagnostics;
    std::vector<std::string> names;
    for (const std::filesystem::path& path : find_rules_files(*loaded.settings, diagnostics, entries_max))
      names.push_back(path.lexically_relative(folder_).string());
    said_ = render(diagnostics, false);
    errors_ = has_errors(diagnostics);
    return names;
  }

  std::filesystem::path folder_;
  std::string said_;
  bool errors_ = false;
};

TEST_F(RulesFiles, ALinkThatLeadsNowhereIsWarnedAbout) {
  write("rules/a.rules");
  std::filesystem::create_symlink("gone.rules", folder_ / "rules/b.rules");
  std::filesystem::create_symlink("c.rules", folder_ / "rules/c.rules");
  std::filesystem::create_symlink("a.rules", folder_ / "rules/d.rules");
  EXPECT_THAT(found("rules/*.rules"), ::testing::ElementsAre("rules/a.rules", "rules/d.rules"));
  EXPECT_FALSE(errors_);
  for (const std::string name : {"b", "c"})
    EXPECT_THAT(said_,
                HasSubstr("warning[C0209]: `" + (folder_ / "rules" / (name + ".rules")).string() + "` is a link that leads nowhere"));
  EXPECT_THAT(said_, Not(HasSubstr("d.rules")));
}

TEST_F(RulesFiles, APatternThatWalksThroughTooMuchIsRefused) {
  for (const std::string name : {"1/a.rules", "1/b", "1/c", "2/b.rules", "2/b", "2/c"}) write(name);
  const std::size_t root = 4;  // with "." and "..", as every folder has them
  EXPECT_THAT(found("*/*.rules", root + 10), ::testing::ElementsAre("1/a.rules", "2/b.rules"));
  EXPECT_FALSE(errors_) << said_;
  EXPECT_THAT(found("*/*.rules", root + 9), ::testing::IsEmpty());
  EXPECT_TRUE(errors_);
  EXPECT_THAT(said_, HasSubstr("error[C0201]: `*/*.rules` walks through more than 13 files and folders"));
  EXPECT_THAT(found("1/*.rules", root + 9), ::testing::ElementsAre("1/a.rules"));
}

}  // namespace
}  // namespace weir
