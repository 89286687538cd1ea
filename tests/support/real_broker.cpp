#include "tests/support/real_broker.h"

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <signal.h>
#include <stdexcept>
#include <stdlib.h>
#include <unistd.h>

namespace weir {
namespace {

const std::string script = std::string(WEIR_SOURCE_DIR) + "/tests/kafka/broker/broker";

}  // namespace

RealBroker& RealBroker::shared() {
  static RealBroker broker(std::filesystem::path(WEIR_BINARY).parent_path() / "kafka_broker", true);
  return broker;
}

std::unique_ptr<RealBroker> RealBroker::own() {
  std::string folder = std::filesystem::temp_directory_path() / "weir_kafka_XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("mkdtemp " + folder);
  return std::unique_ptr<RealBroker>(new RealBroker(folder, false));
}

RealBroker::RealBroker(std::string folder, bool shared) : folder_(std::move(folder)), shared_(shared) {
  if (shared_) address_ = run("address");
  if (address_.empty()) start();
}

RealBroker::~RealBroker() {
  if (!shared_) run("stop --purge");
}

void RealBroker::start() {
  address_ = run(std::string("start --light") + (shared_ ? " --secured" : "") + " --until " + std::to_string(getpid()));
  if (address_.empty()) throw std::runtime_error("the broker in " + folder_ + " does not start");
}

// The line that the script prints; empty where it fails.
std::string RealBroker::run(const std::string& arguments) const {
  const std::string command = script + " " + arguments + " --dir " + folder_;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error(command);
  std::array<char, 256> line{};
  const char* read = std::fgets(line.data(), line.size(), pipe);
  pclose(pipe);
  if (read == nullptr) return {};
  std::string text(read);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

int RealBroker::process() const {
  std::ifstream file(folder_ + "/pid");
  int pid = 0;
  file >> pid;
  return pid;
}

void RealBroker::suspend() {
  kill(process(), SIGSTOP);
}
void RealBroker::resume() {
  kill(process(), SIGCONT);
}

void RealBroker::restart() {
  run("stop");
  start();
}

}  // namespace weir
