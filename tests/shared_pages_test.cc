// Buffers that share large pages are as good as others: zero, aligned, apart, and alive as long as
// they are held.
#include "base/shared_pages.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace integra {
namespace {

bool IsFilledWith(const AlignedBuffer& buffer, std::byte value) {
  return std::all_of(buffer.data(), buffer.data() + buffer.size(),
                     [=](std::byte b) { return b == value; });
}

TEST_CASE("shared pages: buffers are zero, aligned, apart, and outlive the pages' owner") {
  for (const size_t expected : {size_t{0}, size_t{100}, size_t{2} << 20, size_t{5} << 20}) {
    CAPTURE(expected);
    std::vector<AlignedBuffer> buffers;
    {
      SharedPages pages;
      const SharedPages::Use use(pages, expected);
      // More than was expected.
      for (size_t i = 0; i < 100; ++i) {
        buffers.emplace_back(i * 1700);
        CHECK(reinterpret_cast<uintptr_t>(buffers.back().data()) % kAlignment == 0);
        CHECK(IsFilledWith(buffers.back(), std::byte{0}));
        std::fill_n(buffers.back().data(), buffers.back().size(), static_cast<std::byte>(i));
      }
    }
    for (size_t i = 0; i < buffers.size(); ++i) {
      CHECK(IsFilledWith(buffers[i], static_cast<std::byte>(i)));
    }
  }
}

TEST_CASE("shared pages: only where they are in use, innermost first") {
  SharedPages outer, inner;
  const AlignedBuffer before(1000);
  const SharedPages::Use use(outer, 4 << 20);
  const AlignedBuffer a(1000);
  {
    const SharedPages::Use use_inner(inner, 4 << 20);
    const AlignedBuffer elsewhere(1000);
    CHECK(elsewhere.data() != nullptr);
  }
  const AlignedBuffer b(1000);
#ifndef INTEGRA_SANITIZED
  CHECK(b.data() == a.data() + AlignUp(a.size() + kReadPadding));
#endif
}

}  // namespace
}  // namespace integra
