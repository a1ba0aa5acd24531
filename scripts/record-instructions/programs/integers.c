/* Integer code of all kinds: what it compiles to is the list of instructions that compiled C needs. */

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long u64;
typedef unsigned __int128 u128;

void sort(int *a, long n)
{
	for (long i = 1; i < n; i++) {
		int key = a[i];
		long j = i;

		while (j > 0 && a[j - 1] > key) {
			a[j] = a[j - 1];
			j--;
		}
		a[j] = key;
	}
}

u32 fnv(const u8 *p, u64 n)
{
	u32 h = 0x811c9dc5;

	while (n--)
		h = (h ^ *p++) * 0x01000193;
	return h;
}

u64 mix(u64 x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdUL;
	x ^= x << 17 | x >> 47;
	return (x << 13) | (x >> 51);
}

u32 rotate(u32 x, int n) { return (x << n) | (x >> (32 - n)); }
long divide(long a, long b) { return a / b; }
long remainder_(long a, long b) { return a % b; }
u64 divideu(u64 a, u64 b) { return a / b + a % b; }
int divide32(int a, int b) { return a / b + a % b; }
u32 divideu32(u32 a, u32 b) { return a / b + a % b; }
long by7(long a) { return a / 7; }
u64 by10(u64 a) { return a / 10; }
u128 wide(u64 a, u64 b) { return (u128)a * b; }
__int128 wides(long a, long b) { return (__int128)a * b; }
u128 add128(u128 a, u128 b) { return a + b; }
u128 sub128(u128 a, u128 b) { return a - b; }
u128 shift128(u128 a, int n) { return a << n | a >> (n ^ 3); }
int less128(u128 a, u128 b) { return a < b; }

int leading(u64 x) { return __builtin_clzl(x); }
int leading32(u32 x) { return __builtin_clz(x); }
int trailing(u64 x) { return __builtin_ctzl(x); }
int ones(u64 x) { return __builtin_popcountl(x); }
u64 swap64(u64 x) { return __builtin_bswap64(x); }
u32 swap32(u32 x) { return __builtin_bswap32(x); }
u16 swap16(const u16 *x) { return __builtin_bswap16(*x); }
void store_swapped(u64 *p, u32 *q, u16 *r, u64 x)
{
	*p = __builtin_bswap64(x);
	*q = __builtin_bswap32(x);
	*r = __builtin_bswap16(x);
}

u64 field(u64 x) { return (x >> 11) & 0x3ffff; }
u64 insert_field(u64 x, u64 y) { return (x & ~0xfff0UL) | ((y & 0xfff) << 4); }
u64 keep(u64 a, u64 b) { return (a & 0xffff0000ffff0000UL) | (b ^ 0x00ff00ff00ff00ffUL); }
int sign(long x) { return x < 0 ? -1 : x > 0; }
long absolute(long x) { return x < 0 ? -x : x; }
int absolute32(int x) { return x < 0 ? -x : x; }
long smaller(long a, long b) { return a < b ? a : b; }
u32 greater(u32 a, u32 b) { return a > b ? a : b; }
int bits(u8 *p) { return (p[3] & 0x41) == 0x41 ? 1 : (p[2] & 8) != 0; }
int bits16(u32 x) { return x & 0x8001 ? 3 : 4; }
int choose(int a, int b, int c) { return a == b ? c : 7; }

int dispatch(int k, int x)
{
	switch (k) {
	case 0: return x + 1;
	case 1: return x * 3;
	case 2: return x - 9;
	case 3: return x ^ 0x55;
	case 4: return x << 3;
	case 5: return ~x;
	case 6: return x / 5;
	case 7: return -x;
	default: return 0;
	}
}

struct pack { u8 a; short b; int c; long d; u8 e[200]; u32 f : 5, g : 11, h : 16; };
void copy(struct pack *to, const struct pack *from) { *to = *from; }
void clear(struct pack *p) { *p = (struct pack){ 0 }; }
int same(const void *a, const void *b) { return __builtin_memcmp(a, b, 24) == 0; }
void bitfields(struct pack *p, u32 x) { p->f = x; p->g += 3; p->h ^= x; }
void fill(u8 *p, u64 n) { __builtin_memset(p, 0x5a, n); }
void move(u8 *p, const u8 *q, u64 n) { __builtin_memcpy(p, q, n); }
void constants(struct pack *p) { p->a = 7; p->b = -2; p->c = 100000; p->d = -5; p->c += 9; p->d += 1; }

u64 length(const char *s) { return __builtin_strlen(s); }
int compare(const char *a, const char *b) { return __builtin_strcmp(a, b); }
char *copy_string(char *a, const char *b) { return __builtin_strcpy(a, b); }
void *find(const void *p, int c, u64 n) { return __builtin_memchr(p, c, n); }

long sum(int n, ...)
{
	__builtin_va_list list;
	long total = 0;

	__builtin_va_start(list, n);
	while (n--)
		total += __builtin_va_arg(list, long);
	__builtin_va_end(list);
	return total;
}

long fetch_add(long *p, long v) { return __atomic_fetch_add(p, v, __ATOMIC_SEQ_CST); }
int fetch_or(int *p, int v) { return __atomic_fetch_or(p, v, __ATOMIC_SEQ_CST); }
int fetch_and(int *p, int v) { return __atomic_fetch_and(p, v, __ATOMIC_SEQ_CST); }
u32 fetch_xor(u32 *p, u32 v) { return __sync_fetch_and_xor(p, v); }
int exchange(int *p, int v) { return __atomic_exchange_n(p, v, __ATOMIC_SEQ_CST); }
int swapped(long *p, long o, long n) { return __sync_bool_compare_and_swap(p, o, n); }
int swapped8(u8 *p, u8 o, u8 n) { return __sync_bool_compare_and_swap(p, o, n); }
void fence(long *p, long v) { __atomic_store_n(p, v, __ATOMIC_SEQ_CST); __sync_synchronize(); }
int overflow(int a, int b, int *r) { return __builtin_add_overflow(a, b, r); }
int overflowl(long a, long b, long *r) { return __builtin_sub_overflow(a, b, r); }
int carry(u64 a, u64 b, u64 *r) { return __builtin_add_overflow(a, b, r); }

short table16[64];
u8 table8[64];
int global;
long walk(const short *p, const u8 *q, const int *r, const u16 *s, long n)
{
	long total = global;

	for (long i = 0; i < n; i++)
		total += p[i] * q[i] + r[2 * i] - s[i] + table16[i & 63] - table8[q[i] & 63];
	global = total;
	return total;
}

int compute(int (*f)(int), int n) { return n < 2 ? f(n) : compute(f, n - 1) * n + f(n); }
u32 crc(u32 c, const u8 *p, u32 n)
{
	while (n--) {
		c ^= *p++;
		for (int k = 0; k < 8; k++)
			c = c & 1 ? (c >> 1) ^ 0xedb88320 : c >> 1;
	}
	return c;
}
void trap(int x) { if (x == 9) __builtin_trap(); }
void *frame(void) { return __builtin_frame_address(0); }
void alloca_(int n, void (*use)(u8 *)) { use(__builtin_alloca(n)); }
