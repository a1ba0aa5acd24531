/* The smallest guest with output: a greeting, and its command line. */
#include "guest.h"

int main(const char *arguments) {
  print("Hello from a guest!\n");
  if (*arguments) print("arguments: %s\n", arguments);
  else print("no arguments\n");
  return 0;
}
