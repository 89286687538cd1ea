// The login's messages against those that the standards give as examples, and against brokers that are none.
#include "connectors/kafka/wire/login.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "connectors/kafka/wire/wire_format.h"

namespace weir::wire {
namespace {

constexpr std::string_view nonce = "rOprNGfwEbeRWgbNEkqO";
constexpr std::string_view server_first = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
constexpr std::string_view server_last = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

LoginSettings settings(LoginMechanism mechanism, std::string username = "user") {
  return {mechanism, std::move(username), "pencil"};
}

// What a request carries behind its header.
std::string carried(const std::string& frame) {
  Reader request(frame);
  request.int32();
  request.int16();
  request.int16();
  request.int32();
  request.string();
  return std::string(request.long_bytes());
}

std::string handshake_answer(std::int16_t error) {
  std::string answer;
  Writer writer(answer);
  writer.int32(1);
  writer.int16(error);
  writer.int32(0);
  return answer;
}

std::string answer_with(std::int32_t correlation, std::string_view message, std::int16_t error = 0, std::string_view said = "") {
  std::string answer;
  Writer writer(answer);
  writer.int32(correlation);
  writer.int16(error);
  writer.string(said);
  writer.int32(static_cast<std::int32_t>(message.size()));
  answer.append(message);
  return answer;
}

// Up to the last message of SCRAM-SHA-256, which is the answer.
std::string talk(Login& login, std::string_view first = server_first) {
  std::string frame;
  login.write_request(frame);
  EXPECT_TRUE(login.take_answer(handshake_answer(0)));
  login.write_request(frame);
  if (!login.take_answer(answer_with(2, first))) return {};
  login.write_request(frame);
  return carried(frame);
}

TEST(Login, SendsUserAndPasswordWithPlain) {
  const LoginSettings plain = settings(LoginMechanism::plain);
  Login login(plain);
  std::string frame;
  login.write_request(frame);
  EXPECT_NE(frame.find("PLAIN"), std::string::npos);
  ASSERT_TRUE(login.take_answer(handshake_answer(0)));
  login.write_request(frame);
  EXPECT_EQ(carried(frame), std::string("\0user\0pencil", 12));
  ASSERT_TRUE(login.take_answer(answer_with(2, "")));
  EXPECT_TRUE(login.done());
}

TEST(Login, ProvesThePasswordAsInTheExampleOfRfc7677) {
  const LoginSettings scram = settings(LoginMechanism::scram_sha_256);
  Login login(scram, std::string(nonce));
  EXPECT_EQ(talk(login), "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  ASSERT_TRUE(login.take_answer(answer_with(3, server_last))) << login.failure();
  EXPECT_TRUE(login.done());
}

TEST(Login, WritesNamesSoThatTheirCommasDoNotEndThem) {
  const LoginSettings scram = settings(LoginMechanism::scram_sha_512, "a=b,c");
  Login login(scram, std::string(nonce));
  std::string frame;
  login.write_request(frame);
  EXPECT_NE(frame.find("SCRAM-SHA-512"), std::string::npos);
  ASSERT_TRUE(login.take_answer(handshake_answer(0)));
  login.write_request(frame);
  EXPECT_EQ(carried(frame), "n,,n=a=3Db=2Cc,r=" + std::string(nonce));
}

TEST(Login, MakesUpANonceOfItsOwnEachTime) {
  const LoginSettings scram = settings(LoginMechanism::scram_sha_256);
  std::string frames[2];
  for (std::string& frame : frames) {
    Login login(scram);
    login.write_request(frame);
    ASSERT_TRUE(login.take_answer(handshake_answer(0)));
    login.write_request(frame);
  }
  EXPECT_NE(frames[0], frames[1]);
  EXPECT_GT(carried(frames[0]).size(), 40U);
}

TEST(Login, TrustsNoBrokerThatDoesNotKnowThePassword) {
  const LoginSettings scram = settings(LoginMechanism::scram_sha_256);
  for (const std::string_view last : {"v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=", "v=", "v=AAAA", "e=other-error", ""}) {
    Login login(scram, std::string(nonce));
    talk(login);
    EXPECT_FALSE(login.take_answer(answer_with(3, last))) << last;
    EXPECT_FALSE(login.done());
  }
}

TEST(Login, GoesOnWithNothingThatItDoesNotUnderstand) {
  const LoginSettings scram = settings(LoginMechanism::scram_sha_256);
  for (const std::string_view first : {
           "r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",          // nothing of the broker's in the nonce
           "r=another,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",                       // another's nonce
           "r=rOprNGfwEbeRWgbNEkqO%x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1",           // a weak one
           "r=rOprNGfwEbeRWgbNEkqO%x,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=2000000000",  // one that would take for ever
           "r=rOprNGfwEbeRWgbNEkqO%x,s=!!!,i=4096",
           "r=rOprNGfwEbeRWgbNEkqO%x",
           "",
       }) {
    Login login(scram, std::string(nonce));
    EXPECT_EQ(talk(login, first), "") << first;
    EXPECT_NE(login.failure(), "");
  }
}

TEST(Login, SaysWhatTheBrokerSays) {
  const LoginSettings plain = settings(LoginMechanism::plain);
  Login refused(plain);
  std::string frame;
  refused.write_request(frame);
  EXPECT_FALSE(refused.take_answer(handshake_answer(33)));
  EXPECT_EQ(refused.failure(), "the login fails: the broker does not offer PLAIN: UNSUPPORTED_SASL_MECHANISM (33)");

  Login wrong(plain);
  wrong.write_request(frame);
  ASSERT_TRUE(wrong.take_answer(handshake_answer(0)));
  wrong.write_request(frame);
  EXPECT_FALSE(wrong.take_answer(answer_with(2, "", 58, "Invalid username or password")));
  EXPECT_EQ(wrong.failure(), "the login fails: Invalid username or password");

  Login cut(plain);
  cut.write_request(frame);
  EXPECT_FALSE(cut.take_answer(handshake_answer(0).substr(0, 5)));
}

}  // namespace
}  // namespace weir::wire
