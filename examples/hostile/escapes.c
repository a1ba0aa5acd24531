/* Writes dangerous control sequences to its console: a title, the clipboard, queries that a terminal answers. */
#include "guest.h"

int main(const char *arguments) {
  (void)arguments;
  print("\033]0;title by the guest\007\033]52;c;cm0gLXJmIC8=\007\033[6n\033P$qm\033\\\033[?1049h");
  print("\302\235" "8-bit title\302\234");
  print("\033[31mhello\033[0m\n");
  return 0;
}
