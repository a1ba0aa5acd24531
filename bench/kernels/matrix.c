/* Multiplication of matrices of 96 by 96 double-precision numbers: floating-point multiply and add. */
#include "kernel.h"

#define N 96

static double a[N][N], b[N][N], c[N][N];

static __attribute__((noinline)) int work(int last) {
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < N; j++) {
      a[i][j] = (i * 7 + j * 3) % 31 / 8.0 + 0.1;
      b[i][j] = (i * 5 + j * 11) % 29 / 16.0 - 0.3;
    }
  }
  for (int i = 0; i < N; i++) {
    for (int j = 0; j < N; j++) {
      double sum = 0;
      for (int k = 0; k < N; k++) sum += a[i][k] * b[k][j];
      c[i][j] = sum;
    }
  }
  double trace = 0;
  for (int i = 0; i < N; i++) trace += c[i][i];
  uint64_t bits;
  __builtin_memcpy(&bits, &trace, sizeof bits);
  if (last) print("matrix: %lx\n", bits);
  return 0;
}

KERNEL(40)
