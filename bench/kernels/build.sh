#!/bin/sh
# Builds the guests of `npm run bench -- cpu`: *.c into images/. They share the runtime of the example guests.
# The images are in the repository, so this is only needed after a change. The same compiler builds the same bytes.
set -eu
cd "$(dirname "$0")"

prefix=${CROSS_COMPILE:-s390x-linux-gnu-}
if ! command -v "${prefix}gcc" >/dev/null 2>&1; then
  echo "build.sh: ${prefix}gcc is not installed (Debian and Ubuntu: apt install gcc-s390x-linux-gnu); CROSS_COMPILE names another prefix" >&2
  exit 2
fi

lib=../../examples/lib
flags="-O2 -march=z196 -m64 -std=gnu11 -Wall -Wextra -Werror
  -ffreestanding -fno-pic -fno-stack-protector -fno-asynchronous-unwind-tables -fno-strict-aliasing
  -fno-delete-null-pointer-checks -fno-tree-loop-distribute-patterns -fno-ident -I$lib
  -nostdlib -static -no-pie -s
  -Wl,--build-id=none -Wl,-n -Wl,-z,noexecstack -Wl,-T,$lib/image.ld"

mkdir -p images
for source in *.c; do
  # The words in $flags are meant to be split. The runtime must not use floating-point registers.
  # shellcheck disable=SC2086
  "${prefix}gcc" $flags -msoft-float -c -o images/guest.o "$lib/guest.c"
  # shellcheck disable=SC2086
  "${prefix}gcc" $flags -o "images/${source%.c}.elf" "$lib/start.S" images/guest.o "$source"
  chmod 644 "images/${source%.c}.elf"
  echo "images/${source%.c}.elf"
done
rm images/guest.o
