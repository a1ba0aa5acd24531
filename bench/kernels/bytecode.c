/* An interpreter of a small bytecode: indirect branches, and a stack in memory. */
#include "kernel.h"

enum { PUSH, ADD, SUBTRACT, MULTIPLY, DUPLICATE, SWAP, DROP, LOAD, STORE, JUMP_IF, END };

/* sum = 0; n = 150000; do { sum = sum * 3 + n; n = n - 1; } while (n); */
static const int32_t program[] = {
  PUSH, 0, STORE, 0, PUSH, 150000, STORE, 1,
  /* 8: */ LOAD, 0, PUSH, 3, MULTIPLY, LOAD, 1, ADD, STORE, 0,
  LOAD, 1, PUSH, 1, SUBTRACT, DUPLICATE, STORE, 1, JUMP_IF, 8,
  LOAD, 0, END,
};

static uint32_t run(const int32_t *code) {
  static void *const targets[] = {
    &&push, &&add, &&subtract, &&multiply, &&duplicate, &&swap, &&drop, &&load, &&store, &&jump_if, &&end,
  };
  uint32_t stack[32], variables[8], *top = stack, other;
  const int32_t *next = code;
#define NEXT goto *targets[*next++]
  NEXT;
push:
  *++top = *next++;
  NEXT;
add:
  top--, top[0] += top[1];
  NEXT;
subtract:
  top--, top[0] -= top[1];
  NEXT;
multiply:
  top--, top[0] *= top[1];
  NEXT;
duplicate:
  top++, top[0] = top[-1];
  NEXT;
swap:
  other = top[0], top[0] = top[-1], top[-1] = other;
  NEXT;
drop:
  top--;
  NEXT;
load:
  *++top = variables[*next++];
  NEXT;
store:
  variables[*next++] = *top--;
  NEXT;
jump_if:
  next = *top-- ? code + *next : next + 1;
  NEXT;
end:
  return *top;
}

static __attribute__((noinline)) int work(int last) {
  const int32_t *code = program;
  asm volatile("" : "+r"(code));
  uint32_t result = run(code);
  if (last) print("bytecode: %x\n", result);
  return 0;
}

KERNEL(14)
