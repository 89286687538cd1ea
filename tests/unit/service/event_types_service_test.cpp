// The whole service with several event types: one file of two types, and files of one each; the same bytes whatever the batch size.
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "engine/app/build_service.h"
#include "engine/app/configuration.h"

namespace weir {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr const char* rules = R"(
event payment {
  id          string        id
  created_at  timestamp(ms) time
  card_id     string        key
  amount      decimal(2)
}
event login {
  login_id    int           id
  at          timestamp(ms) time
  card_id     string        key
  ok          bool
}
feature failed_1h = count() from login by card_id over 1h where ok == false
feature seen_1h   = count() by card_id over 1h
feature spent_1h  = sum(amount) by card_id over 1h
rule guessed "Payment behind failed logins" on payment {
  when failed_1h >= 2
  then block
  reason "{failed_1h} failed, {spent_1h} spent, {seen_1h} seen"
  update card_id set guessed = true
}
rule failing "Failed logins" on login { when failed_1h >= 3 then alert reason "{failed_1h}" }
rule busy "Of either type" { when seen_1h >= 4 score 1 }
)";

class EventTypesServiceTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "weir-types-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    write(root_ / "test.rules", rules);
  }
  void TearDown() override { fs::remove_all(root_); }

  static void write(const fs::path& path, const std::string& text) { std::ofstream(path) << text; }
  static std::string read(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  // `sources`: the text below `sources:`. Runs to the end of the sources; outputs go to the folder `name`. The diagnostics where there are
  // any.
  std::string run(const std::string& name, const std::string& sources, ServiceStatus* status = nullptr) {
    const fs::path folder = root_ / name;
    fs::create_directories(folder);
    write(folder / "weir.yaml", "version: 1\nsources:\n" + sources +
                                    "rules: { files: [\"../test.rules\"] }\nsinks:\n"
                                    "  decisions: { file: { path: decisions.jsonl }, features: all }\n"
                                    "  logins: { file: { path: logins.jsonl }, features: none, when: \"event == login\" }\n"
                                    "  profiles: { file: { path: profiles.jsonl }, takes: profile_updates }\n"
                                    "dead_letters: { file: { path: dead.jsonl } }\n"
                                    "state: { dir: state }\nruntime: { lanes: 2 }\nlog: { level: warn }\n");
    const auto configuration = load_configuration(folder / "weir.yaml", {}, process_environment());
    if (!configuration->usable()) return render(configuration->diagnostics, false);
    auto built = build_service(*configuration, [](std::string_view) {});
    if (!built) return built.error().text;
    Service& service = *built.value()->service;
    if (const Status started = service.start(); !started) return started.error().text;
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    while (!service.finished() && service.configuration_failure() == nullptr && std::chrono::steady_clock::now() < deadline)
      std::this_thread::sleep_for(1ms);
    const Error* failure = service.configuration_failure();
    const std::string failed = failure == nullptr ? "" : failure->text;
    service.stop(30s);
    if (status != nullptr) *status = service.status();
    return failed;
  }

  fs::path root_;
};

TEST_F(EventTypesServiceTest, OneFileOfTwoTypesGivesTheSameBytesWhateverTheBatchSize) {
  std::string records;
  std::size_t number = 0;
  const auto login = [&](std::int64_t at, const std::string& card, bool ok) {
    records += R"({"login_id":)" + std::to_string(++number) + R"(,"at":)" + std::to_string(at) + R"(,"card_id":")" + card + R"(","ok":)" +
               (ok ? "true" : "false") + R"(,"type":"login"})" + "\n";
  };
  const auto payment = [&](std::int64_t at, const std::string& card, const std::string& amount) {
    records += R"({"type":"pay","id":"p)" + std::to_string(++number) + R"(","created_at":)" + std::to_string(at) + R"(,"card_id":")" +
               card + R"(","amount":)" + amount + "}\n";
  };
  constexpr std::int64_t minute = 60'000;
  constexpr std::int64_t noon = 1'767'268'800'000;
  login(noon, "c1", false);
  payment(noon + minute, "c1", "10");
  login(noon + 2 * minute, "c1", false);
  payment(noon + 2 * minute, "c1", "20");
  payment(noon + minute, "c1", "5");  // late: asks as of its own time
  records += R"({"type":"refund","card_id":"c1"})"
             "\n";
  records += R"({"type":"login","card_id":"c1","at":5})"
             "\n";
  login(noon + 3 * minute, "c1", false);
  payment(noon + 61 * minute, "c1", "1");  // two of three failures are still in
  for (int round = 0; round < 200; ++round) {
    login(noon + round * minute, "c" + std::to_string(2 + round % 5), round % 3 == 0);
    payment(noon + round * minute, "c" + std::to_string(2 + round % 7), "1.5");
  }
  write(root_ / "records.jsonl", records);
  const auto source = [](int batch_size, const std::string& unknown) {
    return "  all:\n    file: { path: ../records.jsonl }\n    event: { field: type, types: { pay: payment, login: login }" + unknown +
           " }\n    mapping: { batch_size: " + std::to_string(batch_size) + " }\n";
  };
  std::vector<std::string> outputs;
  for (const int batch_size : {1, 7, 256}) {
    const std::string name = "batch" + std::to_string(batch_size);
    ASSERT_EQ(run(name, source(batch_size, "")), "");
    std::string all;
    for (const char* file : {"decisions.jsonl", "logins.jsonl", "profiles.jsonl"}) all += read(root_ / name / file);
    outputs.push_back(all);
  }
  EXPECT_EQ(outputs[0], outputs[1]);
  EXPECT_EQ(outputs[0], outputs[2]);

  std::istringstream lines(read(root_ / "batch7" / "decisions.jsonl"));
  std::vector<std::string> decisions;
  for (std::string line; std::getline(lines, line);) decisions.push_back(line);
  ASSERT_EQ(decisions.size(), 407U);
  const auto has = [](const std::string& line, const std::string& part) { return line.find(part) != std::string::npos; };
  EXPECT_TRUE(has(decisions[0], R"(,"event_id":1,"event":"login","outcome":"allow")")) << decisions[0];
  EXPECT_TRUE(has(decisions[0], R"("failed_1h":1,"seen_1h":1,"spent_1h":0)")) << decisions[0];
  EXPECT_TRUE(has(decisions[1], R"(,"event_id":"p2","event":"payment","outcome":"allow")")) << decisions[1];
  EXPECT_TRUE(has(decisions[3], R"("text":"2 failed, 30 spent, 4 seen")")) << decisions[3];
  EXPECT_TRUE(has(decisions[4], R"("failed_1h":1,"seen_1h":3,"spent_1h":15)")) << decisions[4];
  EXPECT_TRUE(has(decisions[5], R"("outcome":"alert")")) << decisions[5];
  EXPECT_TRUE(has(decisions[6], R"("text":"2 failed, 21 spent, 4 seen")")) << decisions[6];
  const std::string dead = read(root_ / "batch7" / "dead.jsonl");
  EXPECT_TRUE(has(dead, "unknown_event_type")) << dead;
  EXPECT_TRUE(has(dead, "field_missing")) << dead;
  EXPECT_FALSE(has(read(root_ / "batch7" / "logins.jsonl"), "payment"));
  EXPECT_TRUE(has(read(root_ / "batch7" / "profiles.jsonl"), R"("event_id":"p4","event":"payment","entity":{"card_id":"c1"})"));

  ServiceStatus status;
  ASSERT_EQ(run("skipping", source(7, ", unknown: skip"), &status), "");
  EXPECT_EQ(read(root_ / "skipping" / "decisions.jsonl"), read(root_ / "batch7" / "decisions.jsonl"));
  EXPECT_EQ(status.skipped, 1U);
  EXPECT_EQ(status.dead_letters, 1U);
}

TEST_F(EventTypesServiceTest, TwoFilesOfOneTypeEachMeetInTheFeaturesOfAKey) {
  std::string text = rules;
  text.replace(text.find("count() by card_id"), 18, "count() from payment by card_id");
  write(root_ / "test.rules", text);
  std::string logins;
  std::string payments;
  for (int number = 0; number < 3; ++number)
    logins += R"({"login_id":)" + std::to_string(number) +
              R"(,"at":1767268800000,"card_id":"c1","ok":false})"
              "\n";
  for (int number = 0; number < 500; ++number)
    payments += R"({"id":"p)" + std::to_string(number) +
                R"(","created_at":1767268800001,"card_id":"c1","amount":1})"
                "\n";
  write(root_ / "logins.jsonl", logins);
  write(root_ / "payments.jsonl", payments);
  const std::string mapping = "    mapping: { batch_size: 7 }\n";
  ASSERT_EQ(run("two",
                "  logins:\n    file: { path: ../logins.jsonl }\n    event: login\n  payments:\n    file: { path: ../payments.jsonl }\n"
                "    event: payment\n" +
                    mapping),
            "");
  // Which file is read first is open; what a card's payments see can only grow.
  std::istringstream lines(read(root_ / "two" / "decisions.jsonl"));
  std::size_t decided = 0;
  char last = '0';
  for (std::string line; std::getline(lines, line); ++decided) {
    if (line.find(R"("event":"payment")") == std::string::npos) continue;
    const char failed = line[line.find(R"("failed_1h":)") + 12];
    EXPECT_GE(failed, last) << line;
    EXPECT_LE(failed, '3') << line;
    last = failed;
  }
  EXPECT_EQ(decided, 503U);
}

TEST_F(EventTypesServiceTest, SourcesNameDeclaredEvents) {
  write(root_ / "records.jsonl", "");
  const std::string file = "    file: { path: ../records.jsonl }\n";
  EXPECT_NE(run("one", "  all:\n" + file + "    event: logn\n").find("did you mean `login`"), std::string::npos);
  EXPECT_NE(
      run("told", "  all:\n" + file + "    event: { field: type, types: { pay: paymnt } }\n").find("the rules declare no event `paymnt`"),
      std::string::npos);
  EXPECT_NE(run("without", "  all:\n" + file + "    event: { types: { pay: payment } }\n").find("needs `field`"), std::string::npos);
}

}  // namespace
}  // namespace weir
