#include "tests/integer_only/disassembly.h"

#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <regex>
#include <stdexcept>

namespace integra::test {
namespace {

std::vector<std::string> LinesOf(const std::string& command) {
  std::FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("cannot start: " + command);
  std::vector<std::string> lines;
  char* line = nullptr;
  size_t capacity = 0;
  for (ssize_t length; (length = ::getline(&line, &capacity, pipe)) > 0;) {
    if (line[length - 1] == '\n') --length;
    lines.emplace_back(line, static_cast<size_t>(length));
  }
  std::free(line);
  if (::pclose(pipe) != 0) throw std::runtime_error("failed: " + command);
  return lines;
}

// "  1c:\tvaddps %ymm0,%ymm1,%ymm2" -> the part after the last tab that is not empty.
bool ParseInstruction(const std::string& line, std::string* address, std::string* text) {
  const size_t colon = line.find(":\t");
  if (colon == std::string::npos) return false;
  *address = line.substr(line.find_first_not_of(' '), colon - line.find_first_not_of(' '));
  *text = line.substr(colon + 2);
  return true;
}

}  // namespace

bool IsFloatingPoint(std::string_view instruction) {
  static const std::regex kPrefix(
      "^((rep|repz|repnz|lock|notrack|bnd|data16|cs|ds|es|fs|gs|ss) )+");
  static const std::regex kFloating(
      "v?(add|sub|mul|div|sqrt|min|max|rcp|rsqrt|rcp14|rsqrt14|rcp28|rsqrt28|dp|hadd|hsub|addsub|"
      "round|rndscale|scalef|getexp|getmant|reduce|range|fixupimm|exp2|comi|ucomi|cmp\\w*|fpclass)"
      "[sp][sdh][xyz]?"
      "|vf\\w*[sp][sdh]"                  // fused multiply-add, complex multiply
      "|v?cvt\\w+"                        // conversions
      "|v?dpbf16ps|tdp\\w*(bf16|fp16)ps"  // bfloat16 and half products
      "|f[a-z]\\w*");                     // x87
  const std::string text = std::regex_replace(std::string(instruction), kPrefix, "");
  const std::string mnemonic = text.substr(0, text.find_first_of(" \t"));
  if (mnemonic.empty()) return false;
  // The string instruction cmpsd has no register operand in %xmm.
  if (mnemonic == "fxsave" || mnemonic == "fxrstor" || mnemonic == "fs") return false;
  return std::regex_match(mnemonic, kFloating);
}

std::vector<Instruction> Disassemble(const std::filesystem::path& object) {
  std::vector<Instruction> instructions;
  std::string function, address, text;
  for (const std::string& line :
       LinesOf("objdump -d -C --no-show-raw-insn '" + object.string() + "'")) {
    if (line.ends_with(">:")) {
      function = line.substr(line.find('<') + 1);
      function.resize(function.size() - 2);
    } else if (ParseInstruction(line, &address, &text)) {
      instructions.push_back({function, text});
    }
  }
  return instructions;
}

std::vector<Instruction> DisassembleRaw(const std::filesystem::path& file) {
  std::vector<Instruction> instructions;
  std::string address, text;
  for (const std::string& line :
       LinesOf("objdump -D -b binary -m i386:x86-64 --no-show-raw-insn '" + file.string() + "'")) {
    if (ParseInstruction(line, &address, &text)) instructions.push_back({"", text});
  }
  return instructions;
}

std::vector<Instruction> DisassembleEach(std::span<const std::string> blocks) {
  // Each block is followed by enough one-byte nops for the disassembler to fall into step again.
  constexpr size_t kSlot = 64;
  constexpr char kNop = '\x90';
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("integra_code_" + std::to_string(::getpid()));
  {
    std::ofstream out(file, std::ios::binary);
    for (const std::string& block : blocks) {
      std::string slot = block.substr(0, kSlot / 2);
      slot.resize(kSlot, kNop);
      out << slot;
    }
  }
  std::vector<Instruction> instructions;
  std::string address, text;
  for (const std::string& line :
       LinesOf("objdump -D -b binary -m i386:x86-64 --no-show-raw-insn '" + file.string() + "'")) {
    if (!ParseInstruction(line, &address, &text)) continue;
    if (std::stoull(address, nullptr, 16) % kSlot == 0) instructions.push_back({"", text});
  }
  std::filesystem::remove(file);
  if (instructions.size() != blocks.size()) throw std::runtime_error("objdump lost instructions");
  return instructions;
}

namespace {

// Names of symbols of one type, as nm's manual has it.
std::vector<std::string> SymbolsOf(const std::filesystem::path& object, const std::string& type) {
  std::vector<std::string> names;
  for (const std::string& line : LinesOf("nm -C '" + object.string() + "'")) {
    const size_t start = line.find(" " + type + " ");
    if (start != std::string::npos) names.push_back(line.substr(start + 3));
  }
  return names;
}

}  // namespace

std::vector<std::string> UndefinedSymbols(const std::filesystem::path& object) {
  return SymbolsOf(object, "U");
}

std::vector<std::string> SharedFunctions(const std::filesystem::path& object) {
  return SymbolsOf(object, "W");
}

}  // namespace integra::test
