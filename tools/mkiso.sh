#!/bin/sh
# mkiso.sh - make the bootable ISO: BIOS, 64-bit and 32-bit UEFI, CD or stick.
#
# usage: tools/mkiso.sh [-o OUT] [-O OPTIONS] [-t SECONDS]
#                       [-l LESSON] [-d DOMAIN [-D TEXT] [-r RAMDISK]]
#
# -o OUT      the file to make (build/tally.iso)
# -O OPTIONS  options of the kernel
# -t SECONDS  time that the menu waits (10)
# -l LESSON   only this lesson, as 01-hello
# -d DOMAIN   an ELF for the entry "Your own domain"
# -D TEXT     its module options, and after "--" its own command line
# -r RAMDISK  its ramdisk
#
# Needs build/tally.elf and the lessons in build/user/lessons. Two runs on the
# same sources give the same bytes: times come from SOURCE_DATE_EPOCH (without
# it, from the last commit), and the FAT image has a fixed serial number.

set -eu
here=$(cd "$(dirname "$0")" && pwd)
build=$(dirname "$here")/build

out=$build/tally.iso
options=
seconds=10
lesson="*"
domain=
domain_text=
ramdisk=
while getopts o:O:t:l:d:D:r: option; do
    case $option in
    o) out=$OPTARG ;;
    O) options=$OPTARG ;;
    t) seconds=$OPTARG ;;
    l) lesson=$OPTARG ;;
    d) domain=$OPTARG ;;
    D) domain_text=$OPTARG ;;
    r) ramdisk=$OPTARG ;;
    *) sed -n '/^# usage/,/^# -r/s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
    esac
done

epoch=${SOURCE_DATE_EPOCH:-$(git -C "$here" log -1 --format=%ct 2>/dev/null ||
                             echo 1700000000)}
export SOURCE_DATE_EPOCH="$epoch"

work=$out.tmp
rm -rf "$work"
mkdir -p "$work/iso/boot/grub" "$work/iso/boot/lessons" "$work/bin"
trap 'rm -rf "$work"' EXIT

# The debug information stays in build/tally.elf.
objcopy=${OBJCOPY:-objcopy}
"$objcopy" --strip-debug "$build/tally.elf" "$work/iso/boot/tally.elf"
set -- --options "$options" --timeout "$seconds"
if [ -n "$domain" ]; then
    cp "$domain" "$work/iso/boot/domain.elf"
    set -- "$@" --domain "$domain_text"
    if [ -n "$ramdisk" ]; then
        cp "$ramdisk" "$work/iso/boot/ramdisk"
        set -- "$@" --ramdisk
    fi
fi
# shellcheck disable=SC2231 # the pattern is one
for file in "$build"/user/lessons/$lesson.elf; do
    [ -e "$file" ] || continue
    cp "$file" "$work/iso/boot/lessons/"
    set -- "$@" "${file##*/}"
done
"$here/grub-config" "$@" > "$work/iso/boot/grub/grub.cfg"
chmod -R u=rwX,go=rX "$work/iso"
find "$work/iso" -exec touch -d "@$epoch" {} +

# GRUB's platforms for Xen guests come along where they are installed: out
# with them. grub-mkrescue calls mformat without a serial number, which would
# be random.
cat > "$work/bin/mformat" <<EOF
#!/bin/sh
exec $(command -v mformat) -N 54414c59 "\$@"
EOF
chmod +x "$work/bin/mformat"

uuid=$(date -u -d "@$epoch" +%Y%m%d%H%M%S00)
if ! PATH=$work/bin:$PATH grub-mkrescue --compress=xz --fonts= --locales= \
        --themes= -o "$work/tally.iso" "$work/iso" -- \
        -find /boot/grub -maxdepth 1 -name '*xen*' -exec rm_r -- \
        -volid TALLY -volume_date uuid "$uuid" \
        -volume_date all_file_dates "=$epoch" > "$work/log" 2>&1; then
    cat "$work/log" >&2
    exit 1
fi
mv "$work/tally.iso" "$out"
