/* A greeting, the arguments and the environment. */
#include "program.h"

/* A table of addresses, which a position-independent program has to relocate. */
static const char *const kinds[] = {"argument", "environment"};

int main(int argc, char **argv, char **envp) {
  print("Hello from %s!\n", argv[0]);
  for (int i = 1; i < argc; i++) print("%s %d: %s\n", kinds[0], (long)i, argv[i]);
  for (int i = 0; envp[i]; i++) print("%s: %s\n", kinds[1], envp[i]);
  return 0;
}
