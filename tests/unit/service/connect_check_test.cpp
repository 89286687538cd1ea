// What a check finds beyond the files: a state folder that cannot be written, brokers that do not answer, topics that are not there.
#include "engine/app/connect_check.h"

#include <sstream>
#include <unistd.h>

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "connectors/kafka/embedded_broker.h"
#include "engine/app/state_dir_check.h"
#include "engine/settings/config_errors.h"
#include "tests/unit/service/service_folder.h"

namespace weir {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

constexpr const char* rules = R"(
event payment {
  id           string     id
  created_at   timestamp  time
  card_id      string     key
  amount       decimal
  currency     string
  merchant_id  string
}
rule large "Large" { when amount > 400 then block }
)";

// A port of loopback that nobody listens on, and that nobody else gets meanwhile.
class SilentPort {
 public:
  SilentPort() : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t bytes = sizeof(address);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), bytes), 0);
    EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &bytes), 0);
    address_ = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }
  ~SilentPort() { ::close(socket_); }
  SilentPort(const SilentPort&) = delete;
  SilentPort& operator=(const SilentPort&) = delete;

  const std::string& address() const { return address_; }

 private:
  int socket_;
  std::string address_;
};

class ConnectCheckTest : public test::ServiceFolder {
 protected:
  ConnectCheckTest() : ServiceFolder(rules) {}

  std::filesystem::path kafka_config(const std::string& address, const std::string& decisions) {
    write(root_ / "weir.yaml", "version: 1\nsources:\n  payments: { kafka: { brokers: [\"" + address +
                                   "\"], topics: [payments, refunds] }, event: payment }\n"
                                   "rules: { files: [test.rules] }\nsinks:\n  decisions: { kafka: { topic: decisions" +
                                   decisions + " } }\ndead_letters: { kafka: { topic: dead } }\nstate: { dir: state }\n");
    return root_ / "weir.yaml";
  }

  // The codes and messages.
  std::string said(const std::filesystem::path& path, std::chrono::milliseconds time_max) {
    const auto configuration = load_configuration(path, {}, process_environment());
    EXPECT_TRUE(configuration->usable()) << render(configuration->diagnostics, false);
    std::ostringstream progress;
    Diagnostics found;
    check_brokers(*configuration->load.settings, time_max, progress, found);
    std::string all;
    for (const Diagnostic& each : found) {
      EXPECT_NE(each.file, nullptr);
      all += each.code + ' ' + each.message + '\n';
    }
    return all;
  }
};

TEST_F(ConnectCheckTest, NamesTopicsThatAreMissingAndMakesNone) {
  auto broker = EmbeddedBroker::start();
  ASSERT_TRUE(broker.ok());
  const std::string& at = broker.value()->address();
  ASSERT_TRUE(broker.value()->create_topic("payments", 2).ok());
  const auto missing = [&at](const std::string& who, const std::string& topic) {
    return "C0602 " + who + " the topic `" + topic + "`, and the brokers at `" + at + "` show none of this name\n";
  };
  const std::string both = missing("`sources.payments` reads", "refunds");
  for (int times = 0; times < 2; ++times)
    EXPECT_EQ(said(kafka_config(at, ""), 30s),
              both + missing("`sinks.decisions` writes to", "decisions") + missing("`dead_letters` writes to", "dead"));
  EXPECT_EQ(said(kafka_config(at, ", create_topic: true"), 30s), both + missing("`dead_letters` writes to", "dead"));
  for (const char* topic : {"refunds", "decisions", "dead"}) ASSERT_TRUE(broker.value()->create_topic(topic, 1).ok());
  EXPECT_EQ(said(kafka_config(at, ""), 30s), "");
  std::string log;
  EXPECT_EQ(weir({"check", kafka_config(at, "").string(), "--connect"}, log), 0) << log;
  EXPECT_THAT(log, AllOf(HasSubstr("asking the brokers at " + at), HasSubstr("no errors")));
}

TEST_F(ConnectCheckTest, SaysOnceThatBrokersDoNotAnswer) {
  const SilentPort nobody;
  const std::string text = said(kafka_config(nobody.address(), ""), 400ms);
  EXPECT_THAT(text, HasSubstr("C0601 the brokers at `" + nobody.address() + "` do not answer within 0.4 s: "));
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1) << text;
  std::string log;
  EXPECT_EQ(weir({"check", kafka_config(nobody.address(), "").string()}, log), 0) << log;
}

TEST_F(ConnectCheckTest, AStateFolderThatCannotBeWrittenIsRefusedByCheckAndRunAlike) {
  const std::filesystem::path path = config("state", 1, 64, 10);
  write(root_ / "file", "");
  const std::string why = "error[C0210]: `state.dir` cannot be used: `" + (root_ / "file").string() + "` is not a folder";
  std::string said;
  for (const char* dir : {"file", "file/below", "file/below/further"}) {
    const std::string set = "state.dir=" + (root_ / dir).string();
    EXPECT_EQ(weir({"check", path.string(), "--set", set}, said), 1);
    EXPECT_THAT(said, HasSubstr(why));
    EXPECT_EQ(weir({"run", path.string(), "--set", set}, said), 78);
    EXPECT_THAT(said, HasSubstr(why));
  }
  EXPECT_EQ(weir({"check", path.string(), "--set", "state.dir=" + (root_ / "not/yet/there").string()}, said), 0) << said;
  EXPECT_FALSE(std::filesystem::exists(root_ / "not"));
}

// In the place of a user who may not write: root may everywhere.
class AsNobody {
 public:
  AsNobody() : before_(::geteuid()) {
    constexpr uid_t nobody = 65'534;
    if (before_ == 0) {
      EXPECT_EQ(::seteuid(nobody), 0);
    }
  }
  ~AsNobody() { EXPECT_EQ(::seteuid(before_), 0); }

 private:
  uid_t before_;
};

TEST_F(ConnectCheckTest, AStateFolderOfAnotherUserIsAWarningToWhoChecksAndAnErrorToTheService) {
  using std::filesystem::perms;
  constexpr perms all_read =
      perms::owner_read | perms::owner_exec | perms::group_read | perms::group_exec | perms::others_read | perms::others_exec;
  std::filesystem::permissions(root_, perms::owner_write | all_read);
  std::filesystem::create_directory(root_ / "closed");
  std::filesystem::permissions(root_ / "closed", all_read);
  ServiceSettings settings;
  settings.state.dir = root_ / "closed" / "state";
  Diagnostics anybody;
  Diagnostics service;
  {
    const AsNobody nobody;
    check_state_dir(settings, StateUser::anybody, anybody);
    check_state_dir(settings, StateUser::service, service);
  }
  ASSERT_EQ(anybody.size(), 1U);
  ASSERT_EQ(service.size(), 1U);
  EXPECT_EQ(anybody[0].severity, Severity::warning);
  EXPECT_EQ(service[0].severity, Severity::error);
  EXPECT_EQ(service[0].message, "`state.dir` cannot be used: `" + (root_ / "closed").string() + "` cannot be written: Permission denied");
  EXPECT_THAT(anybody[0].message, HasSubstr("cannot be used by this user: "));
}

}  // namespace
}  // namespace weir
