/* The smallest guest that says something: a greeting, and the command line that it was given. */
#include "guest.h"

int main(const char *arguments) {
  print("Hello from a guest!\n");
  if (*arguments) print("arguments: %s\n", arguments);
  else print("no arguments\n");
  return 0;
}
