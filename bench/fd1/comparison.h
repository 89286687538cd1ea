// Decisions against the oracle's answers: every event decided, once, alike; every malformed record a dead letter, whole.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bench/fd1/oracle.h"

namespace weir::fd1 {

// `outcome score rules`, rules ascending as r00,r07 or `-`: what the oracle prints behind the id.
std::string answer_text(const OracleDecision& decision);

// One thread.
class Comparison {
 public:
  Comparison();
  ~Comparison();

  // What must come. An id or a record may be expected only as often as it occurs in the workload.
  void expect_decision(std::string id, std::string answer);
  void expect_dead_letter(std::string record);

  // What came: a decision as Weir writes it (event_id, outcome, score, reasons with their rules); the value of a dead letter.
  void decision(std::string_view json);
  void dead_letter(std::string_view record);

  struct Summary {
    std::size_t expected = 0;
    std::size_t decisions = 0;
    std::size_t missing = 0;
    std::size_t dead_letters = 0;
    std::size_t dead_letters_missing = 0;
    std::size_t differences = 0;          // complaints in all, what is missing included
    std::vector<std::string> complaints;  // the first of them
  };
  Summary summary() const;

 private:
  struct Expected {
    std::string answer;
    std::size_t seen = 0;
  };
  struct Reader;

  void complain(std::string text);

  std::unique_ptr<Reader> reader_;
  std::unordered_map<std::string, Expected> expected_;
  std::unordered_map<std::string, std::size_t> malformed_;  // how often each is still to come
  Summary seen_;
};

}  // namespace weir::fd1
