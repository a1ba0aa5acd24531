/* Output and what the compiler needs, for the example programs. */
#include "program.h"

#include <stdarg.h>

#ifdef __PIE__
#include <elf.h>
extern const Elf64_Dyn _DYNAMIC[] __attribute__((visibility("hidden")));
extern const char __ehdr_start[] __attribute__((visibility("hidden")));

/* A position-independent program without a dynamic linker relocates itself. */
static void relocate(void) {
  uint64_t base = (uint64_t)__ehdr_start;
  const Elf64_Rela *relocation = NULL;
  uint64_t size = 0;
  for (const Elf64_Dyn *entry = _DYNAMIC; entry->d_tag != DT_NULL; entry++) {
    if (entry->d_tag == DT_RELA) relocation = (const Elf64_Rela *)(base + entry->d_un.d_ptr);
    if (entry->d_tag == DT_RELASZ) size = entry->d_un.d_val;
  }
  for (uint64_t i = 0; i < size / sizeof *relocation; i++) {
    if (ELF64_R_TYPE(relocation[i].r_info) != R_390_RELATIVE) call(__NR_exit_group, 127);
    *(uint64_t *)(base + relocation[i].r_offset) = base + relocation[i].r_addend;
  }
}
#else
static void relocate(void) {}
#endif

void start(long *stack) {
  relocate();
  int argc = (int)stack[0];
  char **argv = (char **)(stack + 1);
  exit(main(argc, argv, argv + argc + 1));
}

void exit(int code) {
  for (;;) call(__NR_exit_group, code);
}

uint64_t length_of(const char *text) {
  uint64_t length = 0;
  while (text[length]) length++;
  return length;
}

int same(const char *one, const char *other) {
  while (*one && *one == *other) one++, other++;
  return *one == *other;
}

void *memset(void *to, int value, uint64_t length) {
  for (uint64_t i = 0; i < length; i++) ((volatile uint8_t *)to)[i] = (uint8_t)value;
  return to;
}

void *memcpy(void *to, const void *from, uint64_t length) {
  for (uint64_t i = 0; i < length; i++) ((volatile uint8_t *)to)[i] = ((const uint8_t *)from)[i];
  return to;
}

int memcmp(const void *one, const void *other, uint64_t length) {
  const uint8_t *a = one, *b = other;
  for (uint64_t i = 0; i < length; i++)
    if (a[i] != b[i]) return a[i] - b[i];
  return 0;
}

static const struct {
  short number;
  char name[14];
} errors[] = {
#define ERROR(name) {name, #name}
  ERROR(EPERM), ERROR(ENOENT), ERROR(ESRCH), ERROR(EINTR), ERROR(EIO), ERROR(ENXIO), ERROR(E2BIG), ERROR(ENOEXEC),
  ERROR(EBADF), ERROR(ECHILD), ERROR(EAGAIN), ERROR(ENOMEM), ERROR(EACCES), ERROR(EFAULT), ERROR(EBUSY), ERROR(EEXIST),
  ERROR(EXDEV), ERROR(ENODEV), ERROR(ENOTDIR), ERROR(EISDIR), ERROR(EINVAL), ERROR(ENFILE), ERROR(EMFILE), ERROR(ENOTTY),
  ERROR(EFBIG), ERROR(ENOSPC), ERROR(ESPIPE), ERROR(EROFS), ERROR(EMLINK), ERROR(EPIPE), ERROR(ERANGE), ERROR(EDEADLK),
  ERROR(ENAMETOOLONG), ERROR(ENOSYS), ERROR(ENOTEMPTY), ERROR(ELOOP), ERROR(EOVERFLOW), ERROR(ETIMEDOUT),
};

struct buffer {
  char text[1024];
  uint64_t used;
};

static void add(struct buffer *out, const char *text) {
  while (*text && out->used < sizeof out->text) out->text[out->used++] = *text++;
}

static void add_number(struct buffer *out, uint64_t value, int base) {
  char digits[24];
  int at = sizeof digits - 1;
  digits[at] = 0;
  do digits[--at] = "0123456789abcdef"[value % base];
  while ((value /= base) != 0);
  add(out, digits + at);
}

static void add_signed(struct buffer *out, long value) {
  if (value < 0) add(out, "-");
  add_number(out, value < 0 ? -(uint64_t)value : (uint64_t)value, 10);
}

static void add_result(struct buffer *out, long value) {
  for (uint64_t i = 0; i < LENGTH(errors); i++)
    if (value == -errors[i].number) {
      add(out, errors[i].name);
      return;
    }
  add_signed(out, value);
}

void print(const char *format, ...) {
  struct buffer out;
  out.used = 0;
  va_list arguments;
  va_start(arguments, format);
  for (; *format; format++) {
    char one[2] = {*format, 0};
    if (*format != '%') {
      add(&out, one);
      continue;
    }
    switch (*++format) {
      case 'd': add_signed(&out, va_arg(arguments, long)); break;
      case 'u': add_number(&out, va_arg(arguments, uint64_t), 10); break;
      case 'x': add_number(&out, va_arg(arguments, uint64_t), 16); break;
      case 'e': add_result(&out, va_arg(arguments, long)); break;
      case 's': add(&out, va_arg(arguments, const char *)); break;
      case 'c': one[0] = (char)va_arg(arguments, long); add(&out, one); break;
      default: add(&out, "%");
    }
  }
  va_end(arguments);
  call(__NR_write, 1, out.text, out.used);
}

long clone_to(long (*action)(void *), void *argument, void *top, unsigned long flags, int *parent, int *child, void *tls) {
  void **stack = (void **)((uint64_t)top & ~15UL) - 2;
  stack[0] = (void *)action;
  stack[1] = argument;
  return start_thread(stack, flags, parent, child, tls);
}

struct kernel_sigaction {
  void *handler;
  unsigned long flags;
  void *restorer;
  uint64_t mask;
};

long handle(int signal, void *handler, unsigned long flags, uint64_t mask) {
  struct kernel_sigaction action = {handler, flags, NULL, mask};
  return call(__NR_rt_sigaction, signal, &action, NULL, 8);
}

uint64_t block(uint64_t set) {
  uint64_t old = 0;
  call(__NR_rt_sigprocmask, SIG_SETMASK, &set, &old, 8);
  return old;
}

void pause_for(long milliseconds) {
  struct { long seconds, nanoseconds; } time = {milliseconds / 1000, milliseconds % 1000 * 1000000};
  call(__NR_nanosleep, &time, NULL);
}
