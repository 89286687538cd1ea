// A real Apache Kafka node for tests, started by tests/kafka/broker/broker.
#pragma once

#include <memory>
#include <string>

namespace weir {

class RealBroker {
 public:
  // The node that all tests of this build folder share. Started if none runs; then it ends with this process.
  static RealBroker& shared();
  // A node of the test's own, that it may stop and suspend. Removed with the object.
  static std::unique_ptr<RealBroker> own();
  ~RealBroker();

  const std::string& address() const { return address_; }
  // Of the shared node, which has secured listeners too: see tests/kafka/broker/broker.
  std::string listener(const std::string& name) const { return run("address --listener " + name); }
  std::string security_file(const std::string& name) const { return folder_ + "/security/" + name; }
  void suspend();  // SIGSTOP: connections stay, nothing answers
  void resume();
  void restart();  // an orderly end, then a start on the same address

 private:
  RealBroker(std::string folder, bool shared);
  std::string run(const std::string& arguments) const;
  void start();
  int process() const;

  std::string folder_;
  bool shared_;
  std::string address_;
};

}  // namespace weir
