// What `weir status`, `weir rules` and `weir reload` say without a service, and with one that answers.
#include "engine/app/admin_command.h"

#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "engine/app/command_line.h"
#include "engine/app/exit_code.h"
#include "engine/app/text_difference.h"
#include "engine/control/admin_socket.h"

namespace weir {
namespace {

namespace fs = std::filesystem;

class AdminCommand : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "weir-admin-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    socket_ = fs::path(pattern) / "admin.sock";
  }
  void TearDown() override { fs::remove_all(socket_.parent_path()); }

  int run(std::string_view verb, std::vector<std::string> words = {}, bool json = false) {
    out_.str("");
    err_.str("");
    Terminal terminal{out_, err_, false, false, process_environment()};
    return admin_command(verb, {"absent.yaml", socket_.string(), std::move(words), json}, terminal);
  }

  fs::path socket_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(AdminCommand, SaysThatNoServiceRuns) {
  EXPECT_EQ(run("status"), exit_code::unavailable);
  EXPECT_EQ(err_.str(), "weir: no service runs here: nothing answers on " + socket_.string() + "\n");
  EXPECT_EQ(out_.str(), "");
}

TEST_F(AdminCommand, SuggestsTheNearestAction) {
  EXPECT_EQ(run("rules", {"rolback", "3"}), exit_code::usage);
  EXPECT_EQ(err_.str(),
            "weir: there is no `weir rules rolback`\ndid you mean `weir rules rollback`?\n`weir rules --help` shows how it is used.\n");
  EXPECT_EQ(run("rules", {"diff", "3", "4", "5"}), exit_code::usage);
  EXPECT_EQ(err_.str(), "weir: it is `weir rules diff [A [B]]`\n`weir rules --help` shows how it is used.\n");
  EXPECT_EQ(run("rules", {"activate", "12"}), exit_code::usage);
  EXPECT_EQ(err_.str(),
            "weir: there is no file `12` to activate\ndid you mean `weir rules rollback 12`?\n`weir rules --help` shows how it is used.\n");
  EXPECT_EQ(run("rules", {"activate", "other.yaml", "3"}), exit_code::usage);
  EXPECT_EQ(err_.str(), "weir: it is `weir rules activate PATH`\n`weir rules --help` shows how it is used.\n");
}

TEST_F(AdminCommand, PassesWordsAndAnswersOnAndOnlyTheOwnerMayAsk) {
  AdminSocket server(socket_, [](const AdminRequest& request) {
    std::string all;
    for (const std::string& word : request.words) all += "<" + word + ">";
    return AdminAnswer{request.word(1) == "rollback" ? 1 : 0, all + "\n"};
  });
  ASSERT_TRUE(server.start());
  struct stat seen {};
  ASSERT_EQ(::stat(socket_.c_str(), &seen), 0);
  EXPECT_EQ(seen.st_mode & 0777U, 0600U);
  EXPECT_EQ(run("status", {}, true), exit_code::fine);
  EXPECT_EQ(out_.str(), "<status><json>\n");
  EXPECT_EQ(run("rules", {"show", "a b\n%"}), exit_code::fine);
  EXPECT_EQ(out_.str(), "<rules><show><a b\n%>\n");
  EXPECT_EQ(run("rules", {"rollback", "3"}), 1);
  EXPECT_EQ(err_.str(), "<rules><rollback><3>\n");
  AdminSocket second(socket_, [](const AdminRequest&) { return AdminAnswer{}; });
  const Status refused = second.start();
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().text.find("another weir runs with the same `state.dir`"), std::string::npos);
}

TEST_F(AdminCommand, TheConfigMayBeWrittenBehindTheActionOrBeAFolder) {
  const fs::path folder = socket_.parent_path() / "conf";
  fs::create_directories(folder);
  std::ofstream(folder / "weir.yaml") << "version: 1\nadmin: {socket: \"" + socket_.string() + "\"}\n";
  AdminSocket server(socket_, [](const AdminRequest& request) {
    std::string all;
    for (const std::string& word : request.words) all += "<" + word + ">";
    return AdminAnswer{0, all};
  });
  ASSERT_TRUE(server.start());
  const auto said = [&](const std::vector<std::string>& arguments) {
    std::ostringstream out;
    std::ostringstream err;
    run_command_line(arguments, Terminal{out, err, false, false, process_environment()});
    return out.str() + err.str();
  };
  const std::string config = (folder / "weir.yaml").string();
  for (const std::string& named : {config, folder.string()}) {
    EXPECT_EQ(said({"rules", "ls", named}), "<rules><ls>");
    EXPECT_EQ(said({"rules", "diff", "3", named}), "<rules><diff><3>");
    EXPECT_EQ(said({"rules", "ls", "--config", named}), "<rules><ls>");
    for (const std::string verb : {"status", "reload"}) {
      EXPECT_EQ(said({verb, named}), "<" + verb + ">");
      EXPECT_EQ(said({verb, "--config", named}), "<" + verb + ">");
      EXPECT_THAT(said({verb, named, "--config", named}), testing::HasSubstr("excludes"));
    }
  }
  EXPECT_THAT(said({"completion", "bash"}), testing::HasSubstr("rules) options=\"--help -h --config --socket --json"));
  EXPECT_THAT(said({"completion", "bash"}), testing::HasSubstr("words=\"ls show diff rollback activate\"; files=yes"));
}

// As many idle connections as fit into the queue of a socket, and more.
TEST_F(AdminCommand, IdleConnectionsHoldNobodyUpAndAreClosed) {
  const auto here = [](const AdminRequest&) { return AdminAnswer{0, "here\n"}; };
  const auto connect_idle = [&](const std::string& part) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, socket_.c_str(), socket_.native().size() + 1);
    const int connection = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(::connect(connection, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::send(connection, part.data(), part.size(), MSG_NOSIGNAL), static_cast<ssize_t>(part.size()));
    return connection;
  };
  const auto all_of = [](int connection) {
    std::string all;
    char piece[256];
    for (ssize_t got = 0; (got = ::recv(connection, piece, sizeof piece, 0)) > 0;) all.append(piece, static_cast<std::size_t>(got));
    ::close(connection);
    return all;
  };
  {
    AdminSocket patient(socket_, here, std::chrono::hours(1));
    ASSERT_TRUE(patient.start());
    std::vector<int> idle;
    for (std::size_t count = 0; count < 2 * AdminSocket::connections_max; ++count) idle.push_back(connect_idle("rules sh"));
    EXPECT_EQ(run("status"), exit_code::fine);
    EXPECT_EQ(out_.str(), "here\n");
    EXPECT_EQ(all_of(connect_idle("status\nend\n")), "0 5\nhere\n");
    const std::string wrong = "the request was not understood\n";
    EXPECT_EQ(all_of(connect_idle("status\nend of it\n")), "64 " + std::to_string(wrong.size()) + "\n" + wrong);
    for (const int connection : idle) ::close(connection);
  }
  AdminSocket hasty(socket_, here, std::chrono::milliseconds(20));
  ASSERT_TRUE(hasty.start());
  const std::string late = "the request was not whole in time (request_time_max)\n";
  EXPECT_EQ(all_of(connect_idle("status\n")), "64 " + std::to_string(late.size()) + "\n" + late);
}

TEST_F(AdminCommand, ASocketThatWasLeftBehindIsReplaced) {
  const auto nothing = [](const AdminRequest&) { return AdminAnswer{0, "here\n"}; };
  {
    AdminSocket first(socket_, nothing);
    ASSERT_TRUE(first.start());
    fs::create_hard_link(socket_, socket_.string() + ".kept");
  }
  fs::rename(socket_.string() + ".kept", socket_);
  AdminSocket next(socket_, nothing);
  ASSERT_TRUE(next.start());
  EXPECT_EQ(run("status"), exit_code::fine);
  EXPECT_EQ(out_.str(), "here\n");
}

TEST(TextDifference, ShowsWhatChangedWithThreeLinesAround) {
  EXPECT_EQ(text_difference("a\nb\n", "a\nb\n"), "");
  EXPECT_EQ(text_difference("1\n2\n3\n4\n5\n6\n", "1\n2\n3\n4\nfive\n6\n"), "@@ 2 @@\n 2\n 3\n 4\n-5\n+five\n 6\n");
  EXPECT_EQ(text_difference("", "new\n"), "@@ 1 @@\n+new\n");
  EXPECT_EQ(text_difference("1\n2\n3\n4\n5\n6\n7\n8\n9\n", "0\n1\n2\n3\n4\n5\n6\n7\n8\n"),
            "@@ 1 @@\n+0\n 1\n 2\n 3\n@@ 6 @@\n 6\n 7\n 8\n-9\n");
}

}  // namespace
}  // namespace weir
