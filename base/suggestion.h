// "Did you mean ...?" for names that a user mistyped.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace integra {

// "; did you mean 'stride'?" where one of `candidates` is close to `name` (at most a third of its
// letters differ), "" where none is. Append it to a message.
std::string DidYouMean(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace integra
