/* The console of the example guests, and their messages on unexpected interruptions. */
#include "guest.h"

#define WRITE_EVENT_DATA 0x00760005
#define WRITE_EVENT_MASK 0x00780005
#define EVENT_ASCII_CONSOLE 0x1a
#define MASK_ASCII_CONSOLE 0x00000040

struct sccb_header {
  uint16_t length;
  uint8_t function;
  uint8_t control[3];
  uint16_t response;
};

struct write_mask {
  struct sccb_header header;
  uint16_t reserved;
  uint16_t mask_length;
  uint32_t receive;
  uint32_t send;
  uint32_t sclp_receive;
  uint32_t sclp_send;
};

struct write_data {
  struct sccb_header header;
  uint16_t length;
  uint8_t type;
  uint8_t flags;
  uint16_t reserved;
  char text[120];
};

uint8_t sccb[PAGE] __attribute__((aligned(PAGE)));

static char line[sizeof(((struct write_data *)0)->text)];
static uint32_t used;

/* The compiler may generate calls of these two functions. */
void *memset(void *to, int value, uint64_t length) {
  for (uint64_t i = 0; i < length; i++) ((uint8_t *)to)[i] = value;
  return to;
}

void *memcpy(void *to, const void *from, uint64_t length) {
  for (uint64_t i = 0; i < length; i++) ((uint8_t *)to)[i] = ((const uint8_t *)from)[i];
  return to;
}

uint16_t sclp(uint32_t command, void *block) {
  struct sccb_header *header = block;
  int cc;
  while ((cc = service_call(command, (uint64_t)block)) == 2) {
    /* Busy with the previous command. */
  }
  if (cc != 0) return 0;
  while (wait_external(SUBCLASS_SERVICE) != EXTERNAL_SERVICE) {
  }
  return ((volatile struct sccb_header *)header)->response;
}

static void open_console(void) {
  static int open;
  if (open) return;
  open = 1;
  struct write_mask *mask = (struct write_mask *)sccb;
  memset(mask, 0, sizeof *mask);
  mask->header.length = sizeof *mask;
  mask->mask_length = 4;
  mask->send = MASK_ASCII_CONSOLE;
  sclp(WRITE_EVENT_MASK, mask);
}

static void flush(void) {
  if (used == 0) return;
  open_console();
  struct write_data *data = (struct write_data *)sccb;
  uint16_t length = sizeof *data - sizeof data->text + used;
  memset(data, 0, sizeof *data - sizeof data->text);
  data->header.length = length;
  data->length = length - sizeof data->header;
  data->type = EVENT_ASCII_CONSOLE;
  memcpy(data->text, line, used);
  used = 0;
  sclp(WRITE_EVENT_DATA, data);
}

static void put(char c) {
  line[used++] = c;
  if (c == '\n' || used == sizeof line) flush();
}

static void put_number(uint64_t value, uint32_t base) {
  char digits[20];
  int count = 0;
  do {
    digits[count++] = "0123456789abcdef"[value % base];
    value /= base;
  } while (value != 0);
  while (count > 0) put(digits[--count]);
}

void print(const char *format, ...) {
  __builtin_va_list list;
  __builtin_va_start(list, format);
  for (; *format; format++) {
    if (*format != '%') {
      put(*format);
      continue;
    }
    int is_long = *++format == 'l';
    if (is_long) format++;
    switch (*format) {
      case 's':
        for (const char *s = __builtin_va_arg(list, const char *); *s; s++) put(*s);
        break;
      case 'c':
        put(__builtin_va_arg(list, int));
        break;
      case 'd': {
        int value = __builtin_va_arg(list, int);
        if (value < 0) put('-');
        put_number(value < 0 ? -(uint64_t)value : (uint64_t)value, 10);
        break;
      }
      case 'u':
      case 'x': {
        uint64_t value = is_long ? __builtin_va_arg(list, uint64_t) : __builtin_va_arg(list, uint32_t);
        put_number(value, *format == 'u' ? 10 : 16);
        break;
      }
      default:
        put(*format);
    }
  }
  __builtin_va_end(list);
}

void report_program(void) {
  uint16_t code = lowcore.program_code;
  uint64_t address = lowcore.program_old.address;
  lowcore.program_new.mask = psw_mask;
  print("unexpected program interruption 0x%x, old PSW address 0x%lx\n", code, address);
  stop(0x1000 | code);
}

void report_external(void) {
  uint16_t code = lowcore.external_code;
  print("unexpected external interruption 0x%x\n", code);
  stop(0x2000);
}
