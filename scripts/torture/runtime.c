/*
 * What the test programs need of a C library: strings, memory, and output that goes nowhere. A program that needs more does not link, and
 * is left out.
 */
#include <stdarg.h>
#include <stddef.h>

void exit(int status) __attribute__((noreturn));
void abort(void) __attribute__((noreturn));

void *memcpy(void *to, const void *from, size_t n) {
  unsigned char *t = to;
  const unsigned char *f = from;
  while (n--) *t++ = *f++;
  return to;
}

void *memmove(void *to, const void *from, size_t n) {
  unsigned char *t = to;
  const unsigned char *f = from;
  if (t <= f) return memcpy(to, from, n);
  while (n--) t[n] = f[n];
  return to;
}

void *mempcpy(void *to, const void *from, size_t n) { return (char *)memcpy(to, from, n) + n; }

void *memset(void *to, int byte, size_t n) {
  unsigned char *t = to;
  while (n--) *t++ = byte;
  return to;
}

int memcmp(const void *a, const void *b, size_t n) {
  const unsigned char *x = a, *y = b;
  for (; n--; x++, y++)
    if (*x != *y) return *x - *y;
  return 0;
}

void *memchr(const void *a, int byte, size_t n) {
  const unsigned char *x = a;
  for (; n--; x++)
    if (*x == (unsigned char)byte) return (void *)x;
  return 0;
}

size_t strlen(const char *s) {
  size_t n = 0;
  while (s[n]) n++;
  return n;
}

size_t strnlen(const char *s, size_t most) {
  size_t n = 0;
  while (n < most && s[n]) n++;
  return n;
}

int strncmp(const char *a, const char *b, size_t n) {
  for (; n--; a++, b++) {
    if (*a != *b) return (unsigned char)*a - (unsigned char)*b;
    if (!*a) return 0;
  }
  return 0;
}

int strcmp(const char *a, const char *b) { return strncmp(a, b, (size_t)-1); }

char *strcpy(char *to, const char *from) { return memcpy(to, from, strlen(from) + 1); }

char *stpcpy(char *to, const char *from) { return strcpy(to, from) + strlen(from); }

char *strncpy(char *to, const char *from, size_t n) {
  size_t length = strnlen(from, n);
  memset(to + length, 0, n - length);
  return memcpy(to, from, length);
}

char *strcat(char *to, const char *from) {
  strcpy(to + strlen(to), from);
  return to;
}

char *strncat(char *to, const char *from, size_t n) {
  size_t length = strnlen(from, n), end = strlen(to);
  memcpy(to + end, from, length);
  to[end + length] = 0;
  return to;
}

char *strchr(const char *s, int c) {
  for (;; s++) {
    if (*s == (char)c) return (char *)s;
    if (!*s) return 0;
  }
}

char *strrchr(const char *s, int c) {
  char *found = 0;
  for (;; s++) {
    if (*s == (char)c) found = (char *)s;
    if (!*s) return found;
  }
}

char *strstr(const char *s, const char *part) {
  size_t n = strlen(part);
  for (;; s++) {
    if (!strncmp(s, part, n)) return (char *)s;
    if (!*s) return 0;
  }
}

int abs(int n) { return n < 0 ? -n : n; }
long labs(long n) { return n < 0 ? -n : n; }
int isprint(int c) { return c >= ' ' && c < 127; }
int isdigit(int c) { return c >= '0' && c <= '9'; }

/* The heap grows and is never freed. Each block has its size in front of it. */
extern char heap_start[];
static char *heap = heap_start;
#define HEAP_END ((char *)0x7000000)

void *malloc(size_t n) {
  n = (n + 31) & ~15ul;
  if (n > (size_t)(HEAP_END - heap)) return 0;
  size_t *block = (size_t *)heap;
  heap += n;
  *block = n - 16;
  return block + 2;
}

void free(void *block) { (void)block; }

void *calloc(size_t n, size_t size) {
  void *block = malloc(n * size);
  return block ? memset(block, 0, n * size) : 0;
}

void *realloc(void *old, size_t n) {
  void *block = malloc(n);
  if (!block || !old) return block;
  size_t before = ((size_t *)old)[-2];
  return memcpy(block, old, before < n ? before : n);
}

/* Output goes nowhere. The result is the number of characters of the formats that the programs check: none. */
int printf(const char *format, ...) { return (void)format, 0; }
int puts(const char *s) { return (void)s, 0; }
int putchar(int c) { return c; }

/* Some programs call these instead of abort and exit. */
void __assert_fail(const char *what, const char *file, unsigned line, const char *function) {
  (void)what, (void)file, (void)line, (void)function;
  abort();
}
