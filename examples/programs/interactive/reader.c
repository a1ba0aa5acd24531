/* Reads lines and prints them, until the end of its input: for tests of signals and terminals. Its argument says what it does with signals. */
#include "program.h"

#include <asm/ioctls.h>
#include <asm/termios.h>

static char line[256];

static void told(int signal) { print("signal %d\n", (long)signal); }

int main(int argc, char **argv) {
  void *handler = argc < 2 ? SIG_DFL : same(argv[1], "handle") ? (void *)told : same(argv[1], "ignore") ? SIG_IGN : SIG_DFL;
  if (handler != SIG_DFL)
    for (int signal = SIGHUP; signal <= SIGTERM; signal++)
      if (signal == SIGHUP || signal == SIGINT || signal == SIGTERM || signal == SIGWINCH) handle(signal, handler, 0, 0);
  struct winsize size = {0, 0, 0, 0};
  if (call(__NR_ioctl, 0, TIOCGWINSZ, &size) == 0) print("a terminal of %d columns and %d rows\n", (long)size.ws_col, (long)size.ws_row);
  print("ready\n");
  for (;;) {
    long length = call(__NR_read, 0, line, sizeof line - 1);
    if (length == -EINTR) continue;
    if (length <= 0) break;
    line[length] = 0;
    print("read: %s", line);
  }
  print("the end\n");
  return 7;
}
