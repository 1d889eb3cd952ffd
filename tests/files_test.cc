// Reading and writing files: MappedFile, AtomicFile, checksums, and spelling suggestions.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/mapped_file.h"
#include "base/suggestion.h"
#include "base/xxhash64.h"
#include "tests/support/temporary_folder.h"

namespace integra::test {
namespace {

constexpr uint64_t kLimit = 1 << 20;

size_t FilesIn(const std::filesystem::path& folder) {
  return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

template <typename F>
std::string MessageOf(ErrorCode code, const F& f) {
  try {
    f();
  } catch (const Error& error) {
    CHECK(error.code() == code);
    return error.what();
  }
  return "";
}

TEST_CASE("mapped file: content, empty files, size limit") {
  const TemporaryFolder folder;
  CHECK(MappedFile::Open(folder.Write("a", "hello"), kLimit)->text() == "hello");
  CHECK(MappedFile::Open(folder.Write("b", ""), kLimit)->bytes().empty());
  CHECK(MessageOf(ErrorCode::kInvalidFile, [&] {
          MappedFile::Open(folder / "a", 4);
        }).find("more than the limit") != std::string::npos);
  CHECK(MessageOf(ErrorCode::kInvalidFile, [&] {
          MappedFile::Open(folder / "none", kLimit);
        }).find("No such file") != std::string::npos);
}

TEST_CASE("checklist 10: only regular files are opened, and nothing waits for a pipe") {
  const TemporaryFolder folder;
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  const auto refused = [](const std::filesystem::path& path) {
    return MessageOf(ErrorCode::kInvalidFile, [&] { MappedFile::Open(path, kLimit); });
  };
  CHECK(refused(folder / "pipe").find("a pipe") != std::string::npos);
  CHECK(refused(folder.path()).find("a folder") != std::string::npos);
  CHECK(refused("/dev/zero").find("a device") != std::string::npos);
  std::filesystem::create_symlink("loop", folder / "loop");
  CHECK(refused(folder / "loop").find("Too many levels") != std::string::npos);
  CHECK(refused(folder.Write("a", "") / "b").find("Not a directory") != std::string::npos);
  CHECK(refused(folder / std::string(300, 'n')).find("name too long") != std::string::npos);
}

TEST_CASE("checklist 11: too many open files are the system's fault, not the file's") {
  const TemporaryFolder folder;
  const auto path = folder.Write("a", "hello");
  rlimit limit = {};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  const rlimit none = {.rlim_cur = 0, .rlim_max = limit.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &none) == 0);
  const std::string message =
      MessageOf(ErrorCode::kSystem, [&] { MappedFile::Open(path, kLimit); });
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
  CHECK(message.find("a: cannot be opened: Too many open files") != std::string::npos);
}

TEST_CASE("checklist 10: files that another file names stay inside of its folder") {
  const TemporaryFolder outside;
  const TemporaryFolder folder;
  outside.Write("secret", "x");
  folder.Write("inner", "in");
  std::filesystem::create_directory(folder / "sub");
  folder.Write("sub/deep", "deep");
  std::filesystem::create_symlink(outside / "secret", folder / "link");
  std::filesystem::create_symlink(outside.path(), folder / "linked");
  std::filesystem::create_symlink("inner", folder / "alias");
  std::filesystem::create_symlink("loop", folder / "loop");
  const auto open = [&](const std::string& name) {
    return std::string(MappedFile::OpenInside(folder.path(), name, kLimit)->text());
  };
  CHECK(open("inner") == "in");
  CHECK(open("sub/deep") == "deep");
  CHECK(open("alias") == "in");  // a link that stays inside
  const auto refusal = [&](const std::string& name) {
    std::string message = MessageOf(ErrorCode::kInvalidFile, [&] { open(name); });
    CAPTURE(name);
    CHECK(message != "");
    return message;
  };
  CHECK(refusal("link").find("leads out of its folder") != std::string::npos);
  CHECK(refusal("linked/secret").find("leads out of its folder") != std::string::npos);
  for (const std::string& name :
       {std::string("../x"), std::string("sub/../inner"), std::string("/etc/passwd"),
        (folder / "inner").string(), std::string(""), std::string("loop"), std::string("absent"),
        std::string("inner/below"), std::string(5000, 'n'), std::string("."),
        std::string("inner\0.json", 11)}) {
    refusal(name);
  }
}

TEST_CASE("atomic file: replaces, keeps the old file without Commit(), leaves no temporary file") {
  const TemporaryFolder folder;
  const auto path = folder.Write("f", "old");
  {
    AtomicFile file(path);
    file.Write("half");
    CHECK(ReadText(path) == "old");
  }
  CHECK(ReadText(path) == "old");
  CHECK(FilesIn(folder.path()) == 1);
  AtomicFile file(path);
  const std::string large(300000, 'x');
  file.Write("new");
  file.Write(large);
  file.Commit();
  CHECK(ReadText(path) == "new" + large);
  CHECK(FilesIn(folder.path()) == 1);
}

TEST_CASE("atomic file: pieces of any size, across its blocks of 1 MB") {
  const TemporaryFolder folder;
  std::string expected;
  {
    AtomicFile file(folder / "a");
    for (const size_t size : {1, 1 << 20, 0, (1 << 20) - 2, 1, 1, 5 << 20, 77777, 1 << 21, 3}) {
      const std::string piece(size, static_cast<char>('a' + expected.size() % 26));
      file.Write(piece);
      expected += piece;
    }
    file.Commit();
  }
  CHECK(MappedFile::Open(folder / "a", uint64_t{1} << 30)->text() == expected);
}

TEST_CASE("atomic file: follows a link and keeps the permissions of the file behind it") {
  const TemporaryFolder folder;
  const auto target = folder.Write("target", "old");
  std::filesystem::permissions(target, std::filesystem::perms(0640));
  std::filesystem::create_symlink("target", folder / "link");
  AtomicFile file(folder / "link");
  file.Write("new");
  file.Commit();
  CHECK(std::filesystem::is_symlink(folder / "link"));
  CHECK(ReadText(target) == "new");
  CHECK(std::filesystem::status(target).permissions() == std::filesystem::perms(0640));
}

TEST_CASE("checklist 11: writing where it is not possible names the file and the reason") {
  const TemporaryFolder folder;
  const auto refusal = [](const std::filesystem::path& path) {
    return MessageOf(ErrorCode::kSystem, [&] {
      AtomicFile file(path);
      file.Write("text");
      file.Commit();
    });
  };
  CHECK(refusal(folder / "no/such/folder").find("No such file") != std::string::npos);
  CHECK(refusal(folder.path()).find("is a folder") != std::string::npos);
  CHECK(refusal("/dev/full").find("No space left") != std::string::npos);
  if (::geteuid() != 0) {  // root may write anywhere
    std::filesystem::permissions(folder.path(), std::filesystem::perms(0500));
    CHECK(refusal(folder / "f").find("Permission denied") != std::string::npos);
    std::filesystem::permissions(folder.path(), std::filesystem::perms(0700));
  }
}

TEST_CASE("checklist 11: a disk that fills up leaves the old file and no temporary one") {
  const TemporaryFolder folder;
  const auto path = folder.Write("f", "old");
  const pid_t child = ::fork();  // the limit would hold for the other tests, too
  REQUIRE(child >= 0);
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{1000, 1000};
    int exit_code = 1;
    if (::setrlimit(RLIMIT_FSIZE, &limit) == 0) {
      try {
        AtomicFile file(path);
        file.Write(std::string(5000, 'x'));
        file.Commit();
      } catch (const Error& error) {
        exit_code = error.code() == ErrorCode::kSystem ? 0 : 2;
      }
    }
    ::_exit(exit_code);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(ReadText(path) == "old");
  CHECK(FilesIn(folder.path()) == 1);
}

TEST_CASE("XXH64 equals the published test vectors, however the bytes arrive") {
  const auto hash = [](std::string_view text) { return Xxhash64(std::as_bytes(std::span(text))); };
  CHECK(hash("") == 0xEF46DB3751D8E999);
  CHECK(hash("a") == 0xD24EC4F1A98C6E5B);
  CHECK(hash("abc") == 0x44BC2CF5AD770999);
  CHECK(hash("Nobody inspects the spammish repetition") == 0xFBCEA83C8A378BF1);
  CHECK(Xxhash64Text(0x0123456789ABCDEF) == "0123456789abcdef");
  std::string text(1000, '\0');
  for (size_t i = 0; i < text.size(); ++i) text[i] = static_cast<char>(i * i);
  const auto bytes = std::as_bytes(std::span(text));
  for (size_t step = 1; step < 70; ++step) {
    Xxhash64Stream stream;
    for (size_t at = 0; at < bytes.size(); at += step) {
      stream.Update(bytes.subspan(at, std::min(step, bytes.size() - at)));
    }
    CHECK(stream.Digest() == hash(text));
  }
}

TEST_CASE("suggestions: near names only") {
  const std::vector<std::string> names = {"stride", "dilation", "padding"};
  CHECK(DidYouMean("strides", names) == "; did you mean 'stride'?");
  CHECK(DidYouMean("srtide", names) == "; did you mean 'stride'?");
  CHECK(DidYouMean("pading", names) == "; did you mean 'padding'?");
  CHECK(DidYouMean("activation", names).empty());
  CHECK(DidYouMean("", names).empty());
  CHECK(DidYouMean(std::string(100000, 'x'), names).empty());
}

}  // namespace
}  // namespace integra::test
