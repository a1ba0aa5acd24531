/* Floating point: float, double and long double arithmetic, conversions, rounding, special numbers, and a trap. */
#include "guest.h"

typedef long double quad;

/* Prints a number with some significant digits. */
static void print_number(const char *name, quad value, int digits) {
  print("%s", name);
  if (value != value) {
    print("NaN\n");
    return;
  }
  if (__builtin_signbit(value)) {
    print("-");
    value = -value;
  }
  if (value > 0 && value + value == value) {
    print("infinity\n");
    return;
  }
  int exponent = 0;
  if (value != 0) {
    while (value >= 10) value /= 10, exponent++;
    while (value < 1) value *= 10, exponent--;
  }
  for (int i = 0; i < digits; i++) {
    int digit = (int)value;
    print(i == 1 ? ".%d" : "%d", digit);
    value = (value - digit) * 10;
  }
  if (exponent) print("e%d", exponent);
  print("\n");
}

static uint64_t bits(double value) {
  uint64_t result;
  __builtin_memcpy(&result, &value, sizeof result);
  return result;
}

/* The floating-point-control register: masks of the traps, flags, and the rounding mode. */
static inline void set_control(uint32_t value) {
  asm volatile("sfpc %0" : : "d"(value));
}

static inline uint32_t get_control(void) {
  uint32_t value;
  asm volatile("efpc %0" : "=d"(value) : : "memory");
  return value;
}

/* The compiler would call a library for negative numbers. */
static double square_root(double value) {
  double root;
  asm("sqdbr %0, %1" : "=f"(root) : "f"(value));
  return root;
}

/* Machin's formula: pi = 16 arctan(1/5) - 4 arctan(1/239). */
static quad arctan_of_inverse(int n) {
  quad power = 1.0L / n, sum = power;
  for (int i = 3; i < 120; i += 2) {
    power /= -(n * n);
    sum += power / i;
  }
  return sum;
}

static float harmonic_float(int n) {
  float sum = 0;
  for (int i = n; i > 0; i--) sum += 1.0f / i;
  return sum;
}

static double exponential(double x) {
  double sum = 1, term = 1;
  for (int i = 1; i < 30; i++) sum += term *= x / i;
  return sum;
}

/* Not part of main: its first instructions save floating-point registers. */
__attribute__((noinline)) static int calculate(void) {
  volatile double zero = 0, one = 1, three = 3, tiny = 0x1p-1022, huge = 0x1.fffffffffffffp+1023;
  print_number("pi, long double: ", 16 * arctan_of_inverse(5) - 4 * arctan_of_inverse(239), 34);
  print_number("e, double:       ", exponential(one), 16);
  print_number("1 + ... + 1/10000, float: ", harmonic_float(10000), 8);
  print_number("square root of 3:  ", square_root(three), 17);
  print_number("0.1 + 0.2:       ", zero + 0.1 + 0.2, 18);
  print("1/3: %lx\n", bits(one / three));
  for (uint32_t mode = 0; mode < 4; mode++) {
    set_control(mode);
    volatile double third = one / three;
    uint32_t flags = get_control() >> 16 & 0xff;
    print("1/3, rounding mode %u: %lx, flags %x\n", mode, bits(third), flags);
  }
  set_control(0);
  print("12345.678 as int: %d, -1e30 as long: %lx\n", (int)(one * 12345.678), (uint64_t)(long)(one * -1e30));
  print("2^64 - 1 as double: %lx\n", bits((double)(~0UL >> (int)zero)));
  print_number("0/0: ", zero / zero, 1);
  print_number("1/0: ", one / zero, 1);
  print_number("-1/0: ", -one / zero, 1);
  print_number("smallest number: ", tiny * 0x1p-52, 16);
  print_number("largest number:  ", huge, 17);
  print("flags: %x\n", get_control() >> 16 & 0xff);
  /* With the mask of division by zero the division ends with a data exception. */
  set_control(0x40000000);
  double quotient = 1, divisor = zero;
  struct trap trap = PROVOKE("ddbr %[quotient], %[divisor]", [quotient] "f"(quotient), [divisor] "f"(divisor));
  set_control(0);
  print("1/0 with a trap: program interruption 0x%x, data-exception code 0x%x\n", trap.code, trap.data_code);
  return 0;
}

int main(const char *arguments) {
  (void)arguments;
  enable_floating_point();
  return calculate();
}
