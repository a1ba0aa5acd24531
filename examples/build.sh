#!/bin/sh
# Builds every example guest: *.c into images/, hostile/*.c and hostile/*.S into hostile/images/, and programs/kvm/guests/*.c into images/ there.
# The images are in the repository, so this is only needed after a change. The same compiler builds the same bytes.
set -eu
cd "$(dirname "$0")"

prefix=${CROSS_COMPILE:-s390x-linux-gnu-}
if ! command -v "${prefix}gcc" >/dev/null 2>&1; then
  echo "build.sh: ${prefix}gcc is not installed (Debian and Ubuntu: apt install gcc-s390x-linux-gnu); CROSS_COMPILE names another prefix" >&2
  exit 2
fi

flags="-O2 -march=z196 -m64 -std=gnu11 -Wall -Wextra -Werror
  -ffreestanding -fno-pic -fno-stack-protector -fno-asynchronous-unwind-tables -fno-strict-aliasing
  -fno-delete-null-pointer-checks -fno-tree-loop-distribute-patterns -fno-ident -Ilib
  -nostdlib -static -no-pie
  -Wl,--build-id=none -Wl,-n -Wl,-z,noexecstack -Wl,-T,lib/image.ld"

mkdir -p images hostile/images programs/kvm/guests/images
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
# shellcheck disable=SC2086
"${prefix}gcc" $flags -msoft-float -c -o "$folder/start.o" lib/start.S
# shellcheck disable=SC2086
"${prefix}gcc" $flags -msoft-float -c -o "$folder/guest.o" lib/guest.c

for source in *.c hostile/*.c hostile/*.S programs/kvm/guests/*.c; do
  name=$(basename "${source%.*}")
  image="$(dirname "$source")/images/$name.elf"
  # Only a program that enables the floating-point registers may use them.
  float=-msoft-float
  if [ "$name" = numbers ]; then float=; fi
  # Each guest has the runtime but those in assembler. Objects have names of their own: the linker writes them into the image,
  # and the compiler would choose another one each time.
  # The words in $flags, $float and $objects are meant to be split.
  # shellcheck disable=SC2086
  "${prefix}gcc" $flags $float -c -o "$folder/$name.o" "$source"
  objects="$folder/$name.o"
  if [ "${source%.c}" != "$source" ]; then objects="$folder/start.o $folder/guest.o $objects"; fi
  # shellcheck disable=SC2086
  "${prefix}gcc" $flags $float -o "$image" $objects
  chmod 644 "$image"
  echo "${image#./}"
done
