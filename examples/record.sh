#!/bin/sh
# Runs every example guest under QEMU and writes its output to images/NAME.expected, for comparison.
# This needs qemu-system-s390x (7.2 or later), and is only needed after a change to the guests.
set -eu
cd "$(dirname "$0")"

qemu=${QEMU:-qemu-system-s390x}
if ! command -v "$qemu" >/dev/null 2>&1; then
  echo "record.sh: $qemu is not installed (Debian and Ubuntu: apt install qemu-system-misc); QEMU names another one" >&2
  exit 2
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# QEMU passes -append to Linux kernels only, so the command line is loaded as data. QEMU's monitor starts the guest,
# because only the monitor shows the address of the PSW at its end, which is its status.
record() {
  image=$1
  printf '%s\0' "$2" >"$work/arguments"
  mkfifo "$work/monitor"
  timeout 60 "$qemu" -M s390-ccw-virtio -m 64 -smp "${3:-1}" -display none -nodefaults -no-reboot -S \
    -chardev "file,id=console,path=$work/console" -device sclpconsole,chardev=console \
    -device "loader,file=$work/arguments,addr=0x10480,force-raw=on" \
    -qmp stdio -kernel "$image.elf" <"$work/monitor" >"$work/events" &
  machine=$!
  # The monitor must stay open, so this shell holds its end until QEMU is done.
  exec 3>"$work/monitor"
  echo '{"execute":"qmp_capabilities"}{"execute":"cont"}' >&3
  wait "$machine" || { echo "record.sh: $image did not end" >&2; exit 1; }
  exec 3>&-
  rm "$work/monitor"
  if ! grep '"GUEST_PANICKED"' "$work/events" | grep -q '"psw-addr": 0,'; then
    echo "record.sh: $image ended with another status than 0:" >&2
    cat "$work/console" "$work/events" >&2
    exit 1
  fi
  cp "$work/console" "$image.expected"
  echo "$image.expected"
}

record images/hello world
for name in memory exceptions paging clock primes numbers tour; do
  record "images/$name" ''
done
record programs/kvm/guests/images/smp '' 4
