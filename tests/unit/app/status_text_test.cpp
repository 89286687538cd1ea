// What `weir status` says of sources and sinks.
#include "engine/app/status_text.h"

#include <gmock/gmock.h>

namespace weir {
namespace {

using testing::HasSubstr;

TEST(StatusText, CountsWhatWentOverToLibrdkafka) {
  StatusLook look;
  look.sources = {{"payments", 3, 0}};
  look.service.sinks = {{"block", 7, {true, "", 5, 0, 2, 0}}};
  EXPECT_THAT(status_text(look), HasSubstr("source  payments: lag 3\n"));
  EXPECT_THAT(status_text(look), HasSubstr("sink    block: 7 outputs, 5 delivered, 2 queued\n"));
  look.sources[0].hand_overs = 2;
  look.service.sinks[0].state.hand_overs = 1;
  look.service.sinks[0].state.healthy = false;
  look.service.sinks[0].state.last_error = "away";
  EXPECT_THAT(status_text(look), HasSubstr("source  payments: lag 3, 2 shards handed over to librdkafka\n"));
  EXPECT_THAT(status_text(look), HasSubstr("2 queued, 1 lane handed over to librdkafka, fails: away\n"));
  EXPECT_THAT(status_json(look), HasSubstr(R"("sources":[{"name":"payments","lag":3,"hand_overs":2,"awaited":false}])"));
  EXPECT_THAT(status_json(look), HasSubstr(R"("queued":2,"hand_overs":1,"last_error":"away"})"));
}

TEST(StatusText, SaysSinceWhenRulesAreCountedOnceTheyHaveChanged) {
  StatusLook look;
  look.config = "weir.yaml";
  look.lanes = 1;
  look.service.shards = 3;
  look.rules.version = 4;
  EXPECT_THAT(status_text(look), HasSubstr("weir.yaml: up 0s, 1 lane, 3 shards\nrules   version 4, hash , 0 switches, 0 reloads\n"));
  EXPECT_THAT(status_text(look), testing::Not(HasSubstr("counted since")));
  look.rules.switches = 1;
  EXPECT_THAT(status_text(look), HasSubstr("1 switch, "));
  EXPECT_THAT(status_text(look), HasSubstr("rules   counted since version 4 is in force\n"));
}

TEST(StatusText, TellsWhatWasTooLateAndWhichLimitsWereMet) {
  StatusLook look;
  look.service.keys = 2;
  look.service.state_bytes = 5 << 20;
  EXPECT_THAT(status_text(look), HasSubstr("windows 2 keys, 5 MiB, late events 0, too late for their key 0\n"));
  EXPECT_THAT(status_text(look), testing::Not(HasSubstr("limits")));
  look.service.late_events = 7;
  look.service.too_late_events = 3;
  look.service.duplicates = 4;
  look.service.key_events_dropped = 8;
  look.service.pattern_tries_reached = 9;
  look.service.reasons_cut = 10;
  look.service.updates_left_out = 11;
  EXPECT_THAT(status_text(look), HasSubstr("held for an epoch 0, duplicates 4\n"));
  EXPECT_THAT(status_text(look), HasSubstr("late events 7, too late for their key 3\n"
                                           "limits  8 oldest events of a key dropped (`events_a_key_max`)\n"
                                           "limits  9 events not compared with every step of a pattern (`pattern_tries_max`)\n"
                                           "limits  10 reasons cut or left out (`reason_bytes_max`)\n"
                                           "limits  11 updates left out (`update_bytes_max`)\n"));
  EXPECT_THAT(status_json(look), HasSubstr(R"("duplicates":4,"late_dropped":0,"keys":2,"state_bytes":5242880,"late_events":7,)"
                                           R"("too_late_events":3,"limits":{"events_a_key_max":8,"distinct_values_max":0,)"));
}

TEST(StatusText, ShowsTheFirstDeadLetter) {
  StatusLook look;
  EXPECT_THAT(status_text(look), testing::Not(HasSubstr("dead letter:")));
  EXPECT_THAT(status_json(look), HasSubstr(R"("first_dead_letter":null)"));
  look.service.first_dead_letter = "payments/3 at 17: field `amount`: expected decimal, found string at byte 83";
  EXPECT_THAT(status_text(look), HasSubstr("\n        the first dead letter: payments/3 at 17: field `amount`: expected decimal"));
  EXPECT_THAT(status_json(look), HasSubstr(R"("first_dead_letter":"payments/3 at 17: field)"));
}

TEST(StatusText, ShowsTheLastEventsTimeAndAsksWhetherItIsInSeconds) {
  StatusLook look;
  EXPECT_THAT(status_text(look), testing::Not(HasSubstr("events  the last")));
  EXPECT_THAT(status_json(look), HasSubstr(R"("last_event":null)"));
  look.service.last_event_ms = 1'798'761'600'000;
  EXPECT_THAT(status_text(look), HasSubstr("events  the last of 2027-01-01T00:00:00Z\n"));
  EXPECT_THAT(status_json(look), HasSubstr(R"("last_event":"2027-01-01T00:00:00Z")"));
  look.service.last_event_ms = 1'798'761'600;
  EXPECT_THAT(status_text(look), HasSubstr("events  the last of 1970-01-21T19:39:21.600Z; a time in seconds is declared `timestamp(s)`\n"));
}

TEST(StatusText, NamesTheSourceThatOthersWaitFor) {
  StatusLook look;
  look.sources = {{"logins", 3, 0, true}, {"payments", 3, 0}};
  EXPECT_THAT(status_text(look),
              HasSubstr("source  logins: lag 3, has no shards yet, and the others wait for it\nsource  payments: lag 3\n"));
  EXPECT_THAT(status_json(look), HasSubstr(R"({"name":"logins","lag":3,"hand_overs":0,"awaited":true})"));
}

}  // namespace
}  // namespace weir
