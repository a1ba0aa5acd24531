#!/bin/sh
# Builds every example program into images/, and those in hostile/, interactive/ and kvm/ into images/ there. They contain nothing but the sources in this folder: no library is linked.
# The images are in the repository, so this is only needed after a change. The same compiler builds the same bytes.
set -eu
cd "$(dirname "$0")"

prefix=${CROSS_COMPILE:-s390x-linux-gnu-}
if ! command -v "${prefix}gcc" >/dev/null 2>&1; then
  echo "build.sh: ${prefix}gcc is not installed (Debian and Ubuntu: apt install gcc-s390x-linux-gnu); CROSS_COMPILE names another prefix" >&2
  exit 2
fi

flags="-O2 -march=z10 -m64 -std=gnu11 -Wall -Wextra -Werror
  -ffreestanding -fno-stack-protector -fno-asynchronous-unwind-tables -fno-strict-aliasing
  -fno-delete-null-pointer-checks -fno-tree-loop-distribute-patterns -fno-ident -Ilib -nostdlib
  -Wl,--build-id=none -Wl,-z,noexecstack -Wl,-z,noseparate-code -Wl,-z,norelro -s"

mkdir -p images hostile/images interactive/images kvm/images
for source in *.c hostile/*.c interactive/*.c kvm/*.c; do
  name=$(basename "${source%.c}")
  image="$(dirname "$source")/images/$name.elf"
  how="-static -no-pie -fno-pic"
  # One program is position-independent.
  if [ "$name" = hello ]; then how="-static-pie -fpie"; fi
  # A debugger, or a report on its end, should name the functions of the one that crashes.
  if [ "$name" = crash ]; then how="$how -O1 -fno-omit-frame-pointer -mbackchain -Wl,-S"; fi
  # The words in $flags and $how are meant to be split.
  # shellcheck disable=SC2086
  "${prefix}gcc" $flags $how -o "$image" lib/start.S lib/program.c "$source"
  chmod 755 "$image"
  echo "${image#./}"
done

# One with the tables of debuggers, in two versions of DWARF. Paths in them begin in this folder.
mkdir -p frames/images
for version in 4 5; do
  image="frames/images/dwarf$version.elf"
  tables="-O1 -gdwarf-$version -fasynchronous-unwind-tables -fdebug-prefix-map=$PWD=."
  # shellcheck disable=SC2086
  "${prefix}gcc" ${flags% -s} $tables -static -no-pie -fno-pic -o "$image.all" lib/start.S lib/program.c frames/frames.c
  # The lines and symbols are enough: the descriptions of types and variables are many times larger.
  "${prefix}objcopy" --remove-section=.debug_info --remove-section=.debug_abbrev --remove-section=.debug_loc* --remove-section=.debug_rnglists \
    --remove-section=.debug_ranges --remove-section=.debug_aranges --remove-section=.debug_str "$image.all" "$image"
  rm "$image.all"
  chmod 755 "$image"
  echo "$image"
done
