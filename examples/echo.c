/* Repeats the input of its console, line by line and in capitals, until ^D. */
#include "guest.h"

#define READ_EVENT_DATA 0x00770005
#define WRITE_EVENT_MASK 0x00780005
#define MASK_ASCII_CONSOLE 0x00000040
#define END_OF_INPUT 0x04
/* Bit of the parameter of a service signal: there are events to read. */
#define EVENTS_PENDING 1

struct write_mask {
  uint16_t length;
  uint8_t function, control[3];
  uint16_t response, reserved, mask_length;
  uint32_t receive, send, sclp_receive, sclp_send;
};

struct read_data {
  uint16_t length;
  uint8_t function, control[3];
  uint16_t response;
  uint16_t event_length;
  uint8_t type, flags;
  uint16_t reserved;
  /* The first byte is the kind of data: 0 for text. */
  char data[];
};

/* A page of its own, because printing uses the other one. */
static uint8_t page[PAGE] __attribute__((aligned(PAGE)));

static void listen(void) {
  struct write_mask *mask = (struct write_mask *)page;
  mask->length = sizeof *mask;
  mask->mask_length = 4;
  mask->receive = mask->send = MASK_ASCII_CONSOLE;
  sclp(WRITE_EVENT_MASK, mask);
}

/* Waits for input and reads it. Returns the number of characters. */
static uint32_t read(const char **text) {
  struct read_data *read = (struct read_data *)page;
  for (;;) {
    for (uint32_t i = 0; i < sizeof *read; i++) page[i] = 0;
    read->length = PAGE;
    if (sclp(READ_EVENT_DATA, read) == 0x0020) break;
    /* One signal tells both that the command has ended and that input has come since: there is no second one to wait for. */
    if ((lowcore.external_parameter & EVENTS_PENDING) == 0) wait_external(SUBCLASS_SERVICE);
  }
  *text = read->data + 1;
  return read->event_length - 6 - 1;
}

int main(const char *arguments) {
  (void)arguments;
  print("Type something; ^D ends.\n");
  listen();
  for (;;) {
    const char *text;
    uint32_t count = read(&text);
    for (uint32_t i = 0; i < count; i++) {
      char c = text[i];
      if (c == END_OF_INPUT) {
        print("bye\n");
        return 0;
      }
      print("%c", c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c == '\r' ? '\n' : c);
    }
  }
}
